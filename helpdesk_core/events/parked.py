"""What admins do with deliveries that were given up: look, try again, drop."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import joinedload

from helpdesk_core.actor import Actor
from helpdesk_core.db.rows import affect
from helpdesk_core.errors import NotFound
from helpdesk_core.events.models import Delivery
from helpdesk_core.texts import lazy as _l

if TYPE_CHECKING:
    from helpdesk_core.runtime import Helpdesk

GONE = _l("This delivery is not parked any more; somebody retried or dropped it. Reload the list.")


def parked(
    desk: "Helpdesk", *, subscriber: str | None = None, after: int | None = None, limit: int = 50
) -> Sequence[Delivery]:
    """Return parked deliveries, newest first, their events loaded; `after` is the id of the last one seen.

    The caller has checked that the reader is an admin.
    """
    query = select(Delivery).where(Delivery.state == "parked").options(joinedload(Delivery.event, innerjoin=True))
    if subscriber is not None:
        query = query.where(Delivery.subscriber == subscriber)
    if after is not None:
        query = query.where(Delivery.id < after)
    with desk.read() as session:
        return session.scalars(query.order_by(Delivery.id.desc()).limit(limit)).all()


def backlog(desk: "Helpdesk") -> dict[str, dict[str, int]]:
    """Return how many deliveries each subscriber has in each state, for the admin page and monitoring."""
    counted: dict[str, dict[str, int]] = {}
    query = select(Delivery.subscriber, Delivery.state, func.count()).group_by(Delivery.subscriber, Delivery.state)
    with desk.read() as session:
        for subscriber, state, count in session.execute(query):
            counted.setdefault(subscriber, {})[state] = count
    return counted


def retry(desk: "Helpdesk", actor: Actor, delivery_id: int) -> None:
    """Let a parked delivery be tried again from the beginning; NotFound if it is not parked."""
    with desk.begin(actor) as tx:
        again = (
            update(Delivery)
            .where(Delivery.id == delivery_id, Delivery.state == "parked")
            .values(state="pending", attempts=0, due_at=tx.now)
        )
        if not affect(tx.session, again):
            raise NotFound(GONE)


def drop(desk: "Helpdesk", actor: Actor, delivery_id: int) -> None:
    """Forget a parked delivery: its subscriber never hears of the event, which itself stays. NotFound if not parked."""
    with desk.begin(actor) as tx:
        gone = delete(Delivery).where(Delivery.id == delivery_id, Delivery.state == "parked")
        if not affect(tx.session, gone):
            raise NotFound(GONE)


def hurry(desk: "Helpdesk", actor: Actor, subscriber: str) -> int:
    """Make all that waits for a subscriber due now, as when its breaker was closed; return how many deliveries."""
    with desk.begin(actor) as tx:
        due = (
            update(Delivery)
            .where(Delivery.subscriber == subscriber, Delivery.state == "pending", Delivery.due_at > tx.now)
            .values(due_at=tx.now)
        )
        return affect(tx.session, due)
