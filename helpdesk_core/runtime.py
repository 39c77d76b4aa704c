"""One opened helpdesk: what pages, API, command line and worker share, with nothing global."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from helpdesk_core.actor import Actor
from helpdesk_core.clock import Clock, utc_now
from helpdesk_core.db.generation import REFERENCE, Generation, bump, current
from helpdesk_core.db.session import guarded_sessions
from helpdesk_core.errors import Conflict, Forbidden, Unavailable
from helpdesk_core.events.base import CoreSubscriber, Event
from helpdesk_core.events.models import EventRow
from helpdesk_core.events.recorder import Chained, record
from helpdesk_core.glance import Glance, present_glance
from helpdesk_core.hooks import CollectSpec, HookFailed, HookHoldsDatabase, Hooks, current_call
from helpdesk_core.i18n.catalogues import LOCALES, Catalogues, Texts
from helpdesk_core.i18n.hooks import text_overrides
from helpdesk_core.texts import CORE_DOMAIN
from helpdesk_core.texts import lazy as _l

if TYPE_CHECKING:
    from helpdesk_core.attachments.storage import Storage
    from helpdesk_core.plugins.registry import PluginRegistry
    from helpdesk_core.services.asking import Suppliers
    from helpdesk_core.settings import Config, Settings

T = TypeVar("T")

TRY_AGAIN = _l("The database is busy or away just now; nothing was changed. Try again in a moment.")


class Transaction:
    """A unit of work in progress; `desk.begin(actor)` makes it and ends it."""

    def __init__(self, desk: "Helpdesk", session: Session, actor: Actor) -> None:
        self.desk = desk
        self.session = session
        self.actor = actor
        self.now = desk.now()
        self.brings_work = False
        """Set when there is something in it for the workers: those of this process are woken once it is committed."""
        self.starts_over = False
        """Set by whoever does all of it once more, in smaller parts, should a key turn out to be taken: then single
        parts need no savepoint of their own against that."""
        self.generation: int | None = None
        """The counter of reference data, once something has asked for it; the same as long as this lasts."""
        self._afterwards: list[Callable[[], object]] = []

    def record(self, event: Event, ticket: Chained | None = None, *, actor: Actor | None = None) -> EventRow:
        """Store the event, and a delivery for every subscriber, with this transaction.

        With a ticket (which must be locked) the event joins that ticket's timeline.
        """
        subscribers = self.desk.subscribers(type(event))
        self.brings_work = self.brings_work or bool(subscribers)
        return record(self.session, event, actor or self.actor, self.now, subscribers, ticket, secret=self.desk.secret)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Run a part that may fail alone: on an error everything since here is undone and the error goes on."""
        with self.session.begin_nested():
            yield

    def afterwards(self, act: Callable[[], object]) -> None:
        """Have something done once this transaction is committed and its connection is back; not if it fails."""
        self._afterwards.append(act)

    def finished(self) -> None:
        """Do what was asked for afterwards; for the runtime."""
        for act in self._afterwards:
            act()

    def reference_changed(self) -> None:
        """Tell every process that statuses, departments, roles or the like change with this transaction."""
        bump(self.session, REFERENCE)
        self.session.info["reference_changed"] = True

    def hold_reference(self) -> None:
        """Wait for whoever is changing reference data, and let nobody change it before this transaction ends.

        For what is worked out from such data and stored, and changed with it later: call this before anything else is
        read or locked. Who calls `reference_changed` and then looks for what was stored finds it, or it is new already.
        """
        held = select(Generation.value).where(Generation.topic == REFERENCE)
        self.session.execute(held.with_for_update(read=True))
        self.generation = None


_unit: ContextVar[Transaction | None] = ContextVar("helpdesk_unit", default=None)


@dataclass
class _Remembered:
    generation: int
    values: dict[Any, Any] = field(default_factory=dict)


class Helpdesk:
    """An opened instance. Make one with `helpdesk_core.app.open_helpdesk`; close it when done."""

    storage: "Storage"
    plugins: "PluginRegistry"
    settings: "Settings"
    suppliers: "Suppliers"

    def __init__(
        self,
        *,
        config: "Config",
        engine: Engine,
        hooks: Hooks,
        secret: bytes,
        event_types: Mapping[str, type[Event]],
        core_subscribers: Iterable[CoreSubscriber] = (),
        clock: Clock = utc_now,
    ) -> None:
        self.config = config
        self.engine = engine
        self.hooks = hooks
        self.secret = secret
        self.event_types = dict(event_types)
        self.core_subscribers = {subscriber.name: subscriber for subscriber in core_subscribers}
        self.clock = clock
        self.catalogues = Catalogues({CORE_DOMAIN: (LOCALES,)})
        self.password_memory_kib = 47_104
        """What hashing a password costs (Argon2id, one pass, one lane); tests make it cheap."""
        self.wake = threading.Event()
        """Set when there is new work for the worker threads of this process."""
        self._reading, self._writing = guarded_sessions(engine, current_call)
        self._subscribers: dict[type[Event], tuple[str, ...]] = {}
        self._remembered = _Remembered(-1)
        self._gathered: dict[tuple[str, str], list[Any]] = {}
        self._worked_out: dict[object, Any] = {}

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        return self.clock()

    @contextmanager
    def read(self, *, with_page: bool = False) -> Iterator[Session]:
        """Open a session for reading; what it sees is one consistent state on SQLite, committed rows elsewhere.

        Inside a unit of work of this helpdesk it is the unit's own session, which sees what the unit has written. While
        a page is read, `with_page` takes the page's session, which saves a connection; not for what was just written.
        """
        running = _unit.get()
        if running is not None and running.desk is self:
            yield running.session
            return
        page = present_glance() if with_page else None
        if page is not None and page.session is not None:
            yield page.session
            return
        with self._fresh() as session:
            yield session

    @contextmanager
    def _fresh(self) -> Iterator[Session]:
        with self._reading() as session:
            try:
                yield session
            except HookHoldsDatabase:
                session.throw_away()
                raise

    @contextmanager
    def begin(self, actor: Actor) -> Iterator[Transaction]:
        """Open a unit of work: committed at the end, rolled back on any error.

        Inside another unit of the same helpdesk this joins it: there is one transaction, and the outer end decides.
        """
        if actor.read_only:
            raise Forbidden(_l("This API token may only read. Make one with a wider scope to change something."))
        running = _unit.get()
        if running is not None and running.desk is self:
            with _acting(running, actor):
                yield running
            return
        session = self._writing()
        transaction = Transaction(self, session, actor)
        try:
            with _running(transaction):
                yield transaction
            session.commit()
        except HookHoldsDatabase:
            session.throw_away()
            raise
        except StaleDataError as error:
            raise Conflict(
                _l("Somebody else changed this in the same moment. Reload, compare and send again.")
            ) from error
        except OperationalError as error:
            raise Unavailable(TRY_AGAIN) from error
        finally:
            session.close()
        transaction.finished()
        if transaction.brings_work:
            self.wake.set()

    def is_writing(self) -> bool:
        """Tell whether this runs inside a unit of work of this helpdesk, where nobody may wait for other machines."""
        running = _unit.get()
        return running is not None and running.desk is self

    def subscribers(self, event: type[Event]) -> tuple[str, ...]:
        """Return the names of all that want to hear of such events: core's own first, then plugins in order."""
        if event not in self._subscribers:
            core = tuple(name for name, each in self.core_subscribers.items() if event in each.events)
            self._subscribers[event] = core + self.hooks.subscribers(event)
        return self._subscribers[event]

    def gather(self, spec: CollectSpec[[], T]) -> list[tuple[str, list[T]]]:
        """Return plugin ids with what they answer to a hook of the start-up, in order; each is asked once.

        A plugin that fails is taken out of the helpdesk with all it brings, and the admin page says why.
        """
        found: list[tuple[str, list[T]]] = []
        for plugin_id in self.hooks.implementers(spec):
            key = (spec.name, plugin_id)
            if key not in self._gathered:
                try:
                    self._gathered[key] = self.hooks.collect_from(spec, plugin_id)
                except HookFailed as error:
                    self.plugins.fail(plugin_id, f"It cannot start: {error}")
                    continue
            found.append((plugin_id, self._gathered[key]))
        return found

    def worked_out(self, key: object, make: Callable[[], T]) -> T:
        """Return what is made of the answers that plugins gave at the start; made once for a key."""
        if key not in self._worked_out:
            self._worked_out[key] = make()
        value: T = self._worked_out[key]
        return value

    @property
    def _in_unit(self) -> bool:
        unit = _unit.get()
        return unit is not None and unit.desk is self

    def remember(self, session: Session, key: object, load: Callable[[Session], T], generation: int | None = None) -> T:
        """Return a value made of reference data, loading it again only after such data has changed anywhere.

        `generation` is the counter if the caller has read it already (signing in does); else it is read here. What is
        remembered is what is committed: inside a unit of work it is read apart from it, and the counter once.
        """
        unit = _unit.get()
        if unit is not None:
            with self._fresh() as apart:  # takes no connection before something is asked
                if unit.generation is None:
                    unit.generation = current(apart, REFERENCE)
                return self._remember(apart, key, load, unit.generation)
        kept = present_glance() or Glance(generation=generation)
        if kept.generation is None:
            kept.generation = current(session, REFERENCE) if generation is None else generation
        return self._remember(session, key, load, kept.generation)

    def glanced(self) -> Glance | None:
        """Return what was read for the page that is being made; None while none is, or something is being written."""
        return None if self._in_unit else present_glance()

    def _remember(self, session: Session, key: object, load: Callable[[Session], T], generation: int) -> T:
        remembered = self._remembered
        if remembered.generation != generation:
            remembered = self._remembered = _Remembered(generation)
        if key not in remembered.values:
            remembered.values[key] = load(session)
        value: T = remembered.values[key]
        return value

    def texts(self, locale: str | None, generation: int | None = None) -> Texts:
        """Return what core and plugins say in a language, with what plugins let the site say differently.

        `generation` is the counter of reference data if the caller has read it already.
        """
        if not self.hooks.implementers(text_overrides):
            return self.catalogues.texts(locale)
        chosen = self.catalogues.texts(locale).locale

        def load(_session: Session) -> Texts:
            return self.catalogues.texts(chosen, self.hooks.collect(text_overrides, locale=chosen))

        with self.read() as session:
            return self.remember(session, ("texts", chosen), load, generation)

    def database_answers(self) -> bool:
        """Tell whether the database can be asked something right now."""
        try:
            with self.engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        except DBAPIError:
            return False
        return True

    def close(self) -> None:
        """Let plugins clean up, and let go of the database."""
        if hasattr(self, "suppliers"):
            self.suppliers.close()
        if hasattr(self, "plugins"):
            self.plugins.close()
        self.engine.dispose()


@contextmanager
def _running(transaction: Transaction) -> Iterator[None]:
    token = _unit.set(transaction)
    try:
        yield
    finally:
        _unit.reset(token)


@contextmanager
def _acting(transaction: Transaction, actor: Actor) -> Iterator[None]:
    before, transaction.actor = transaction.actor, actor
    try:
        yield
    finally:
        transaction.actor = before


def let_go(opened: ExitStack, error: BaseException | None) -> None:
    """Close the session of a page and its glance.

    If the page ended with `HookHoldsDatabase` the connection is thrown away, for the hook is still using it.
    """
    given_up = error if isinstance(error, HookHoldsDatabase) else None
    with suppress(HookHoldsDatabase):
        opened.__exit__(type(given_up) if given_up else None, given_up, None)
