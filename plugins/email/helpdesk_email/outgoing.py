"""What leaves: every mail of a ticket carries the signed token by which its answers come back."""

from dataclasses import replace

from sqlalchemy.orm import Session

from helpdesk_core.api import Event, Helpdesk
from helpdesk_core.api.events import MessagePosted, TicketMoved
from helpdesk_core.api.mail import Mailbox, OutgoingDraft, new_message_id
from helpdesk_core.api.tickets import Ticket

from .reading import Address
from .senders import has_asked, sender_of, works_on
from .tokens import Kind, Tokens

LONGEST_LOCAL = 64


def with_token(
    desk: Helpdesk, tokens: Tokens, draft: OutgoingDraft, event: Event | None, *, reply_address: bool
) -> OutgoingDraft:
    """Return the draft with a token as its Message-ID and as the first of its References, which survives when a mail
    provider gives it another Message-ID. With `reply_address` answers are asked to an address with the token.

    Asked twice, it gives the same answer.
    """
    if draft.ticket_id is None:
        return draft
    with desk.read() as session:
        ticket = session.get(Ticket, draft.ticket_id)
        holder = _holder(desk, session, ticket, draft) if ticket is not None else None
    if ticket is None or ticket.number is None:
        return draft
    number = ticket.number
    kind: Kind = "internal" if _of_internal_note(event) else "staff" if holder else "message"
    if tokens.read(draft.message_id) is None:
        token = tokens.make(number, kind, draft.message_id, holder=holder)
        draft = replace(draft, message_id=new_message_id(desk, token))
    lasting = tokens.make(number, kind if holder else "root", holder=holder)
    root = new_message_id(desk, lasting)
    if root not in draft.references:
        draft = replace(draft, references=(root, *draft.references))
    if reply_address and draft.reply_to is None:
        local, _, domain = draft.sender.address.rpartition("@")
        local = f"{local}+{tokens.make(number, kind, holder=holder) if kind == 'internal' else lasting}"
        if len(local) <= LONGEST_LOCAL:
            draft = replace(draft, reply_to=Mailbox.of(draft.sender.name, f"{local}@{domain}"))
    return draft


def _holder(desk: Helpdesk, session: Session, ticket: Ticket, draft: OutgoingDraft) -> str | None:
    """Return the uid of the member of staff to whom alone the mail goes, if it does."""
    if len(draft.to) != 1 or draft.cc:
        return None
    who = sender_of(desk, session, Address("", draft.to[0].address))
    if who is None or who.actor is None or has_asked(who, ticket) or not works_on(session, who, ticket):
        return None
    return who.actor.uid


def _of_internal_note(event: Event | None) -> bool:
    """Notices of notes and moves go to staff only; what they answer must not go out to the customer."""
    return isinstance(event, TicketMoved) or (isinstance(event, MessagePosted) and event.kind == "internal")
