"""Handing events to their subscribers: at least once, in order per subscriber and stream, nobody held up by others.

A delivery is claimed with a lease, handled outside of any transaction, and deleted. What fails is tried again with
growing waits and parked in the end. What is already due but stands behind a failed delivery of its stream waits with
it, so that looking for work costs the same however long the queue is.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.orm import Session, aliased, selectinload

from helpdesk_core.actor import SYSTEM
from helpdesk_core.db.rows import affect
from helpdesk_core.errors import HelpdeskError
from helpdesk_core.events.models import Delivery
from helpdesk_core.hooks.errors import DeliveryFailed

if TYPE_CHECKING:
    from helpdesk_core.runtime import Helpdesk

log = logging.getLogger(__name__)

BATCH = 10
IN_A_ROW = 50
"""How many deliveries of one stream a worker handles before it looks at the others again."""
LEASE = timedelta(seconds=120)
WAITS = tuple(timedelta(seconds=seconds) for seconds in (1, 5, 30, 120, 600, 3600, 6 * 3600))
"""How long to wait after the first, second … failure; one more failure parks the delivery."""
QUARANTINE_WAIT = timedelta(minutes=10)
"""When to look again at a delivery whose hook is in quarantine; `events.parked.hurry` is for when it is out of it."""
BLOCKING = ("pending", "running")


class UnknownEvent(HelpdeskError):
    """The event's type belongs to a plugin that is not active, so the event cannot be read."""

    code = "unknown-event"


class Deliverer:
    """Delivers on behalf of one worker thread. `worker` names it and must be unique; it is written on what it holds."""

    def __init__(
        self,
        desk: "Helpdesk",
        worker: str,
        *,
        lease: timedelta = LEASE,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._desk = desk
        self._worker = worker
        self._lease = lease
        self._stopping = stopping
        self._held_until = desk.now()
        """When the first lease of what is held runs out."""
        listening = (name for kind in desk.event_types.values() for name in desk.subscribers(kind))
        self._subscribers = tuple(dict.fromkeys([*desk.core_subscribers, *listening]))

    def run(self) -> int:
        """Handle what is due now, a batch for each subscriber, and return how many deliveries were tried.

        Deliveries to plugins that are not active are left alone until they are active again, or purged.
        """
        handled = self._return_expired()
        for subscriber, ids in self._due().items():
            if self._stopping():
                break
            claimed = self._claim(ids)
            for position, each in enumerate(claimed):
                if self._stopping():
                    self._release(claimed[position:])
                    break
                handled += self._handle_stream(subscriber, each)
        return handled

    def _due(self) -> dict[str, Sequence[int]]:
        now = self._desk.now()
        earlier = aliased(Delivery)
        held_back = exists().where(
            earlier.subscriber == Delivery.subscriber,
            earlier.stream == Delivery.stream,
            earlier.id < Delivery.id,
            earlier.state.in_(BLOCKING),
        )
        found = {}
        with self._desk.read() as session:
            waiting = select(Delivery.id).where(Delivery.state == "pending", Delivery.due_at <= now)
            if session.scalar(waiting.limit(1)) is None:
                return {}
            for name in self._subscribers:
                query = waiting.where(Delivery.subscriber == name, ~held_back).order_by(Delivery.due_at, Delivery.id)
                # More than one batch, so that there is something left when another worker is faster.
                ids = session.scalars(query.limit(4 * BATCH)).all()
                if ids:
                    found[name] = ids
        return found

    def _claim(self, ids: Sequence[int]) -> list[Delivery]:
        now = self._desk.now()
        with self._desk.begin(SYSTEM) as tx:
            # By key, so that MariaDB locks these rows and no others; one that was claimed in between fails the test.
            free = (
                select(Delivery)
                .where(Delivery.id.in_(ids), Delivery.state == "pending", Delivery.due_at <= now)
                .options(selectinload(Delivery.event))
                .order_by(Delivery.id)
                .limit(BATCH)
                .with_for_update(skip_locked=True)
            )
            rows = tx.session.scalars(free).all()
            for row in rows:
                self._take(row, now)
        self._held_until = now + self._lease
        return list(rows)

    def _take(self, row: Delivery, now: datetime) -> None:
        row.state, row.worker, row.lease_until = "running", self._worker, now + self._lease

    def _handle_stream(self, subscriber: str, claimed: Delivery) -> int:
        """Handle a delivery, and after success those that stand behind it in its stream."""
        handled = 0
        current: Delivery | None = claimed
        while current is not None and self._still_held(current):
            handled += 1
            error = self._try(subscriber, current)
            if error is not None:
                self._failed(current, error)
                break
            current = self._done(current, go_on=handled < IN_A_ROW and not self._stopping())
        return handled

    def _still_held(self, row: Delivery) -> bool:
        """Renew the leases of all that is held once they are half over; False if somebody else has the row by now."""
        now = self._desk.now()
        if self._held_until - now > self._lease / 2:
            return True
        with self._desk.begin(SYSTEM) as tx:
            held = update(Delivery).where(Delivery.state == "running", Delivery.worker == self._worker)
            affect(tx.session, held.values(lease_until=now + self._lease))
            self._held_until = now + self._lease
            return tx.session.scalar(select(Delivery.id).where(self._mine(row.id))) is not None

    def _try(self, subscriber: str, row: Delivery) -> Exception | None:
        try:
            self._hand_over(subscriber, row)
        except Exception as error:
            if not isinstance(error, UnknownEvent | DeliveryFailed):
                log.exception("%s failed on event %s (%s)", subscriber, row.event_id, row.event.type)
            return error
        return None

    def _hand_over(self, subscriber: str, row: Delivery) -> None:
        kind = self._desk.event_types.get(row.event.type)
        if kind is None:
            raise UnknownEvent(
                f"No active plugin knows events of type {row.event.type!r}. Enable the one it belongs to and retry, "
                "or drop it."
            )
        event = kind.load(row.event)
        core = self._desk.core_subscribers.get(subscriber)
        if core is not None:
            core.handle(self._desk, event)
            return
        for spec in self._desk.hooks.after_specs(subscriber, kind):
            self._desk.hooks.deliver(spec, subscriber, event=event)

    def _done(self, row: Delivery, *, go_on: bool) -> Delivery | None:
        """Delete what was handled and, in the same transaction, take the next of its stream."""
        now = self._desk.now()
        with self._desk.begin(SYSTEM) as tx:
            finished = delete(Delivery).where(self._mine(row.id))
            gone = affect(tx.session, finished)
            if not gone or not go_on:
                return None
            query = (
                select(Delivery)
                .where(_behind(row), Delivery.state.in_(BLOCKING))
                .options(selectinload(Delivery.event))
                .order_by(Delivery.id)
                .limit(1)
                .with_for_update()
            )
            following = tx.session.scalar(query)
            if following is None or following.state != "pending" or following.due_at > now:
                return None
            self._take(following, now)
            return following

    def _failed(self, row: Delivery, error: Exception) -> None:
        with self._desk.begin(SYSTEM) as tx:
            mine = tx.session.scalar(select(Delivery).where(self._mine(row.id)).with_for_update())
            if mine is not None:
                _give_back(tx.session, mine, error, tx.now)

    def _return_expired(self) -> int:
        """Take back what a vanished worker held; it counts as a try, so that a handler that kills workers is parked."""
        now = self._desk.now()
        expired = select(Delivery).where(Delivery.state == "running", Delivery.lease_until < now)
        with self._desk.read() as session:
            if session.scalar(expired.limit(1)) is None:
                return 0
        with self._desk.begin(SYSTEM) as tx:
            rows = tx.session.scalars(expired.limit(100).with_for_update(skip_locked=True)).all()
            for row in rows:
                lost = HelpdeskError(f"The worker {row.worker} stopped or hung while handling this.")
                _give_back(tx.session, row, lost, now)
        return len(rows)

    def _release(self, claimed: Sequence[Delivery]) -> None:
        """Give back what was claimed and not begun; this counts as nothing."""
        with self._desk.begin(SYSTEM) as tx:
            mine = Delivery.id.in_([each.id for each in claimed])
            untouched = update(Delivery).where(mine, Delivery.state == "running", Delivery.worker == self._worker)
            affect(tx.session, untouched.values(state="pending", worker=None, lease_until=None))

    def _mine(self, delivery_id: int) -> ColumnElement[bool]:
        return (Delivery.id == delivery_id) & (Delivery.state == "running") & (Delivery.worker == self._worker)


def _behind(row: Delivery) -> ColumnElement[bool]:
    return (Delivery.subscriber == row.subscriber) & (Delivery.stream == row.stream) & (Delivery.id > row.id)


def _give_back(session: Session, row: Delivery, error: Exception, now: datetime) -> None:
    """Put a delivery back after a failure, or park it; the ones behind it wait as long, or no longer."""
    row.worker = row.lease_until = None
    row.error = f"{type(error).__name__}: {error}"
    if isinstance(error, DeliveryFailed) and error.quarantined:
        wait: timedelta | None = QUARANTINE_WAIT
    else:
        row.attempts += 1
        wait = None if isinstance(error, UnknownEvent) or row.attempts > len(WAITS) else WAITS[row.attempts - 1]
    behind = update(Delivery).where(_behind(row), Delivery.state == "pending")
    if wait is None:
        row.state, row.due_at = "parked", now
        behind = behind.where(Delivery.due_at > now)
        log.error("Parked event %s for %s: %s", row.event_id, row.subscriber, row.error)
    else:
        row.state, row.due_at = "pending", now + wait
        behind = behind.where(Delivery.due_at < row.due_at)
    affect(session, behind.values(due_at=row.due_at))
