"""A helpdesk with nothing but a database, hooks and the core subscribers that a test gives it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar, cast

from sqlalchemy import func, select

from helpdesk_core.actor import SYSTEM
from helpdesk_core.clock import Clock
from helpdesk_core.db.base import Base
from helpdesk_core.db.engine import database_url, make_engine
from helpdesk_core.events.base import CoreSubscriber, Event
from helpdesk_core.events.delivery import Deliverer
from helpdesk_core.events.models import Delivery
from helpdesk_core.hooks import Hooks, Limits, hookimpl, hookspec
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.settings import Config
from helpdesk_core.tickets.models import Ticket

Open = Callable[..., Helpdesk]


@dataclass(frozen=True, kw_only=True)
class Rang(Event):
    """Somebody rang at one of several doors; the rings of one door belong in order."""

    type: ClassVar[str] = "test.rang"
    door: str
    count: int = 0

    @property
    def stream(self) -> str:
        return f"door:{self.door}"


@hookspec.after(since="0.1", event=Rang)
def rang(event: Rang) -> None:
    """React to somebody ringing."""


@hookspec.after(since="0.1", any_event=True)
def anything(event: Event) -> None:
    """React to anything."""


class Bell:
    """A plugin with two hooks for one event."""

    def __init__(self) -> None:
        self.typed: list[str] = []
        self.any: list[str] = []
        self.broken = False

    @hookimpl(rang)
    def on_ring(self, event: Rang) -> None:
        self.typed.append(event.door)

    @hookimpl(anything)
    def on_anything(self, event: Event) -> None:
        if self.broken:
            raise KeyError("no wire")
        self.any.append(event.type)


class Watch:
    """A clock that stands until it is told to move."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 20, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def move(self, **much: float) -> None:
        self.time += timedelta(**much)


def bare_desk(
    url: str,
    *,
    clock: Clock,
    core: Iterable[CoreSubscriber] = (),
    plugins: dict[str, object] | None = None,
    tables: bool = True,
) -> Helpdesk:
    engine = make_engine(database_url(url))
    if tables:
        assert issubclass(Ticket, Base)  # so that everything the events' tables point to is known
        Base.metadata.create_all(engine)
    hooks = Hooks(limits=Limits(after=5.0))
    for name, plugin in (plugins or {}).items():
        hooks.register(plugin, name)
    return Helpdesk(
        config=cast(Config, None),
        engine=engine,
        hooks=hooks,
        secret=b"secret",
        event_types={Rang.type: Rang},
        core_subscribers=core,
        clock=clock,
    )


def subscriber(name: str, handle: Callable[[Rang], None]) -> CoreSubscriber:
    """A core subscriber to rings."""

    def take(_desk: Helpdesk, event: Event) -> None:
        assert isinstance(event, Rang)
        handle(event)

    return CoreSubscriber(f"core.{name}", (Rang,), take)


def ring(desk: Helpdesk, *doors: str) -> None:
    """Ring at the doors, one after the other, in one transaction."""
    with desk.begin(SYSTEM) as tx:
        for count, door in enumerate(doors):
            tx.record(Rang(door=door, count=count))


class Diary(list[tuple[str, int]]):
    def note(self, event: Rang) -> None:
        self.append((event.door, event.count))


class Faulty(Diary):
    """Fails at one door, as often as told."""

    def __init__(self, door: str, times: int = 10**9) -> None:
        super().__init__()
        self.door = door
        self.times = times

    def note(self, event: Rang) -> None:
        if event.door == self.door and self.times:
            self.times -= 1
            raise ValueError(f"the bell of {self.door} is broken")
        super().note(event)


def drain(deliverer: Deliverer) -> None:
    while deliverer.run():
        pass


def states(desk: Helpdesk) -> dict[str, int]:
    with desk.read() as session:
        counted = session.execute(select(Delivery.state, func.count()).group_by(Delivery.state))
        return {row.state: row[1] for row in counted}
