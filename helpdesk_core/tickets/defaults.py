"""What a new helpdesk begins with: statuses, kinds of tickets and priorities; all of it data that a site may change."""

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk_core.db.generation import REFERENCE, bump
from helpdesk_core.db.seeded import translate_names
from helpdesk_core.texts import lazy as _l
from helpdesk_core.tickets.models import Priority, Status, TicketType

STATUSES: Final = (
    # key, name, state, whose turn it is
    ("new", _l("New"), "new", "us"),
    ("open", _l("Open"), "open", "us"),
    ("waiting", _l("Waiting for customer"), "waiting", "customer"),
    ("on-hold", _l("On hold"), "waiting", "nobody"),
    ("resolved", _l("Resolved"), "resolved", "nobody"),
    ("closed", _l("Closed"), "closed", "nobody"),
)
TYPES: Final = (("question", _l("Question")), ("request", _l("Request")), ("fault", _l("Fault")))
PRIORITIES: Final = (
    ("low", _l("Low"), 10),
    ("normal", _l("Normal"), 20),
    ("high", _l("High"), 30),
    ("urgent", _l("Urgent"), 40),
)
DEFAULT_PRIORITY: Final = "normal"

translate_names(Status, (name for _key, name, *_ in STATUSES))
translate_names(TicketType, (name for _key, name in TYPES))
translate_names(Priority, (name for _key, name, _level in PRIORITIES))


def ensure_defaults(session: Session) -> bool:
    """Fill each of the three lists that is empty, in the caller's transaction; return whether anything was added.

    A list that has rows is left alone: a site that renamed or removed some does not get them back.
    """
    added = False
    if session.scalar(select(Status.id).limit(1)) is None:
        for position, (key, name, state, turn) in enumerate(STATUSES):
            session.add(Status(key=key, name=str(name), state=state, turn=turn, position=position))
        added = True
    if session.scalar(select(TicketType.id).limit(1)) is None:
        for position, (key, name) in enumerate(TYPES):
            session.add(TicketType(key=key, name=str(name), position=position))
        added = True
    if session.scalar(select(Priority.id).limit(1)) is None:
        for key, name, level in PRIORITIES:
            session.add(Priority(key=key, name=str(name), level=level, is_default=key == DEFAULT_PRIORITY))
        added = True
    if added:
        session.flush()
        bump(session, REFERENCE)
    return added
