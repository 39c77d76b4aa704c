"""Where the bytes of received mails lie: one file a mail, named by its SHA-256, never changed."""

import hashlib
import os
import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path

from helpdesk_core.api.errors import NotFound

from .texts import texts


class Archive:
    """The folder `mail-in` of an instance: `ab/abcd….eml`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, mails: Sequence[bytes]) -> list[str]:
        """Keep the bytes of mails and return their SHA-256; when this returns, all survive a power cut, else OSError.

        Keeping the same bytes again changes nothing.
        """
        names = [hashlib.sha256(raw).hexdigest() for raw in mails]
        temporary: dict[Path, Path] = {}
        for name, raw in zip(names, mails, strict=True):
            path = self.path(name)
            if path not in temporary and not path.exists():
                _make_folder(path.parent)
                temporary[path] = _write(path, raw)
        for path, written in temporary.items():
            written.replace(path)
        # After all of them have their names: one commit of the file system's journal then serves for many.
        for folder in {self.path(name).parent for name in names}:
            _sync(folder)
        return names

    def get(self, sha256: str) -> bytes:
        """Return the bytes; `NotFound` if the file is gone."""
        try:
            return self.path(sha256).read_bytes()
        except FileNotFoundError:
            raise NotFound(
                texts.lazy(
                    "The stored mail %(path)s is missing. Unless it was to be forgotten, restore the folder mail-in "
                    "from a backup.",
                    path=self.path(sha256),
                )
            ) from None

    def remove(self, names: Iterable[str]) -> None:
        """Remove the files of those names; what is gone already is no error."""
        for name in names:
            self.path(name).unlink(missing_ok=True)

    def path(self, sha256: str) -> Path:
        """Return where the bytes of that name are, or would be."""
        return self.folder / sha256[:2] / f"{sha256}.eml"


def _write(path: Path, raw: bytes) -> Path:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with temporary.open("xb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    return temporary


def _make_folder(folder: Path) -> None:
    """Make the folder and those above it, each entry synced, so that no file can vanish with its folder."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    _sync(folder.parent)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
