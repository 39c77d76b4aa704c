"""Putting a mail where it belongs: an answer, a note, a new ticket; each place once, however many copies come."""

import hashlib
from dataclasses import dataclass, replace

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from helpdesk_core.api import Helpdesk, Transaction
from helpdesk_core.api.departments import Department
from helpdesk_core.api.i18n import joined
from helpdesk_core.api.tickets import (
    NewMessage,
    NewTicket,
    Posted,
    Requester,
    Ticket,
    TicketLink,
    add_participant,
    link,
    note,
    open_ticket,
    participants,
    reply,
)
from helpdesk_core.api.users import EmailAddress

from .content import Content
from .foreseen import Foreseen
from .models import Filing, Received
from .reading import Mail
from .rules.matching import Wishes
from .senders import GATEWAY, Sender, heard
from .sentences import in_site_language
from .texts import texts

_l = texts.lazy

NO_WISHES = Wishes()


@dataclass(frozen=True, slots=True)
class Filer:
    """Files one mail, within the unit of work that also changes its row."""

    desk: Helpdesk
    tx: Transaction
    row: Received
    mail_key: str
    content: Content
    foreseen: Foreseen | None = None
    """What copies of this mail have left, if that was asked for already."""

    def earlier(self, place: str) -> Filing | None:
        """Return what a copy of the mail has left at the place."""
        if self.foreseen is not None:
            return self.foreseen.filings.get((self.mail_key, place))
        query = select(Filing).where(Filing.mail_key == self.mail_key, Filing.place == place)
        return self.tx.session.scalar(query)

    def claim(self, place: str) -> Filing:
        """Take the place; of two that try at once the second gets an IntegrityError, and its unit is done again."""
        filing = self._made(place)
        self.tx.session.add(filing)
        self.tx.session.flush()
        return filing

    def open(
        self,
        sender: Sender,
        department: Department,
        message: NewMessage,
        copied: tuple[str, ...],
        wishes: Wishes = NO_WISHES,
    ) -> Posted:
        """Open a ticket in the department, for the sender; whether customers may choose the department is no matter."""
        new = NewTicket(
            subject=self.content.subject,
            message=message,
            department=department.key,
            requester=Requester(email=sender.address, name=sender.name),
            priority=wishes.priority,
            type=wishes.type,
            tags=wishes.tags,
        )
        posted = open_ticket(self.desk, GATEWAY, new)
        # Written later; where a copy was quicker, the unit of work fails and is done again.
        filing = self._made(place_of_department(department), posted.ticket.id)
        if self.foreseen is not None:
            self.foreseen.unwritten.append(filing)
        else:
            self.tx.session.add(filing)
        if copied:
            self.tx.session.flush()
            self.copy_in(posted.ticket, copied)
        self.tell_what_is_missing(posted.ticket)
        return posted

    def answer(self, sender: Sender, ticket: Ticket, message: NewMessage) -> Posted:
        """Post an answer in the sender's name."""
        filing = self.claim(place_of_ticket(ticket))
        with heard(self.tx, sender, ticket) as actor:
            posted = reply(self.desk, actor, ticket.number or "", message)
        filing.ticket_id = posted.ticket.id
        self.tell_what_is_missing(posted.ticket)
        return posted

    def note(self, sender: Sender, ticket: Ticket, message: NewMessage) -> Posted:
        """Add an internal note in the sender's name; the sender has to be one who may."""
        assert sender.actor is not None
        filing = self.claim(place_of_ticket(ticket))
        posted = note(self.desk, sender.actor, ticket.number or "", message)
        filing.ticket_id = posted.ticket.id
        self.tell_what_is_missing(posted.ticket)
        return posted

    def remark(self, ticket: Ticket, message: NewMessage, name: str, address: str) -> Posted:
        """Add what a machine says, or somebody who may not, as an internal note of the gateway."""
        filing = self.claim(place_of_ticket(ticket))
        actor = replace(GATEWAY, name=(name or address)[:255], email=address)
        posted = note(self.desk, actor, ticket.number or "", message)
        filing.ticket_id = posted.ticket.id
        return posted

    def _made(self, place: str, ticket_id: int | None = None) -> Filing:
        filing = Filing(mail_key=self.mail_key, place=place, received_id=self.row.id, ticket_id=ticket_id)
        if self.foreseen is not None:
            self.foreseen.filings[self.mail_key, place] = filing
        return filing

    def copy_in(self, ticket: Ticket, addresses: tuple[str, ...]) -> None:
        """Put those on the ticket whom the sender has copied in, up to `[site] max_copied`; name the others."""
        if not addresses:
            return
        new = self.not_on(ticket, addresses)
        there = sum(each.role == "cc" for each in participants(self.tx.session, ticket))
        room = max(0, self.desk.settings.site().max_copied - there)
        for address in new[:room]:
            add_participant(self.desk, GATEWAY, ticket.number or "", "cc", email=address)
        if new[room:]:
            self.warn(
                ticket,
                _l(
                    "The mail was sent to more people than may be in copy here. Left out: %(addresses)s. Add them as "
                    "Cc if right.",
                    addresses=", ".join(new[room:]),
                ),
            )

    def relate(self, ticket: Ticket, other: Ticket, kind: str) -> None:
        """Link two tickets, unless they are one."""
        if ticket.id != other.id:
            link(self.desk, GATEWAY, ticket.number or "", other.number or "", kind)

    def warn(self, ticket: Ticket, text: str) -> None:
        """Tell those who work the ticket something they should know about this mail."""
        said = in_site_language(self.desk, text)
        note(self.desk, GATEWAY, ticket.number or "", NewMessage(text=said, markdown=False, notify=False))

    def not_on(self, ticket: Ticket, addresses: tuple[str, ...]) -> list[str]:
        """Return those of the addresses that belong neither to the requester nor to a participant."""
        people = [each.user_id for each in participants(self.tx.session, ticket)]
        query = select(EmailAddress.address).where(EmailAddress.user_id.in_([ticket.requester_id, *people]))
        known = set(self.tx.session.scalars(query))
        return [each for each in addresses if each not in known]

    def tell_what_is_missing(self, ticket: Ticket) -> None:
        """Name the files of the mail that were left out, in an internal note."""
        if self.content.left_out:
            lines = [joined(each, ": ") for each in self.content.left_out]
            kept = _l("The whole mail is kept: %(command)s", command=f"helpdesk email show {self.row.uid}")
            self.warn(ticket, joined((_l("Files of this mail that were not taken in:"), *lines, kept), "\n"))


def mail_key(mail: Mail, content_sha256: str) -> str:
    """Return what all copies of a mail have in common, whatever their trace headers and encodings are.

    Message-ID and date alone are not enough, since programs exist that give every mail the same.
    """
    sender = mail.from_.address.lower() if mail.from_ else ""
    parts = [mail.message_id or "", sender, mail.header("date") or "", mail.subject, "".join(mail.text.split())]
    parts += [str(each.size) for each in mail.attachments]
    if not any(parts):
        parts = [content_sha256]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def place_of_department(department: Department) -> str:
    """Return the place for a new ticket there."""
    return f"department:{department.id}"


def place_of_ticket(ticket: Ticket) -> str:
    """Return the place for an answer there."""
    return f"ticket:{ticket.id}"


def linked_in(session: Session, ticket: Ticket, department: Department) -> Ticket | None:
    """Return a ticket of that department which is linked to this one, the newest if there are several."""
    others = or_(
        Ticket.id.in_(select(TicketLink.to_id).where(TicketLink.from_id == ticket.id)),
        Ticket.id.in_(select(TicketLink.from_id).where(TicketLink.to_id == ticket.id)),
    )
    query = select(Ticket).where(others, Ticket.department_id == department.id).order_by(Ticket.id.desc())
    return session.scalar(query.limit(1))
