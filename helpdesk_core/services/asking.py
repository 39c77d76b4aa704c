"""Asking sources for the services of customers: side by side, for a short time, and never instead of the ticket."""

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from helpdesk_core.actor import SYSTEM
from helpdesk_core.errors import HelpdeskError
from helpdesk_core.runtime import Helpdesk, Transaction
from helpdesk_core.services import hooks
from helpdesk_core.services.models import KnownServices
from helpdesk_core.services.values import Customer, Service, ServiceAnswer, ServiceSource
from helpdesk_core.texts import lazy as _l
from helpdesk_core.users.models import EmailAddress, User

log = logging.getLogger(__name__)

WAIT: Final = 1.2
"""Seconds for which somebody waits for all sources together."""
FRESH: Final = timedelta(minutes=5)
"""An answer that is younger is not asked for again."""
KEPT: Final = timedelta(days=90)
LOST: Final = 60.0
"""After so many seconds a call counts as lost, and the source may be asked again."""
MOST_CALLS: Final = 6
"""Calls of one source under way at once in one process: one that hangs takes threads and patience from no other."""
FAILURES, REST = 3, 30.0
"""After so many failures in a row a source is left alone for so many seconds."""
MOST_SERVICES: Final = 1000

NOT_IN_TIME = _l("It has not answered yet.")
RESTS = _l("It failed several times and is asked again in half a minute.")
BUSY = _l("It is slow just now, and others wait for it already.")
FAILED = _l("It failed; the log has the reason.")


@dataclass
class Call:
    """One question to a source, under way or answered."""

    source: ServiceSource
    begun: float
    done: threading.Event = field(default_factory=threading.Event)
    services: Sequence[Service] | None = None
    problem: str = ""


@dataclass
class Health:
    """How a source has done lately in this process."""

    failures: int = 0
    rests_until: float = 0.0
    running: int = 0

    @property
    def most(self) -> int:
        """Return how many may ask it at once: after a rest one tries whether it is back."""
        return MOST_CALLS if self.failures < FAILURES else 1


class Suppliers:
    """The sources of all plugins; one for a helpdesk."""

    def __init__(self, desk: Helpdesk) -> None:
        self._desk = desk
        self._lock = threading.Lock()
        self._calls: dict[tuple[int, bool, str], Call] = {}
        self._health: dict[str, Health] = {}
        self._closed = False

    def close(self) -> None:
        """Keep nothing any more of what is still under way."""
        self._closed = True

    def ask(self, customer: Customer, *, wait: float = WAIT, fresh: timedelta = FRESH) -> list[ServiceAnswer]:
        """Return what the sources know, in order; what is older than `fresh` is asked for, `wait` seconds at most.

        The seconds count from when a call begins: who asks for the same once more while it is under way, as a form that
        is sent does several times, waits no longer for it.
        Inside a unit of work nothing is asked: what is known already is returned.
        """
        found = self._desk.hooks.collect_by_plugin(hooks.customer_services, customer=customer)
        sources = {f"{plugin}.{source.key}": source for plugin, some in found for source in some}
        known = self._known(customer, list(sources))
        stale = self._desk.now() - fresh
        calls: dict[str, Call | str] = {}
        if not self._desk.is_writing():
            for key, source in sources.items():
                if key not in known or known[key].answered_at < stale:
                    calls[key] = self._begin(customer, key, source)
            for call in calls.values():
                if isinstance(call, Call):
                    call.done.wait(max(0.0, call.begun + wait - monotonic()))
        return [self._answer(key, source.name, known.get(key), calls.get(key)) for key, source in sources.items()]

    def _answer(self, key: str, name: str, kept: KnownServices | None, call: Call | str | None) -> ServiceAnswer:
        if isinstance(call, Call) and call.services is not None:
            return ServiceAnswer(source=key, name=name, services=call.services, answered_at=self._desk.now())
        problem = (call.problem or NOT_IN_TIME) if isinstance(call, Call) else call or ""
        if kept is None:
            return ServiceAnswer(source=key, name=name, problem=problem or NOT_IN_TIME)
        services = [Service.of(each) for each in kept.services]
        return ServiceAnswer(source=key, name=name, services=services, answered_at=kept.answered_at, problem=problem)

    def _known(self, customer: Customer, sources: Sequence[str]) -> dict[str, KnownServices]:
        query = select(KnownServices).where(
            KnownServices.user_id == customer.user_id,
            KnownServices.is_proved == customer.is_proved,
            KnownServices.source.in_(sources),
        )
        with self._desk.read() as session:
            return {row.source: row for row in session.scalars(query)} if sources else {}

    def _begin(self, customer: Customer, key: str, source: ServiceSource) -> Call | str:
        """Return the call that is under way or begins now, or why there is none."""
        place, now = (customer.user_id, customer.is_proved, key), monotonic()
        with self._lock:
            under_way = self._calls.get(place)
            if under_way is not None and now - under_way.begun < LOST:
                return under_way
            health = self._health.setdefault(key, Health())
            if health.rests_until > now:
                return RESTS
            if health.running >= health.most:
                return BUSY
            call = self._calls[place] = Call(source, now)
            health.running += 1
        threading.Thread(target=self._run, args=(place, call), name="helpdesk-services", daemon=True).start()
        return call

    def _run(self, place: tuple[int, bool, str], call: Call) -> None:
        try:
            with self._judged(place, call):
                call.services = [Service.of(each.as_json()) for each in call.source.fetch()[:MOST_SERVICES]]
                self._keep(place, call.services)
        finally:
            with self._lock:
                self._health[place[2]].running -= 1
                if self._calls.get(place) is call:
                    del self._calls[place]
            call.done.set()

    @contextmanager
    def _judged(self, place: tuple[int, bool, str], call: Call) -> Iterator[None]:
        health = self._health[place[2]]
        try:
            yield
        except HelpdeskError as error:
            call.problem = error.args[0] if error.args else FAILED
        except Exception:
            call.problem = FAILED
            log.exception("The services of %s could not be asked for", place[2])
        if not call.problem:
            health.failures, health.rests_until = 0, 0.0
            return
        health.failures += 1
        if health.failures >= FAILURES:
            health.rests_until = monotonic() + REST

    def _keep(self, place: tuple[int, bool, str], services: Sequence[Service]) -> None:
        """Keep the answer; that it cannot be kept is no failure of the source."""
        if self._closed:
            return
        user_id, is_proved, key = place
        try:
            with self._desk.begin(SYSTEM) as tx:
                if tx.session.get(User, user_id, with_for_update=True) is None:
                    return
                row = KnownServices(user_id=user_id, source=key, is_proved=is_proved)
                row.services, row.answered_at = [each.as_json() for each in services], tx.now
                tx.session.merge(row)
        except (HelpdeskError, SQLAlchemyError) as error:
            log.warning("The services of %s could not be kept: %s", key, error)


def find_customer(desk: Helpdesk, session: Session, user_id: int, *, for_staff: bool = False) -> Customer | None:
    """Return whose services to ask for; None for somebody by whose addresses nothing may be found.

    Customers are found by confirmed addresses only. Staff see what is found by others too, if none is confirmed.
    """
    user = session.get(User, user_id)
    if user is None or user.erased_at is not None:
        return None
    known = select(EmailAddress.address, EmailAddress.verified_at).where(EmailAddress.user_id == user_id)
    theirs = session.execute(known.order_by(EmailAddress.id)).all()
    confirmed = [address for address, verified_at in theirs if verified_at is not None]
    if not confirmed and not for_staff:
        return None
    found = desk.hooks.collect_by_plugin(hooks.customer_facts, user_id=user_id)
    facts = {f"{plugin}.{name}": value for plugin, some in found for name, value in some}
    addresses = confirmed or [address for address, _verified_at in theirs]
    return Customer(user_id=user.id, name=user.name, addresses=addresses, is_proved=bool(confirmed), facts=facts)


def ask_services(
    desk: Helpdesk, customer: Customer, *, wait: float = WAIT, fresh: timedelta = FRESH
) -> list[ServiceAnswer]:
    """Return what each source knows of a customer's services, in order; see `Suppliers.ask`."""
    return desk.suppliers.ask(customer, wait=wait, fresh=fresh)


def forget_source(tx: Transaction, source: str) -> None:
    """Remove what a source (`<plugin id>.<key>`) has answered, since it is another one now, or none any more."""
    gone = delete(KnownServices).where(KnownServices.source == source)
    tx.session.execute(gone.execution_options(synchronize_session=False))


def forget_services(desk: Helpdesk) -> None:
    """Remove answers that nobody has asked for in a long time."""
    with desk.begin(SYSTEM) as tx:
        tx.session.execute(delete(KnownServices).where(KnownServices.answered_at < tx.now - KEPT))
