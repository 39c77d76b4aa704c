"""The shape of an event: a frozen value that says what happened, in words of the field."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar, Self

from helpdesk_core.events.models import EventRow

if TYPE_CHECKING:
    from helpdesk_core.runtime import Helpdesk

EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
META = ("id", "at", "ticket_id", "actor_id", "actor_name", "channel")


@dataclass(frozen=True, kw_only=True)
class Event:
    """What happened. Subclasses set `type` and add fields of JSON's own kinds.

    `id` identifies the event for ever (use it as the idempotency key), `at` is when it was recorded. Both, and who
    did it by
    which channel, are filled when the event is delivered; they are empty while it is being recorded.

    `sentence` says in a ticket's timeline what happened, after the name of who did it: “changed the service”. It is
    lazy where it is to be translated; without one the type stands there.
    """

    type: ClassVar[str]
    sentence: ClassVar[object] = ""

    id: int = 0
    at: datetime = EPOCH
    ticket_id: int | None = None
    actor_id: int | None = None
    actor_name: str = ""
    channel: str = ""

    @property
    def stream(self) -> str:
        """Within one stream a subscriber gets events in order."""
        return f"ticket:{self.ticket_id}" if self.ticket_id is not None else self.type

    def told(self) -> object:
        """Return what happened, for the record of changes: “changed the endpoint “Chat””, after the name of who did it.

        Lazy where it is to be translated. Events that can tell more than their `sentence` have one of their own.
        """
        return self.sentence

    def data(self) -> dict[str, Any]:
        """Return the event's own fields, as they are stored."""
        return {key: value for key, value in asdict(self).items() if key not in META}

    @classmethod
    def load(cls, row: EventRow) -> Self:
        """Return the event that a row holds; fields that this version does not know are left out."""
        known = {field.name for field in fields(cls)} - set(META)
        return cls(
            **{key: value for key, value in row.data.items() if key in known},
            id=row.id,
            at=row.created_at,
            ticket_id=row.ticket_id,
            actor_id=row.actor_id,
            actor_name=row.actor_name,
            channel=row.channel,
        )


@dataclass(frozen=True, slots=True)
class CoreSubscriber:
    """A consumer of events that is part of core, named `core.<something>`; it must be idempotent by `event.id`."""

    name: str
    events: tuple[type[Event], ...]
    handle: Callable[["Helpdesk", Event], None]


def find_events(modules: Iterable[ModuleType]) -> Mapping[str, type[Event]]:
    """Return the event classes that the modules define, by type."""
    found = {}
    for module in modules:
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Event) and value is not Event:
                found[value.type] = value
    return found
