"""The log of deliveries: reading it, trying an endpoint, and sending again."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, joinedload

from helpdesk_core.api import Actor, Helpdesk
from helpdesk_core.api.db import affect
from helpdesk_core.api.errors import Conflict, NotFound
from helpdesk_core.api.users import require_everywhere

from .endpoints import MANAGE, find_endpoint
from .models import Attempt, Delivery, Endpoint
from .sending import TRIAL, Outcome, deliver
from .texts import lazy

STATES: Final = ("waiting", "delivered", "failed")
FAR: Final = timedelta(days=1)


def deliveries(
    session: Session, *, endpoint: str = "", state: str = "", before: int | None = None, limit: int = 50
) -> Sequence[Delivery]:
    """Return deliveries, the newest first, with their endpoints: of one endpoint, in one state, before a row id."""
    query = select(Delivery).options(joinedload(Delivery.endpoint)).order_by(Delivery.id.desc()).limit(limit)
    if endpoint:
        query = query.where(Delivery.endpoint_id == find_endpoint(session, endpoint).id)
    if state:
        query = query.where(Delivery.state == state)
    if before is not None:
        query = query.where(Delivery.id < before)
    return session.scalars(query).all()


def find_delivery(session: Session, uid: str) -> Delivery:
    """Return the delivery with that uid and its endpoint; `NotFound` if there is none."""
    row = session.scalar(select(Delivery).where(Delivery.uid == uid).options(joinedload(Delivery.endpoint)))
    if row is None:
        raise NotFound(lazy("There is no such delivery; the log forgets them after some time."))
    return row


def attempts(session: Session, delivery: Delivery) -> Sequence[Attempt]:
    """Return what was tried for a delivery, the last first."""
    return session.scalars(select(Attempt).where(Attempt.delivery_id == delivery.id).order_by(Attempt.id.desc())).all()


def counts(session: Session) -> dict[int, dict[str, int]]:
    """Return how many deliveries there are, by the row id of the endpoint and by state."""
    found: dict[int, dict[str, int]] = {}
    query = select(Delivery.endpoint_id, Delivery.state, func.count()).group_by(Delivery.endpoint_id, Delivery.state)
    for endpoint_id, state, number in session.execute(query):
        found.setdefault(endpoint_id, {})[state] = number
    return found


def try_out(desk: Helpdesk, actor: Actor, uid: str) -> Outcome:
    """Send an endpoint something now, whether it is in use or not; return what came of it."""
    require_everywhere(actor, MANAGE)
    with desk.begin(actor) as tx:
        endpoint = find_endpoint(tx.session, uid)
        # The job leaves it alone: who tries it out waits for the answer.
        row = Delivery(endpoint_id=endpoint.id, event_id=None, type=TRIAL, created_at=tx.now)
        row.next_try_at = tx.now + FAR
        tx.session.add(row)
    outcome = deliver(desk, row.id)
    if outcome is None:
        raise NotFound(lazy("There is no such endpoint."))
    return outcome


def send_again(desk: Helpdesk, actor: Actor, uid: str) -> None:
    """Let a delivery that ended go out again, under the name it had; `Conflict` if its endpoint is not in use."""
    require_everywhere(actor, MANAGE)
    with desk.begin(actor) as tx:
        row = find_delivery(tx.session, uid)
        if row.event_id is None:
            raise Conflict(lazy("This was a trial. Try the endpoint out once more instead."))
        _check_in_use(row.endpoint)
        if row.state != "waiting":
            row.state, row.tries, row.ended_at = "waiting", 0, None
        row.next_try_at = tx.now


def send_failed_again(desk: Helpdesk, actor: Actor, endpoint: str) -> int:
    """Let everything of an endpoint that was given up go out again; return how many deliveries that are."""
    require_everywhere(actor, MANAGE)
    with desk.begin(actor) as tx:
        row = find_endpoint(tx.session, endpoint, lock=True)
        _check_in_use(row)
        failed = update(Delivery).where(
            Delivery.endpoint_id == row.id, Delivery.state == "failed", Delivery.event_id.is_not(None)
        )
        return affect(tx.session, failed.values(state="waiting", tries=0, ended_at=None, next_try_at=tx.now))


def _check_in_use(endpoint: Endpoint) -> None:
    if not endpoint.is_active:
        raise Conflict(lazy("The endpoint is not in use. Switch it on first."))
