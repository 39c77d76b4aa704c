"""Where the bytes of attachments live: under the name of their SHA-256, so that equal files are kept once."""

import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final, Protocol, runtime_checkable

from helpdesk_core.errors import NotFound
from helpdesk_core.texts import lazy as _l

_NAME: Final = re.compile(r"[0-9a-f]{64}")
_HALF_DONE: Final = re.compile(r"\.[0-9a-f]{64}\.[0-9a-f]{8}")


@runtime_checkable
class Storage(Protocol):
    """Immutable bytes, named by their SHA-256 in hex; plugins offer other stores by `attachment_storage`."""

    def put(self, content: bytes) -> str:
        """Keep the bytes durably and return their name; keeping the same bytes again changes nothing."""

    def open(self, sha256: str) -> BinaryIO:
        """Open the bytes for reading; raise `NotFound` when the store has none of that name."""

    def delete(self, sha256: str, unless_put_since: datetime) -> bool:
        """Forget the bytes unless they were put (again) after that moment; tell whether they are gone."""


@runtime_checkable
class Listed(Protocol):
    """A storage that can say what it holds, so that bytes which no attachment names are found and forgotten."""

    def names(self, beginning: str, put_before: datetime) -> Iterator[str]:
        """Yield the names that begin so, of bytes last put before that moment."""


class LocalStorage:
    """A folder: `ab/cd/abcd…`, written to a temporary name and renamed, so that a crash leaves no half file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, content: bytes) -> str:
        """Keep the bytes, synced to disk before the name exists."""
        name = hashlib.sha256(content).hexdigest()
        path = self._path(name)
        try:
            os.utime(path)  # put again: whoever cleans up sees it
        except FileNotFoundError:
            pass
        else:
            return name
        self._make_folder(path.parent)
        temporary = path.with_name(f".{name}.{secrets.token_hex(4)}")
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)  # without it a power cut can take the new name away
        return name

    def open(self, sha256: str) -> BinaryIO:
        """Open the file."""
        try:
            return self._path(sha256).open("rb")
        except FileNotFoundError:
            raise NotFound(_l("The stored file is missing; restore it from a backup of the files folder.")) from None

    def delete(self, sha256: str, unless_put_since: datetime) -> bool:
        """Remove the file, after taking its name away: what is put from then on is written anew."""
        path = self._path(sha256)
        aside = path.with_name(f".{sha256}.{secrets.token_hex(4)}")
        try:
            path.rename(aside)
        except FileNotFoundError:
            return True
        if aside.stat().st_mtime > unless_put_since.timestamp():
            aside.replace(path)
            return False
        aside.unlink()
        return True

    def names(self, beginning: str, put_before: datetime) -> Iterator[str]:
        """Yield the names by their files' time; what a crash has left half done goes on the way."""
        moment = put_before.timestamp()
        for path in self.folder.glob(f"{beginning[:2]}*/{beginning[2:4]}*/*"):
            try:
                if path.stat().st_mtime >= moment:
                    continue
                if _HALF_DONE.fullmatch(path.name):
                    path.unlink()
                elif _NAME.fullmatch(path.name) and path.name.startswith(beginning):
                    yield path.name
            except FileNotFoundError:  # deleted meanwhile
                continue

    def _make_folder(self, folder: Path) -> None:
        made = [each for each in (folder, folder.parent, self.folder) if not each.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        for each in made:
            _sync_folder(each.parent)

    def _path(self, name: str) -> Path:
        return self.folder / name[:2] / name[2:4] / name


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":  # elsewhere a folder cannot be opened, and need not be synced
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
