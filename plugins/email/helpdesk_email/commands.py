"""`helpdesk email …`: handing mail over, and looking at what became of it."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from helpdesk_core.api.errors import Unavailable

from .models import STATES, Received
from .reading import explain
from .receiving import Gateway
from .storing import Envelope, NotStored

DONE, DATA_ERROR, TRY_AGAIN = 0, 65, 75
"""Exit codes that mail servers know (sysexits.h)."""
PORTION = 100
"""So many files are stored together."""


def commands(gateway: Gateway) -> Sequence[click.Command]:
    """Return the commands, working on that gateway."""

    @click.command()
    @click.option("--recipient", "recipients", multiple=True, metavar="ADDR", help="To whom it was delivered.")
    @click.option("--sender", metavar="ADDR", help="The envelope's sender.")
    @click.option("--file", "files", multiple=True, type=click.Path(path_type=Path), help="Take the mail from there.")
    @click.option("--json", "as_json", is_flag=True, help="Print a JSON line for each mail.")
    @click.argument("more", nargs=-1, type=click.Path(path_type=Path))
    def receive(
        recipients: tuple[str, ...], sender: str | None, files: tuple[Path, ...], as_json: bool, more: tuple[Path, ...]
    ) -> int:
        """Take in a mail from standard input, or mails from files and folders of .eml files.

        Exit code 0: it is stored safely, whatever becomes of it. 75: it is not, try again later. 65: a file cannot be
        read.
        """
        source = "file" if files or more else "pipe"
        envelope = Envelope(sender=sender, recipients=recipients, source=source)
        paths = [each for path in (*files, *more) for each in _expand(path)]
        try:
            if source == "pipe":
                _print(gateway.receive(sys.stdin.buffer.read(), envelope), as_json, quiet=True)
                return DONE
            return _receive_files(gateway, paths, envelope, as_json=as_json)
        except (NotStored, Unavailable) as error:
            click.echo(f"helpdesk: {error}", err=True)
            return TRY_AGAIN

    @click.command("log")
    @click.option("--state", type=click.Choice(STATES), help="Only mails in that state.")
    @click.option("--limit", default=50, show_default=True, help="How many, the newest first.")
    @click.option("--json", "as_json", is_flag=True, help="Print a JSON line for each mail.")
    def log_(state: str | None, limit: int, as_json: bool) -> None:
        """List received mails and what became of them."""
        for row in gateway.log(state=state, limit=limit):
            _print(row, as_json)

    @click.command()
    @click.option("--raw", is_flag=True, help="Print the mail itself, in its own bytes.")
    @click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    @click.argument("uid")
    def show(uid: str, raw: bool, as_json: bool) -> None:
        """Show one received mail with every decision about it."""
        row = gateway.find(uid)
        if raw:
            sys.stdout.buffer.write(gateway.archive.get(row.sha256))
            return
        _print(row, as_json)
        if not as_json:
            for step in row.decisions:
                click.echo(f"  {step['step']:<11} {step['result']}" + (f"  ({step['why']})" if "why" in step else ""))

    @click.command()
    @click.argument("uids", metavar="UID…", nargs=-1, required=True)
    def replay(uids: tuple[str, ...]) -> int:
        """Process mails from the quarantine once more; exit code 1 if one of them is still there."""
        rows = [gateway.replay(uid) for uid in uids]
        for row in rows:
            _print(row, False)
        return int(any(row.state == "quarantined" for row in rows))

    return [receive, explain_, log_, show, replay]


@click.command("explain")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON line for each mail.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def explain_(files: tuple[Path, ...], as_json: bool) -> int:
    """Say how mails are read and what they are; nothing is stored."""
    code = DONE
    for path in files:
        try:
            said = explain(path.read_bytes(), str(path))
        except OSError as error:
            said = explain(b"", str(path)) | {"error": f"Cannot read {path}: {error.strerror}. Check the path."}
            code = DATA_ERROR
        click.echo(json.dumps(said, ensure_ascii=False) if as_json else _as_text(said))
    return code


def unopened(error: Exception) -> Sequence[click.Command]:
    """Return what works on a helpdesk that cannot be opened: `explain`, and a `receive` that says “try again”."""

    @click.command(context_settings={"ignore_unknown_options": True})
    @click.argument("anything", nargs=-1, type=click.UNPROCESSED)
    def receive(anything: tuple[str, ...]) -> int:
        """Take in no mail: the helpdesk cannot be opened."""
        click.echo(
            f"helpdesk: The mail was not taken in, send it again later: {' '.join(str(error).split())}", err=True
        )
        return TRY_AGAIN

    return [receive, explain_]


def _receive_files(gateway: Gateway, paths: Sequence[Path], envelope: Envelope, *, as_json: bool) -> int:
    code = DONE
    for start in range(0, len(paths), PORTION):
        mails = []
        for path in paths[start : start + PORTION]:
            try:
                mails.append((path.read_bytes(), envelope))
            except OSError as error:
                click.echo(f"helpdesk: cannot read {path}: {error.strerror}. Check the path.", err=True)
                code = DATA_ERROR
        for row in gateway.receive_many(mails) if mails else []:
            _print(row, as_json)
    return code


def _expand(path: Path) -> list[Path]:
    return sorted(path.rglob("*.eml")) if path.is_dir() else [path]


def _print(row: Received, as_json: bool, *, quiet: bool = False) -> None:
    if as_json:
        click.echo(json.dumps(_as_dict(row), ensure_ascii=False))
    elif not quiet:
        when = row.received_at.strftime("%Y-%m-%d %H:%M")
        end = row.reason or next((step["result"] for step in reversed(row.decisions) if step["step"] == "create"), "")
        click.echo(f"{row.uid}  {when}  {row.state:<11}  {row.sender or '-'}  {row.subject or '-'}  {end}".rstrip())


def _as_dict(row: Received) -> dict[str, Any]:
    return {
        "uid": row.uid,
        "state": row.state,
        "reason": row.reason,
        "received_at": row.received_at.isoformat(),
        "from": row.sender,
        "recipients": row.envelope_recipients,
        "subject": row.subject,
        "message_id": row.message_id,
        "size": row.size,
        "sha256": row.sha256,
        "source": row.source,
        "decisions": row.decisions,
    }


def _as_text(said: dict[str, Any]) -> str:
    lines = [f"{key}: {said[key]}" for key in ("file", "from", "to", "subject", "attachments") if said[key]]
    lines += [
        f"{key}: {said[key]}" for key in ("is_auto", "is_bounce", "failed_recipients", "reason", "error") if said[key]
    ]
    return "\n".join([*lines, "", said["stripped_reply"], ""])
