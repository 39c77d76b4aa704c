"""What the dispatcher takes and gives besides plain values."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

from helpdesk_core.texts import lazy as _l

T = TypeVar("T")

CANNOT_CHECK = _l("This cannot be checked just now. Please try again in a few minutes.")
"""What a person reads when a check that must not be skipped has failed."""
REFUSED = _l("This was refused.")
"""What a person reads when a plugin refuses without saying why."""


@runtime_checkable
class HasSavepoint(Protocol):
    """A unit of work, as far as `within` hooks need it.

    Leaving the context normally releases the savepoint, or rolls it back and raises when it cannot be released;
    leaving it with an exception rolls it back. It is entered and left on the supervised thread, or left on the
    caller's if a hook hangs.
    """

    def savepoint(self) -> AbstractContextManager[Any]:
        """Begin a savepoint."""


@dataclass(frozen=True)
class Rendered(Generic[T]):
    """What one plugin gave for a page: a value, or the id of the error that an agent may quote to an admin."""

    plugin_id: str
    value: T | None = None
    error_id: str | None = None
