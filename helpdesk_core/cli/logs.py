"""What is logged while a command runs, and how it is printed."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

FULL: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class _Line(logging.Formatter):
    """One line for each record, without the traceback: the message itself says what to do."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the message behind the command's name."""
        said, traceback, details = record.getMessage().partition("Traceback (most recent call last):")
        if traceback:
            last = details.rpartition("Traceback (most recent call last):")[2]
            said += next((line for line in last.splitlines() if line and not line[0].isspace()), "")
        return f"helpdesk: {' '.join(said.split())}"


@contextmanager
def logging_put_back() -> Iterator[None]:
    """Leave the logging of the process, which may not be ours alone, as it was before."""
    root, own = logging.getLogger(), logging.getLogger("helpdesk_core")
    handlers, level, own_level = list(root.handlers), root.level, own.level
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        own.setLevel(own_level)


def log_to_stderr(*, verbose: bool) -> None:
    """Print errors as single lines, or with `verbose` everything from INFO on, with tracebacks."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter(FULL) if verbose else _Line())
    logging.basicConfig(level=logging.INFO if verbose else logging.ERROR, handlers=[handler], force=True)


def log_for_a_service() -> None:
    """Print warnings and errors with time and traceback, and our own doings; for commands that run for long."""
    logging.basicConfig(level=logging.WARNING, format=FULL, force=True)
    logging.getLogger("helpdesk_core").setLevel(logging.INFO)
