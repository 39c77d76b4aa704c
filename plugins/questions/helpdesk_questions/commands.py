"""`helpdesk questions …`: taking sets out and in."""

import json
from collections.abc import Sequence
from pathlib import Path

import click

from helpdesk_core.api import SYSTEM, Helpdesk
from helpdesk_core.api.errors import Refused

from .sets import all_sets
from .texts import lazy
from .transfer import as_json_text, as_toml, take_in


def commands(desk: Helpdesk) -> Sequence[click.Command]:
    """Return the commands, working on that helpdesk."""

    @click.command("export")
    @click.option("--json", "as_json", is_flag=True, help="Print JSON instead of TOML.")
    def export(as_json: bool) -> None:
        """Print all sets of questions."""
        with desk.read() as session:
            found = all_sets(desk, session)
        click.echo(as_json_text(found) if as_json else as_toml(found), nl=False)

    @click.command("import")
    @click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
    @click.option("--json", "as_json", is_flag=True, help="Print the keys as JSON.")
    def import_(file: Path, as_json: bool) -> None:
        """Take in the sets of FILE (TOML or JSON); those that are there already get a new version."""
        try:
            written = file.read_text("utf-8-sig")
        except UnicodeDecodeError:
            raise Refused(lazy("The file is not UTF-8. Save it as UTF-8.")) from None
        keys = [each.key for each in take_in(desk, SYSTEM.through("cli"), written)]
        click.echo(json.dumps(keys) if as_json else f"Taken in: {', '.join(keys)}.")

    return [export, import_]
