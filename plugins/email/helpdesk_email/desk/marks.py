"""What stands under single messages for staff: whether they left, whom they did not reach, signatures."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, String, Text, bindparam, case, cast, literal, null, select, type_coerce, union_all
from sqlalchemy.orm import Session

from helpdesk_core.api import Actor, Helpdesk, Panel
from helpdesk_core.api.db import UTCDateTime
from helpdesk_core.api.mail import Mailbox, OutgoingMail
from helpdesk_core.api.tickets import Message, Ticket

from ..sentences import as_read
from ..texts import texts
from .models import Suppressed, Undelivered
from .undelivered import MANAGE

_ = texts.gettext
BOUNCED, LEFT = "bounced", "left"


@dataclass(frozen=True, slots=True)
class Bounce:
    """A recipient that a message did not reach."""

    address: str
    reason: str
    permanent: bool
    suppressed: bool


@dataclass(frozen=True, slots=True)
class Departure:
    """How the mail of a message left, or why not: `state` as the outbox has it, `at` when it left or is tried."""

    state: str
    recipients: str
    at: datetime | None
    error: str
    tried: bool


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one message as mail."""

    departures: list[Departure]
    bounces: list[Bounce]


_LEFT = select(
    literal(LEFT).label("what"),
    OutgoingMail.message_ref.label("message_id"),
    cast(OutgoingMail.state, String(320)).label("name"),
    case((OutgoingMail.state == "sent", OutgoingMail.sent_at), else_=OutgoingMail.due_at).label("at"),
    type_coerce(OutgoingMail.recipients, Text).label("recipients"),
    type_coerce(OutgoingMail.cc, Text).label("cc"),
    OutgoingMail.error.label("error"),
    cast(OutgoingMail.attempts, Integer).label("number"),
    literal(0).label("suppressed"),
).where(OutgoingMail.message_ref.in_(bindparam("messages", expanding=True)), OutgoingMail.template == "reply")
_BOUNCED = (
    select(
        literal(BOUNCED),
        Undelivered.message_id,
        Undelivered.address,
        cast(null(), UTCDateTime()),
        cast(null(), Text),
        cast(null(), Text),
        Undelivered.reason,
        case((Undelivered.permanent, 1), else_=0),
        case((Suppressed.id.is_not(None), 1), else_=0),
    )
    .outerjoin(Suppressed, Suppressed.address == Undelivered.address)
    .where(Undelivered.message_id.in_(bindparam("messages", expanding=True)))
)
_FATES = union_all(_LEFT, _BOUNCED)
"""Made once, because making it takes longer than running it; `messages` are ids."""


def fates(session: Session, message_ids: Sequence[int]) -> Mapping[int, Fate]:
    """Return what became of messages as mail, by message id; one query."""
    if not message_ids:
        return {}
    found: dict[int, Fate] = {}
    for row in session.connection().execute(_FATES, {"messages": message_ids}):
        fate = found.setdefault(row.message_id, Fate([], []))
        if row.what == BOUNCED:
            fate.bounces.append(Bounce(row.name, as_read(row.error), bool(row.number), bool(row.suppressed)))
        else:
            people = [*json.loads(row.recipients or "[]"), *json.loads(row.cc or "[]")]
            shown = ", ".join(Mailbox.parse(each).address for each in people)
            fate.departures.append(Departure(row.name, shown, row.at, row.error or "", row.number > 0))
    return found


def marks_under_messages(
    desk: Helpdesk, messages: Sequence[Message], ticket: Ticket, actor: Actor
) -> Mapping[int, Panel]:
    """Return for staff how messages left, whom they did not reach, and which mails were signed or encrypted."""
    if not actor.is_staff or not actor.may("ticket.read", ticket.department_id):
        return {}
    with desk.read(with_page=True) as session:
        found = fates(session, [each.id for each in messages])
    protected = {
        each.id: protection_words(each.details["protection"]) for each in messages if "protection" in each.details
    }
    return {
        key: Panel(
            template="email/message_marks.html",
            context={
                "fate": found.get(key, Fate([], [])),
                "protection": protected.get(key, ""),
                "may_allow": actor.may(MANAGE),
            },
        )
        for key in found.keys() | protected.keys()
    }


def protection_words(protection: Mapping[str, Any]) -> str:
    """Return what staff should know of a signed or encrypted mail; empty for what a later version may have written."""
    match protection:
        case {"kind": "encrypted", "in_text": True}:
            text = _("Encrypted (%(standard)s). The text is kept as it came; nothing was opened.")
        case {"kind": "encrypted"}:
            text = _("Encrypted (%(standard)s). What it says is in the attached file, kept as it came.")
        case {"kind": "signed", "closed": True}:
            text = _("Signed (%(standard)s), not checked. What it says is in the attached file, kept as it came.")
        case {"kind": "signed"}:
            text = _("Signed (%(standard)s). The signature was not checked.")
        case _:
            return ""
    return text % {"standard": protection.get("standard", "")}
