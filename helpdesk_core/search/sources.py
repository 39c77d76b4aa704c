"""What plugins give to whoever keeps an index."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from helpdesk_core.events.base import Event


@dataclass(frozen=True, slots=True)
class SearchDocument:
    """One thing that can be found. `labels` say who may find it, in words that only its source understands."""

    key: str
    title: str
    text: str
    labels: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class SearchSource:
    """A kind of thing that can be found.

    `load(session, keys)` returns the documents of these keys, leaving out those that are gone; `keys(session)` all keys
    there are, for building an index anew; `changed(event)` the keys that an event of the helpdesk makes stale.
    """

    id: str
    load: Callable[[Session, Sequence[str]], Sequence[SearchDocument]]
    keys: Callable[[Session], Iterator[str]]
    changed: Callable[[Event], Sequence[str]]
