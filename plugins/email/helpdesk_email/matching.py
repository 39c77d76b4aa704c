"""Which ticket a mail answers: by token, by Message-ID, by the tag in the subject, in this order.

A token is proof enough. Message-ID and subject can be known to others, so there the sender has to be on the ticket.
What proves nothing is a hint: the new ticket is then linked as “possibly about” the other.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk_core.api import Helpdesk
from helpdesk_core.api.errors import NotFound
from helpdesk_core.api.mail import find_by_message_id as find_outgoing
from helpdesk_core.api.mail import new_message_id
from helpdesk_core.api.tickets import Ticket, find_by_message_id, find_ticket

from .reading import Mail
from .senders import GATEWAY, Sender, takes_part
from .texts import texts
from .tokens import Token, Tokens, claimed_number

_l = texts.lazy

MOST_IDS = 30
# `[#1]`, `[Ticket#1]`, `[rt.example.com #1]`, `[Ticket#: 1]`; and without the sign `[Ticket ID: 1]`, `[Case 1]`.
_TAG = re.compile(
    r"[\[(](?:[^\])\[(#]{0,40}#:?\s?|(?:[^\])\[(#:]{0,40}\b)?(?:ticket|case|request|id|nr)\.?\s?:?\s?(?=[^\])\[(]{0,31}\d))"
    r"([A-Za-z0-9][A-Za-z0-9._-]{0,31})[\])]",
    re.IGNORECASE,
)

By = Literal["token", "message-id", "subject"]
_ANSWERS = _l("It answers one of our mails")
_ADDRESSED = _l("It went to the ticket's reply address")


@dataclass(frozen=True, slots=True)
class Match:
    """The ticket that a mail answers. `by` says how we know; `internal` that the answer is to an internal note.

    `staff` tells that a mail to a member of staff alone is answered, `as_staff` that the sender is that one.
    """

    ticket: Ticket
    by: By
    why: str
    internal: bool = False
    staff: bool = False
    as_staff: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What matching came to: the match, or hints that were not enough, best first."""

    match: Match | None
    hints: tuple[Ticket, ...] = ()
    why: str = _l("Nothing in it speaks of a ticket.")


def find_match(
    session: Session,
    tokens: Tokens,
    mail: Mail,
    sender: Sender | None,
    recipients: Sequence[str],
    more_ids: Sequence[str] = (),
) -> Found:
    """Return the ticket that the mail answers.

    `more_ids` are further Message-IDs it speaks of, such as that of the mail which a delivery report returns.
    """
    ids = list(dict.fromkeys((*mail.in_reply_to, *reversed(mail.references), *more_ids)))[:MOST_IDS]
    by_token = _by_token(session, tokens, [*ids, *recipients], sender)
    if by_token is not None:
        return Found(by_token)
    hints: dict[int, Ticket] = {}
    whys: list[str] = []
    for by, ticket, why in _claims(session, mail, ids):
        if sender is not None and takes_part(session, sender, ticket):
            on_it = _l("%(claim)s, and %(address)s is on the ticket.", claim=why, address=sender.address)
            return Found(Match(ticket, by, on_it))
        hints.setdefault(ticket.id, ticket)
        whys.append(_l("%(claim)s, but the sender is not on the ticket.", claim=why))
    return Found(None, tuple(hints.values()), whys[0]) if whys else Found(None)


def said_of(match: Match) -> str:
    """Return which ticket it is and how we know, in a few words."""
    match match.by:
        case "token":
            return _l("#%(number)s by token", number=match.ticket.number)
        case "message-id":
            return _l("#%(number)s by message-id", number=match.ticket.number)
        case "subject":
            return _l("#%(number)s by subject", number=match.ticket.number)


def subject_numbers(subject: str) -> list[str]:
    """Return the numbers of tickets that the subject speaks of, in the forms of many helpdesks: `[#10481]`, `(#10481)`,
    `[Ticket#10481]`, `[Ticket ID: 10481]`.
    """
    return list(dict.fromkeys(_TAG.findall(subject)))[:5]


def by_number(session: Session, number: str) -> Ticket | None:
    """Return the ticket with that number, whichever case its letters have."""
    found = _find(session, number)
    if found is None and number.lower() != number.upper():
        exact = session.scalar(select(Ticket.number).where(func.lower(Ticket.number) == number.lower()).limit(1))
        found = _find(session, exact) if exact else None
    return found


def of_our_mail(session: Session, ids: Sequence[str]) -> Ticket | None:
    """Return the ticket of a mail of ours with one of these Message-IDs; for reports, whose senders are machines."""
    for each in ids:
        outgoing = find_outgoing(session, each)
        if outgoing is not None and outgoing.ticket_id is not None:
            return by_id(session, outgoing.ticket_id)
    return None


def is_our_own(desk: Helpdesk, session: Session, tokens: Tokens, mail: Mail) -> bool:
    """Tell whether the mail itself is one that the helpdesk has sent, and that has come back."""
    if mail.message_id is None:
        return False
    if tokens.read(mail.message_id) is not None:
        return True
    ours = new_message_id(desk, "").removeprefix("<")
    return mail.message_id.endswith(ours) and find_outgoing(session, mail.message_id) is not None


def _by_token(session: Session, tokens: Tokens, texts: Sequence[str], sender: Sender | None) -> Match | None:
    uid = sender.actor.uid if sender is not None and sender.actor is not None else None
    for text in texts:
        token = tokens.read(text)
        ticket = _of_token(session, token, text) if token is not None else None
        if token is not None and ticket is not None:
            what = _ANSWERS if text.startswith("<") else _ADDRESSED
            return Match(
                ticket,
                "token",
                _l("%(claim)s: the signed token is that of #%(number)s.", claim=what, number=ticket.number),
                internal=token.kind == "internal",
                staff=token.kind == "staff",
                as_staff=any(_is_staffs(session, tokens, each, uid, ticket) for each in texts),
            )
    return None


def _is_staffs(session: Session, tokens: Tokens, text: str, uid: str | None, ticket: Ticket) -> bool:
    """Tell whether this is a token that was sent to the member of staff with that uid, for that ticket."""
    token = tokens.read(text)
    if token is None or not tokens.is_of(token, uid):
        return False
    meant = by_number(session, token.number)
    return meant is not None and meant.id == ticket.id


def _of_token(session: Session, token: Token, text: str) -> Ticket | None:
    """A message may have moved to another ticket since it was sent; then that one is meant."""
    message = find_by_message_id(session, text) if text.startswith("<") and token.kind == "message" else None
    return by_id(session, message.ticket_id) if message is not None else by_number(session, token.number)


def _claims(session: Session, mail: Mail, ids: Sequence[str]) -> Iterator[tuple[By, Ticket, str]]:
    for each in ids:
        message = find_by_message_id(session, each)
        outgoing = find_outgoing(session, each) if message is None else None
        ticket_id = message.ticket_id if message else outgoing.ticket_id if outgoing else None
        ticket = by_id(session, ticket_id) if ticket_id is not None else None
        if ticket is not None:
            yield "message-id", ticket, _l("It answers a mail of #%(number)s", number=ticket.number)
    for number in subject_numbers(mail.subject):
        ticket = _find(session, number)
        if ticket is not None:
            yield "subject", ticket, _l("The subject names #%(number)s", number=ticket.number)
    for each in ids:
        ticket = by_number(session, claimed) if (claimed := claimed_number(each)) else None
        if ticket is not None:
            why = _l("It names #%(number)s with a token that is not valid", number=ticket.number)
            yield "message-id", ticket, why


def by_id(session: Session, ticket_id: int) -> Ticket | None:
    """Return the ticket, or the one it was merged into."""
    number = session.scalar(select(Ticket.number).where(Ticket.id == ticket_id))
    return _find(session, number) if number else None


def _find(session: Session, number: str) -> Ticket | None:
    """Return the ticket, or the one it was merged into."""
    for _step in range(20):
        try:
            ticket = find_ticket(session, GATEWAY, number)
        except NotFound:
            return None
        if ticket.merged_into_id is None:
            return ticket
        number = session.scalar(select(Ticket.number).where(Ticket.id == ticket.merged_into_id)) or ""
    return None
