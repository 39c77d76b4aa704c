"""Whether the files of an index are as they were written.

Engines read their files as memory. Who cuts one short under them ends the whole process with it, so damage has to be
noticed before reading on. What belongs to a segment is written once and never changed: a change is damage.
"""

import os
from collections.abc import Callable
from pathlib import Path

from .engine import IndexBroken

State = tuple[int, int]


class Intact:
    """The files of the segments in use, as they were when these were opened."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[Path, State] = {}

    def watch(self, belongs: Callable[[str], bool]) -> None:
        """Look from now on after the files that belong to what is in use; those known already stay as they were.

        OSError where one goes away meanwhile.
        """
        there = {each: _state(each.stat()) for each in self._folder.iterdir() if belongs(each.name)}
        self._known = {path: self._known.get(path, state) for path, state in there.items()}

    def check(self) -> None:
        """Raise `IndexBroken` when a file is gone or is not what it was."""
        for path, state in self._known.items():
            try:
                now = _state(path.stat())
            except OSError as error:
                raise IndexBroken(f"{path.name} cannot be read: {error.strerror}.") from error
            if now != state:
                raise IndexBroken(f"{path.name} was changed by somebody else.")


def _state(found: os.stat_result) -> State:
    return found.st_size, found.st_mtime_ns
