"""Where the generations of an index are."""

import shutil
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from .engine import Engine, IndexBroken


def take_over(before: Path, now: Path) -> None:
    """Move the indexes of a version that kept them elsewhere, so that they need not be built anew."""
    if not before.is_dir() or now.exists():
        return
    now.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileNotFoundError):  # another process has just done it
        before.rename(now)
    with suppress(OSError):  # the other search's are still there
        before.parent.rmdir()


class Store(Protocol):
    """Where the generations of an index are."""

    def make(self, generation: str) -> Engine:
        """Make one, and open it."""

    def open(self, generation: str) -> Engine:
        """Open one that was made; `IndexBroken` if it is not there any more."""

    def remove(self, generation: str) -> None:
        """Forget one."""

    def others(self, generation: str | None) -> Iterable[str]:
        """Return the generations there are besides that one."""


class Folders:
    """Generations as folders below one; `is_there` tells whether a folder has an index."""

    def __init__(self, folder: Path, engine: Callable[[Path], Engine], is_there: Callable[[Path], bool]) -> None:
        self._folder, self._engine, self._is_there = folder, engine, is_there

    def make(self, generation: str) -> Engine:
        """Make an index in a folder of that name."""
        return self._engine(self._folder / generation)

    def open(self, generation: str) -> Engine:
        """Open the index in the folder of that name."""
        folder = self._folder / generation
        if not self._is_there(folder):
            raise IndexBroken(f"There is no index in {folder} any more.")
        return self._engine(folder)

    def remove(self, generation: str) -> None:
        """Delete the folder."""
        shutil.rmtree(self._folder / generation, ignore_errors=True)

    def others(self, generation: str | None) -> Iterable[str]:
        """Return the names of the other folders."""
        if not self._folder.is_dir():
            return []
        return [path.name for path in self._folder.iterdir() if path.is_dir() and path.name != generation]
