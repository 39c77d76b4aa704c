"""`helpdesk email fetch` and `helpdesk email lmtp`."""

from collections.abc import Sequence
from pathlib import Path

import click

from helpdesk_core.api import Helpdesk, HelpdeskError
from helpdesk_core.api.errors import NotFound

from ..receiving import Gateway
from .mailboxes import all_mailboxes
from .supervising import Supervisor

TRY_AGAIN = 75
"""Exit code of sysexits.h."""


def commands(desk: Helpdesk, gateway: Gateway, supervisor: Supervisor) -> Sequence[click.Command]:
    """Return the commands."""

    @click.command()
    @click.argument("names", metavar="[NAME]…", nargs=-1)
    def fetch(names: tuple[str, ...]) -> int:
        """Look once into the named mailboxes, or into all that are in use.

        Exit code 0: all were looked into. 75: one of them could not be, the others were.
        """
        with desk.read() as session:
            there = all_mailboxes(session)
        missing = set(names) - {each.name for each in there}
        if missing:
            raise NotFound(
                f"There is no mailbox “{sorted(missing)[0]}”. The admin page “Ways in” lists those there are."
            )
        failed = 0
        for mailbox in there:
            if mailbox.name not in names and (names or not mailbox.is_active):
                continue
            try:
                look = supervisor.fetch_now(mailbox.id)
            except HelpdeskError as error:
                click.echo(f"{mailbox.name}: {error}", err=True)
                failed += 1
            else:
                click.echo(f"{mailbox.name}: {look.taken} mails")
        return TRY_AGAIN if failed else 0

    @click.command()
    @click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
    @click.option("--port", default=2424, show_default=True, help="Port to listen at; 0 picks a free one.")
    @click.option("--socket", type=click.Path(path_type=Path), help="Listen at this local socket instead.")
    def lmtp(host: str, port: int, socket: Path | None) -> None:
        """Take mail over from a mail server by LMTP, until the process is ended.

        A mail is answered with 250 only when it is safely stored, and with 451 while it cannot be.
        """
        from .lmtp import serve

        try:
            serve(
                desk,
                gateway,
                host=host,
                port=port,
                socket=socket,
                ready=lambda address: click.echo(f"LMTP at {address}"),
            )
        except OSError as error:
            raise click.ClickException(
                f"cannot listen: {error.strerror or error}. Choose another port or socket."
            ) from error

    return [fetch, lmtp]
