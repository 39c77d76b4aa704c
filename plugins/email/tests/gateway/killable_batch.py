"""A process that takes mails in batches until it kills itself: `killable_batch.py INSTANCE WAY WHERE NTH FOLDER`.

`WAY` is `files` (as `helpdesk email receive FOLDER`) or `mailbox` (as a mailbox is fetched; the folder stands for the
server, which deletes what it is told is safe). Of `files`, the names are printed once they have been taken over. It
dies with SIGKILL the `NTH` time that it comes to `WHERE`, a function with the moment: `after Archive.put`.
"""

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from helpdesk_core.app import open_helpdesk
from helpdesk_email import archive, filing, processing, receiving
from helpdesk_email.archive import Archive
from helpdesk_email.intake import fetching
from helpdesk_email.intake.fetching import Fetcher
from helpdesk_email.intake.models import Mailbox
from helpdesk_email.receiving import Gateway
from helpdesk_email.storing import Envelope

PORTION: Final = 30
"""More than share a transaction."""
PLACES: Final[Mapping[str, tuple[Any, str]]] = {
    "Archive.put": (Archive, "put"),
    "writing a file": (archive, "_write"),
    "naming a file": (archive, "_sync"),
    "adding rows": (receiving, "add_rows"),
    "Gateway.store": (Gateway, "store"),
    "noting what is safe": (Fetcher, "_stored"),
    "telling the server": (Fetcher, "_tell"),
    "reading a mail": (receiving, "prepare"),
    "opening a ticket": (filing, "open_ticket"),
    "ending a mail": (processing, "end"),
    "a unit of work": (Gateway, "_together"),
    "processing all": (Gateway, "process_all"),
}


class Folder:
    """A mailbox on a server, as a folder of files named by their UIDs."""

    generation: int | None = 1
    can_wait = False

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keys(self, after: int) -> dict[str, int]:
        uids = sorted(int(each.stem) for each in self._folder.iterdir())
        return {f"1:{uid}": 0 for uid in uids if uid > after}

    def fetch(self, keys: Sequence[str]) -> Mapping[str, bytes]:
        return {key: self._file(key).read_bytes() for key in keys if self._file(key).exists()}

    def settle(self, keys: Sequence[str], afterwards: str, _move_to: str) -> None:
        assert afterwards == "delete"
        for key in keys:
            self._file(key).unlink(missing_ok=True)

    def wait(self, _seconds: float) -> bool:
        return False

    def close(self) -> None:
        pass

    def _file(self, key: str) -> Path:
        return self._folder / f"{int(key.partition(':')[2]):03}.eml"


def arm(where: str, nth: int) -> None:
    """Put the kill at its place."""
    moment, _, place = where.partition(" ")
    holder, name = PLACES[place]
    real = getattr(holder, name)
    times = 0

    def run(*arguments: Any, **options: Any) -> Any:
        nonlocal times
        times += 1
        if times == nth and moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = real(*arguments, **options)
        if times == nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(holder, name, run)


def take_files(gateway: Gateway, folder: Path) -> None:
    """Take the files in, and say after each portion which are taken over."""
    files = sorted(folder.iterdir())
    for start in range(0, len(files), PORTION):
        part = files[start : start + PORTION]
        gateway.receive_many([(each.read_bytes(), Envelope(recipients=("support@example.com",))) for each in part])
        sys.stdout.write("".join(f"{each.name}\n" for each in part))
        sys.stdout.flush()


if __name__ == "__main__":
    desk = open_helpdesk(Path(sys.argv[1]), env=os.environ)
    gateway = desk.plugins.plugin("email").gateway  # type: ignore[attr-defined]  # it is that plugin
    arm(sys.argv[3], int(sys.argv[4]))
    if sys.argv[2] == "files":
        take_files(gateway, Path(sys.argv[5]))
    else:
        with desk.read() as session:
            mailbox = session.scalars(select(Mailbox)).one()
        fetching.PORTION = PORTION  # type: ignore[misc]  # so that there are several, of few mails
        Fetcher(desk, gateway, mailbox.id).look(Folder(Path(sys.argv[5])))
