"""Making of a mail in the queue what is handed over, from what the tables say of it at that moment."""

from dataclasses import replace

from sqlalchemy import ColumnElement, select

from helpdesk_core.attachments.models import Attachment
from helpdesk_core.errors import HelpdeskError, Invalid
from helpdesk_core.mail import hooks
from helpdesk_core.mail.files import content_id
from helpdesk_core.mail.mailbox import Mailbox, addresses
from helpdesk_core.mail.mime import File, Letter, compile_mail
from helpdesk_core.mail.models import OutgoingMail
from helpdesk_core.mail.retention import REMOVED
from helpdesk_core.mail.transport import Envelope
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.tickets.models import Message


class Lost(HelpdeskError):
    """Somebody else has the mail by now, or has ended it."""

    code = "mail-lost"


class Withdrawn(HelpdeskError):
    """What the mail says was taken back while it waited."""

    code = "mail-withdrawn"


def held(mail: OutgoingMail) -> ColumnElement[bool]:
    """Tell whether the mail is still on this very lease."""
    return (
        (OutgoingMail.id == mail.id)
        & (OutgoingMail.state == "sending")
        & (OutgoingMail.lease_until == mail.lease_until)
    )


def envelope_of(desk: Helpdesk, mail: OutgoingMail) -> Envelope:
    """Return the finished mail as it is by now: the batch was read minutes ago if the server is slow.

    Raises `Lost`, `Withdrawn`, and `Invalid` or `NotFound` for a mail that cannot be made.
    """
    mail = _as_it_is(desk, mail)
    letter = _letter(desk, mail)
    wanted = addresses([*mail.recipients, *mail.cc])
    people = [letter.sender.address, *wanted]
    envelope = Envelope(
        uid=mail.uid,
        sender=letter.sender.address,
        recipients=tuple(address for address in wanted if address not in mail.accepted),
        content=compile_mail(letter),
        smtputf8=not all(address.isascii() for address in people),
    )

    def check(refined: Envelope) -> None:
        if replace(refined, content=envelope.content) != envelope or not refined.content:
            raise Invalid("Of an envelope only the content may change, and it may not be empty.")

    return desk.hooks.refine_valid(hooks.mail_bytes, check, envelope=envelope, mail=mail)


def _as_it_is(desk: Helpdesk, mail: OutgoingMail) -> OutgoingMail:
    with desk.read() as session:
        row = session.scalar(select(OutgoingMail).where(held(mail)))
        if row is None:
            raise Lost("The mail is not held any more.")
        redacted = row.message_ref is not None and session.scalar(
            select(Message.redacted_at).where(Message.id == row.message_ref)
        )
    if redacted:
        raise Withdrawn("The message was redacted before this mail left.")
    if row.body_text == REMOVED:
        raise Withdrawn("What this mail said was removed before it left.")
    return row


def _letter(desk: Helpdesk, mail: OutgoingMail) -> Letter:
    headers = dict(mail.headers)
    reply_to = headers.pop("Reply-To", None)
    return Letter(
        sender=Mailbox.parse(mail.sender),
        to=[Mailbox.parse(text) for text in mail.recipients],
        cc=[Mailbox.parse(text) for text in mail.cc],
        reply_to=Mailbox.parse(reply_to) if reply_to else None,
        subject=mail.subject,
        date=mail.created_at,
        message_id=mail.message_id,
        in_reply_to=headers.pop("In-Reply-To", None),
        references=headers.pop("References", "").split(),
        headers=headers,
        text=mail.body_text,
        html=mail.body_html,
        files=_files(desk, mail),
    )


def _files(desk: Helpdesk, mail: OutgoingMail) -> list[File]:
    """Return its files, but none that a redaction has taken off its message: that one is nobody's."""
    if not mail.attachment_ids:
        return []
    with desk.read() as session:
        somebodys = Attachment.message_id.is_not(None) | Attachment.uploader_id.is_not(None)
        query = select(Attachment).where(Attachment.id.in_(mail.attachment_ids), somebodys).order_by(Attachment.id)
        rows = session.scalars(query).all()
    files = []
    for row in rows:
        with desk.storage.open(row.sha256) as stored:
            files.append(File(row.name, row.content_type, stored.read(), content_id(row)))
    return files
