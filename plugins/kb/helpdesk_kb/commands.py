"""`helpdesk kb …`: articles as Markdown files."""

from collections.abc import Sequence
from pathlib import Path

import click

from helpdesk_core.api import SYSTEM, Helpdesk

from . import transfer


def commands(desk: Helpdesk) -> Sequence[click.Command]:
    """Return the commands, working on that helpdesk."""

    @click.command("export")
    @click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
    def export(folder: Path) -> None:
        """Write all articles into FOLDER, as Markdown files with front matter and their pictures."""
        folder.mkdir(parents=True, exist_ok=True)
        count = transfer.export(desk, SYSTEM.through("cli"), folder)
        click.echo(f"{count} texts are in {folder}.")

    @click.command("import")
    @click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
    @click.option("--publish", is_flag=True, help="Publish what is marked as published; else all are drafts.")
    def import_(folder: Path, publish: bool) -> int:
        """Read the Markdown files of FOLDER and all below. Exit code 1: some could not be read; the others were."""
        done = transfer.import_folder(desk, SYSTEM.through("cli"), folder, publish=publish)
        for name, problem in done.problems:
            click.echo(f"{name}: {problem}", err=True)
        click.echo(f"{done.made} new, {done.changed} changed, {done.same} as before, {len(done.problems)} not read.")
        return 1 if done.problems else 0

    return [export, import_]
