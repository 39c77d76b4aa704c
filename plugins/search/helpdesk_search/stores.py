"""Where the generations of an index are."""

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

from .engine import Engine


class Store(Protocol):
    """Where the generations of an index are."""

    def open(self, generation: str) -> Engine:
        """Open one, making it if it is not there."""

    def remove(self, generation: str) -> None:
        """Forget one."""

    def others(self, generation: str | None) -> Iterable[str]:
        """Return the generations there are besides that one."""


class Folders:
    """Generations as folders below one."""

    def __init__(self, folder: Path, engine: Callable[[Path], Engine]) -> None:
        self._folder, self._engine = folder, engine

    def open(self, generation: str) -> Engine:
        """Open the index in the folder of that name."""
        return self._engine(self._folder / generation)

    def remove(self, generation: str) -> None:
        """Delete the folder."""
        shutil.rmtree(self._folder / generation, ignore_errors=True)

    def others(self, generation: str | None) -> Iterable[str]:
        """Return the names of the other folders."""
        if not self._folder.is_dir():
            return []
        return [path.name for path in self._folder.iterdir() if path.is_dir() and path.name != generation]
