"""Writing one mail of each kind: what it says, from whom, to whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from sqlalchemy.orm import Session

from helpdesk_core.attachments.models import Attachment
from helpdesk_core.db.base import new_uid
from helpdesk_core.departments.models import Department
from helpdesk_core.departments.queries import signature_for
from helpdesk_core.mail.draft import OutgoingDraft
from helpdesk_core.mail.files import MEGABYTE, LeftOut, divide, with_own_images
from helpdesk_core.mail.links import desk_url, file_url, plain_file_url, plain_ticket_url, site_url, ticket_url
from helpdesk_core.mail.mailbox import Mailbox
from helpdesk_core.mail.people import site_address
from helpdesk_core.mail.templates import MailTemplates
from helpdesk_core.mail.threading import new_message_id, references, subject_tag
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.tickets.models import Message, Ticket
from helpdesk_core.users.models import User


@dataclass(frozen=True)
class Writer:
    """Writes drafts while a session is open."""

    desk: Helpdesk
    session: Session
    templates: MailTemplates

    def reply(
        self, ticket: Ticket, message: Message, to: Sequence[User], cc: Sequence[User], *, first: bool
    ) -> OutgoingDraft:
        """Return what an agent wrote as an ordinary mail, with signature and files; `message` has its attachments."""
        department = self._department(ticket)
        most = self.desk.settings.mail().attach_mb * MEGABYTE
        fitting, left_out = divide(message.attachments, most, message.body_html or "")
        known = references(self.desk, self.session, ticket, before=message.id)
        lead = to[0]
        # A signed link lets in whoever holds it, as the one person it was made for.
        alone = len(to) + len(cc) == 1
        said = self.templates.render(
            "reply",
            self._common(lead)
            | {
                "first": first,
                "subject": ticket.subject,
                "tag": subject_tag(ticket.number),
                "text": message.body_text,
                "html": Markup(with_own_images(message.body_html or "", fitting)),  # noqa: S704 - clean since it was stored
                "signature": signature_for(self.session, message.author_id, department.id),
                "left_out": [self._left_out(each, lead if alone else None) for each in left_out],
                "closed": not ticket.is_open,
                "url": ticket_url(self.desk, ticket, lead) if alone else plain_ticket_url(self.desk, ticket),
            },
            locale=self._locale(lead, ticket),
            timezone=self._timezone(lead),
            html=message.body_html is not None,
        )
        return OutgoingDraft(
            template="reply",
            sender=self._sender(department, message.author_name),
            to=tuple(_mailbox(user) for user in to),
            cc=tuple(_mailbox(user) for user in cc),
            subject=said.subject,
            text=said.text,
            html=said.html,
            message_id=message.message_id or new_message_id(self.desk, message.uid),
            in_reply_to=known[-1],
            references=known,
            attachment_ids=tuple(attachment.id for attachment in fitting),
            automatic=False,
            ticket_id=ticket.id,
            message_ref=message.id,
            department_id=department.id,
        )

    def notice(
        self,
        template: str,
        ticket: Ticket,
        to: User,
        values: dict[str, Any],
        *,
        staff: bool = False,
        carries: int | None = None,
    ) -> OutgoingDraft:
        """Return a mail that tells one person what happened to a ticket; `carries` is the message that it quotes."""
        department = self._department(ticket)
        known = references(self.desk, self.session, ticket)
        said = self.templates.render(
            template,
            self._common(to)
            | {
                "number": ticket.number,
                "subject": ticket.subject,
                "tag": subject_tag(ticket.number),
                "department": department.name,
                "url": desk_url(self.desk, ticket) if staff else ticket_url(self.desk, ticket, to),
            }
            | values,
            locale=self._locale(to, None if staff else ticket),
            timezone=self._timezone(to),
        )
        return OutgoingDraft(
            template=template,
            sender=self._sender(department),
            to=(_mailbox(to),),
            subject=said.subject,
            text=said.text,
            html=said.html,
            message_id=new_message_id(self.desk, new_uid()),
            in_reply_to=known[-1],
            references=known,
            ticket_id=ticket.id,
            message_ref=carries,
            department_id=department.id,
        )

    def personal(self, template: str, to: User, address: str, values: dict[str, Any]) -> OutgoingDraft:
        """Return a mail about somebody's account."""
        said = self.templates.render(
            template, self._common(to, address) | values, locale=self._locale(to, None), timezone=self._timezone(to)
        )
        return OutgoingDraft(
            template=template,
            sender=self._sender(None),
            to=(Mailbox.of(to.name, address),),
            subject=said.subject,
            text=said.text,
            html=said.html,
            message_id=new_message_id(self.desk, new_uid()),
        )

    def _left_out(self, attachment: Attachment, to: User | None) -> LeftOut:
        """Return a file with its link: a signed one for the only recipient, else one that asks who is there."""
        name = f"{attachment.name} ({attachment.size / MEGABYTE:.1f} MB)"
        return LeftOut(name, file_url(self.desk, attachment, to) if to else plain_file_url(self.desk, attachment))

    def _common(self, to: User, address: str | None = None) -> dict[str, Any]:
        return {
            "site_name": self.desk.settings.site().name,
            "site_url": site_url(self.desk),
            "recipient": Mailbox.of(to.name, address or to.primary_email or ""),
        }

    def _department(self, ticket: Ticket) -> Department:
        department = self.session.get(Department, ticket.department_id)
        assert department is not None  # a foreign key
        return department

    def _sender(self, department: Department | None, person: str = "") -> Mailbox:
        """Return the department's address, or the site's; a person writes “via” the department."""
        place = department.name if department else self.desk.settings.site().name
        name = f"{person} via {place}" if person else place
        return Mailbox.of(name, (department.address if department else None) or site_address(self.desk))

    def _locale(self, to: User, ticket: Ticket | None) -> str:
        theirs = to.locale or (ticket.locale if ticket is not None and ticket.requester_id == to.id else None)
        return theirs or self.desk.settings.site().language

    def _timezone(self, to: User) -> str:
        return to.timezone or self.desk.settings.site().timezone


def _mailbox(user: User) -> Mailbox:
    return Mailbox.of(user.name, user.primary_email or "")
