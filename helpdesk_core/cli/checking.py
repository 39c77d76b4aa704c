"""`helpdesk check`, `config show`, `audit verify` and `audit seal`: whether all is well."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from helpdesk_core.cli.context import Cli, json_option, pass_cli, print_json, print_table
from helpdesk_core.cli.outcome import Outcome

if TYPE_CHECKING:
    from helpdesk_core.runtime import Helpdesk

_FEW: Final = 5
"""So many histories with a strange seal are named one by one."""


@click.command()
@json_option
@pass_cli
def check(cli: Cli, as_json: bool) -> int:
    """Look at configuration, secret key, database, plugins, mail and themes; say what has to be mended.

    Ends with 0 if nothing is wrong (warnings do not count), else with the exit code of the first thing that is.
    """
    from helpdesk_core.cli.findings import Level, look

    found = look(cli)
    if as_json:
        print_json([finding.as_dict() for finding in found])
    else:
        print_table([(str(finding.level), finding.area, finding.text) for finding in found])
    wrong = [finding.outcome for finding in found if finding.level is Level.WRONG]
    return wrong[0].value if wrong else Outcome.DONE.value


@click.group()
def config() -> None:
    """See the settings that are in force."""


@config.command()
@json_option
@pass_cli
def show(cli: Cli, as_json: bool) -> None:
    """Print every setting in force, and where it comes from: default, page, file or environment. Secrets are masked."""
    from helpdesk_core.settings.show import describe

    with cli.desk() as desk:
        shown = describe(desk.config, desk.settings)
    if as_json:
        sections: dict[str, dict[str, Any]] = {}
        for each in shown:
            sections.setdefault(each.section, {})[each.key] = {"value": each.value_masked, "source": each.source}
        print_json(sections)
        return
    section = ""
    rows: list[tuple[str, ...]] = []
    for each in shown:
        if each.section != section:
            section = each.section
            rows.append((f"[{section}]", "", ""))
        rows.append((f"  {each.key}", each.source, _short(each.value_masked)))
    print_table(rows)


@click.group()
def audit() -> None:
    """See whether history is what was recorded."""


_old_keys = click.option(
    "--old-key",
    "old_keys",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A secret.key that this site had before; may be given several times.",
)


@audit.command()
@_old_keys
@json_option
@pass_cli
def verify(cli: Cli, old_keys: tuple[Path, ...], as_json: bool) -> int:
    """Prove, for every ticket, that no event and no message was changed, removed or slipped in.

    The end of each history is sealed with the secret key, so that somebody with the database alone cannot make it anew.
    """
    from helpdesk_core.tickets.audit import verify

    with cli.desk(plugins=False) as desk:
        with desk.read() as session:
            broken = list(verify(desk, session, old_keys=_read_keys(old_keys)))
        tickets = _count(desk)
    if as_json:
        print_json({"tickets": tickets, "broken": [{"number": each.number, "what": each.what} for each in broken]})
        return Outcome.NOT_DONE.value if broken else Outcome.DONE.value
    strange = [each for each in broken if each.key == "unknown"]
    for each in broken if len(strange) <= _FEW else [each for each in broken if each.key != "unknown"]:
        click.echo(f"#{each.number}: {each.what}")
    if len(strange) > _FEW:
        click.echo(
            f"{len(strange)} histories are sealed with another secret key than this site's. If secret.key was changed, "
            "give the old one: helpdesk audit verify --old-key FILE; then helpdesk audit seal --old-key FILE"
        )
    click.echo(f"{tickets} tickets looked through, {len(broken)} broken places")
    return Outcome.NOT_DONE.value if broken else Outcome.DONE.value


@audit.command()
@_old_keys
@pass_cli
def seal(cli: Cli, old_keys: tuple[Path, ...]) -> int:
    """After the secret key was changed: seal anew what the old one had sealed, as far as it is unbroken."""
    from helpdesk_core.actor import SYSTEM
    from helpdesk_core.tickets.audit import seal_anew

    with cli.desk(plugins=False) as desk:
        made = seal_anew(desk, SYSTEM.through("cli"), _read_keys(old_keys))
    click.echo(f"{made.done} histories sealed with the present secret key")
    if made.left:
        click.echo(f"{made.left} left as they were: broken, or sealed with a key that was not given; see audit verify")
    return Outcome.NOT_DONE.value if made.left else Outcome.DONE.value


def _read_keys(files: tuple[Path, ...]) -> list[bytes]:
    return [file.read_bytes().strip() for file in files]


def _count(desk: "Helpdesk") -> int:
    from sqlalchemy import func, select

    from helpdesk_core.tickets.models import Ticket

    with desk.read() as session:
        return session.scalar(select(func.count()).select_from(Ticket)) or 0


def _short(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "(none)"
    return "(empty)" if value == "" else str(value)
