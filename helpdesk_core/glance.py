"""What was read for a page, kept while the page is made, so that several plugins that show parts of it read it once."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session


@dataclass
class Glance:
    """The counter of reference data, as soon as it was read, and rows by what was asked for.

    `shows_all` says that all that plugins keep about a ticket will be asked for, as by the API; `session` is what the
    page is read with.
    """

    shows_all: bool = False
    session: Session | None = None
    generation: int | None = None
    found: dict[Any, Any] = field(default_factory=dict)


_present: ContextVar[Glance | None] = ContextVar("helpdesk_glance", default=None)


@contextmanager
def glance(session: Session | None = None, *, shows_all: bool = False) -> Iterator[None]:
    """Keep what is read in here for whoever asks again; before something is written, it has to end."""
    _present.set(Glance(shows_all, session))
    try:
        yield
    finally:
        _present.set(None)


def present_glance() -> Glance | None:
    """Return what was read for the page that is being made; None while none is."""
    return _present.get()
