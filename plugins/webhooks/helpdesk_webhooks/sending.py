"""Handing events over to endpoints: what waits, how it is signed and sent, and what becomes of it."""

import logging
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final
from zlib import crc32

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from helpdesk_core.api import SYSTEM, Event, Helpdesk, Transaction, __version__
from helpdesk_core.api.db import affect, canonical_json
from helpdesk_core.api.errors import HelpdeskError
from helpdesk_core.api.events import EventRow, event_json
from helpdesk_core.api.outgoing import Reply, send

from .endpoints import is_own, signing_secrets
from .events import EndpointSwitchedOff
from .models import Attempt, Delivery, Endpoint
from .settings import Rules, rules
from .signing import headers

log = logging.getLogger(__name__)

WAITS: Final = tuple(timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400))
"""How long after a failed try the next one is; after the last, nothing is tried any more."""
SPREAD: Final = 0.1
"""A wait is longer by up to this part of it, differently for each delivery."""
LONGEST_PAUSE: Final = timedelta(minutes=10)
"""An endpoint that fails is left alone for ten seconds more each time, so long at most."""
LONGEST_WISH: Final = timedelta(days=1)
"""An endpoint may ask for a pause (`Retry-After`), so long at most."""
LEAST_FAILURES: Final = 5
"""An endpoint is not switched off before it has failed so often in a row."""
AT_ONCE: Final = 8
BATCH: Final = 200
EXCERPT: Final = 500
TOO_BUSY, GONE = (429, 503), 410
TRIAL: Final = "webhooks.trial"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one try."""

    status: int | None
    problem: str
    excerpt: str
    milliseconds: int
    wish: timedelta | None = None

    @property
    def ok(self) -> bool:
        """Tell whether the receiver has it."""
        return not self.problem


def queue(desk: Helpdesk, event: Event) -> None:
    """Let an event wait for every endpoint that asks for it; once each, however often this is called."""
    if is_own(event.type):
        return
    with desk.read() as session:
        wanting = _wanting(session, event.type)
    if not wanting:
        return
    with desk.begin(SYSTEM) as tx:
        # Locked in order, so that two workers that queue the same event wait for each other.
        ids = tx.session.scalars(
            select(Endpoint.id).where(Endpoint.id.in_(wanting)).order_by(Endpoint.id).with_for_update()
        )
        there = set(tx.session.scalars(select(Delivery.endpoint_id).where(Delivery.event_id == event.id)))
        for endpoint_id in set(ids) - there:
            new = Delivery(endpoint_id=endpoint_id, event_id=event.id, type=event.type)
            new.created_at = new.next_try_at = tx.now
            tx.session.add(new)


def send_due(desk: Helpdesk) -> None:
    """Send what is due: endpoints beside each other, to each one after the other; for the job."""
    by_endpoint: dict[int, list[int]] = {}
    now = desk.now()
    due = (
        select(Delivery.endpoint_id, Delivery.id)
        .join(Endpoint, Endpoint.id == Delivery.endpoint_id)
        .where(Delivery.state == "waiting", Delivery.next_try_at <= now, Endpoint.is_active)
        .where(or_(Endpoint.paused_until.is_(None), Endpoint.paused_until <= now))
        .order_by(Delivery.next_try_at, Delivery.id)
        .limit(BATCH)
    )
    with desk.read() as session:
        for endpoint_id, delivery_id in session.execute(due):
            by_endpoint.setdefault(endpoint_id, []).append(delivery_id)
    if by_endpoint:
        with ThreadPoolExecutor(AT_ONCE, "webhooks") as pool:
            list(pool.map(lambda ids: _one_after_the_other(desk, ids), by_endpoint.values()))


def deliver(desk: Helpdesk, delivery_id: int) -> Outcome | None:
    """Send one delivery now and note what came of it; None if it is there no more."""
    rule = rules(desk)
    with desk.read() as session:
        found = session.execute(
            select(Delivery, Endpoint)
            .join(Endpoint, Endpoint.id == Delivery.endpoint_id)
            .where(Delivery.id == delivery_id)
        ).one_or_none()
        if found is None:
            return None
        delivery, endpoint = found
        body = content(session, delivery, endpoint)
    outcome = _try(desk, rule, delivery, endpoint, body)
    with desk.begin(SYSTEM) as tx:
        _note(tx, rule, delivery_id, outcome)
    return outcome


def content(session: Session, delivery: Delivery, endpoint: Endpoint) -> bytes | None:
    """Return what is sent for a delivery, byte for byte the same each time; None if the event is there no more."""
    if delivery.event_id is None:
        told: dict[str, Any] = {"endpoint": endpoint.uid, "name": endpoint.name}
        moment = delivery.created_at
    else:
        row = session.get(EventRow, delivery.event_id)
        if row is None:
            return None
        told, moment = event_json(session, row), row.created_at
    return canonical_json({"type": delivery.type, "timestamp": moment.isoformat(), "data": told}).encode()


def message_id(delivery: Delivery) -> str:
    """Return what names a delivery for its receiver, the same at every try."""
    return f"msg_{delivery.uid}"


def forget_old(desk: Helpdesk) -> None:
    """Delete deliveries that ended long ago; for the job."""
    before = desk.now() - rules(desk).keep
    while True:
        with desk.begin(SYSTEM) as tx:
            old = select(Delivery.id).where(Delivery.ended_at < before).order_by(Delivery.id).limit(BATCH)
            ids = tx.session.scalars(old).all()
            affect(tx.session, delete(Delivery).where(Delivery.id.in_(ids)))
        if len(ids) < BATCH:
            return


def _wanting(session: Session, event_type: str) -> list[int]:
    active = session.execute(select(Endpoint.id, Endpoint.events).where(Endpoint.is_active))
    return [endpoint_id for endpoint_id, types in active if not types or event_type in types]


def _one_after_the_other(desk: Helpdesk, ids: Sequence[int]) -> None:
    for delivery_id in ids:
        try:
            outcome = deliver(desk, delivery_id)
        except HelpdeskError:
            log.exception("A delivery could not be noted; it is sent again")
            return
        if outcome is not None and not outcome.ok:
            return  # the endpoint is left alone for a while


def _try(desk: Helpdesk, rule: Rules, delivery: Delivery, endpoint: Endpoint, body: bytes | None) -> Outcome:
    if body is None:
        return Outcome(None, "The event is there no more.", "", 0)
    begun = time.monotonic()
    reply: Reply | None = None
    problem = ""
    try:
        now = desk.now()
        signed = headers(signing_secrets(desk, endpoint, now), message_id(delivery), now, body)
        reply = send(
            endpoint.url,
            method="POST",
            body=body,
            headers={**signed, "Content-Type": "application/json", "User-Agent": f"helpdesk-webhooks/{__version__}"},
            timeout=rule.timeout.total_seconds(),
            allowed=rule.allowed,
        )
        problem = "" if reply.ok else f"HTTP {reply.status}"
    except HelpdeskError as error:
        problem = str(error)
    return Outcome(
        reply.status if reply else None,
        problem,
        reply.body[: 4 * EXCERPT].decode("utf-8", "replace").replace("\0", "")[:EXCERPT] if reply else "",
        round((time.monotonic() - begun) * 1000),
        _wish(reply, desk.now()) if reply and reply.status in TOO_BUSY else None,
    )


def _wish(reply: Reply, now: datetime) -> timedelta | None:
    said = reply.headers.get("retry-after", "").strip()
    try:
        wait = timedelta(seconds=int(said)) if said.isdecimal() else parsedate_to_datetime(said) - now
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(wait, timedelta()), LONGEST_WISH)


def _note(tx: Transaction, rule: Rules, delivery_id: int, outcome: Outcome) -> None:
    session = tx.session
    endpoint_id = session.scalar(select(Delivery.endpoint_id).where(Delivery.id == delivery_id))
    endpoint = session.scalar(select(Endpoint).where(Endpoint.id == endpoint_id).with_for_update())
    delivery = session.scalar(select(Delivery).where(Delivery.id == delivery_id).with_for_update())
    if endpoint is None or delivery is None:
        return  # it was removed while it was being sent
    said = {name: getattr(outcome, name) for name in ("status", "problem", "excerpt", "milliseconds")}
    session.add(Attempt(delivery_id=delivery.id, at=tx.now, **said))
    delivery.tries += 1
    if outcome.ok:
        delivery.state, delivery.ended_at = "delivered", tx.now
        endpoint.failures, endpoint.failing_since, endpoint.paused_until = 0, None, None
        return
    if delivery.event_id is None or delivery.tries > len(WAITS):
        delivery.state, delivery.ended_at = "failed", tx.now
    else:
        delivery.next_try_at = tx.now + max(_wait(delivery), outcome.wish or timedelta())
    if delivery.event_id is None:
        return  # a trial says nothing about the others
    endpoint.failures += 1
    endpoint.failing_since = endpoint.failing_since or tx.now
    pause = min(timedelta(seconds=10 * endpoint.failures), LONGEST_PAUSE)
    endpoint.paused_until = tx.now + (outcome.wish or pause)
    if outcome.status == GONE:
        _switch_off(tx, endpoint, "gone")
    elif tx.now - endpoint.failing_since >= rule.disable_after and endpoint.failures >= LEAST_FAILURES:
        _switch_off(tx, endpoint, "failing")


def _wait(delivery: Delivery) -> timedelta:
    wait = WAITS[delivery.tries - 1]
    return wait + wait * SPREAD * (crc32(delivery.uid.encode()) % 100 / 100)


def _switch_off(tx: Transaction, endpoint: Endpoint, reason: str) -> None:
    endpoint.is_active, endpoint.off_because = False, reason
    since = (endpoint.failing_since or tx.now).date().isoformat()
    tx.record(EndpointSwitchedOff(endpoint=endpoint.uid, name=endpoint.name, reason=reason, since=since))
