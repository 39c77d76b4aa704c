"""All events in order, for those who follow from outside and must not miss one.

Row ids are given before commit, so a reader that went by them could pass an event whose transaction is still open.
Hence places in the feed are given afterwards, by whoever holds the counter: what is committed later comes later.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from helpdesk_core.actor import SYSTEM
from helpdesk_core.db.generation import Generation
from helpdesk_core.events.models import EventRow

if TYPE_CHECKING:
    from helpdesk_core.runtime import Helpdesk

BATCH: Final = 500
COUNTER: Final = "events.feed"


def feed(session: Session, *, after: int = 0, types: Sequence[str] = (), limit: int = 50) -> Sequence[EventRow]:
    """Return the events that follow in the feed behind the one with the id `after`, in order; 0 begins with the first.

    None is ever added before one that was returned. An event takes its place in the worker's next turn.
    """
    placed = select(EventRow.position).where(EventRow.id <= after, EventRow.position.is_not(None))
    place = placed.order_by(EventRow.id.desc()).limit(1).scalar_subquery()
    query = select(EventRow).where(EventRow.position > func.coalesce(place, 0))
    if types:
        query = query.where(EventRow.type.in_(types))
    return session.scalars(query.order_by(EventRow.position).limit(limit)).all()


def give_places(desk: "Helpdesk") -> int:
    """Give the committed events that have none their places in the feed; return how many; for the worker."""
    new = select(EventRow.id).where(EventRow.position.is_(None)).order_by(EventRow.id)
    with desk.read() as session:
        if session.scalar(new.limit(1)) is None:
            return 0
    try:
        with desk.begin(SYSTEM) as tx:
            # One at a time: who waits for the counter sees, behind it, all that the one before has placed.
            counter = tx.session.scalar(select(Generation).where(Generation.topic == COUNTER).with_for_update())
            if counter is None:
                counter = Generation(topic=COUNTER, value=0)
                tx.session.add(counter)
                tx.session.flush()
            ids = tx.session.scalars(new.limit(BATCH)).all()
            places = [{"row": id_, "place": counter.value + step} for step, id_ in enumerate(ids, start=1)]
            if places:
                place = update(EventRow).where(EventRow.id == bindparam("row")).values(position=bindparam("place"))
                tx.session.connection().execute(place, places)
                counter.value += len(places)
    except IntegrityError:  # another worker made the counter in the same moment
        return 0
    return len(places)


def ticket_feed(session: Session, ticket_id: int, *, after: int = 0, limit: int = 50) -> Sequence[EventRow]:
    """Return the events of one ticket with ids above `after`, in order; for the desk only.

    These need no places: who writes to a ticket has locked it.
    """
    query = select(EventRow).where(EventRow.ticket_id == ticket_id, EventRow.id > after)
    return session.scalars(query.order_by(EventRow.seq).limit(limit)).all()
