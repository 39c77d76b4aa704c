"""Mails as bytes, and looking at what became of them."""

import itertools
from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from helpdesk_core.api import Helpdesk
from helpdesk_core.api.tickets import Message, Ticket, TicketLink
from helpdesk_core.db.engine import database_url, make_engine
from helpdesk_core.plugins import discover, upgrade_plugin
from helpdesk_email.models import Base

_count = itertools.count(1)


def make_tables(url: str) -> None:
    """Make the gateway's tables in a prepared database, empty also where an earlier test has used them."""
    engine = make_engine(database_url(url))
    try:
        upgrade_plugin(engine, discover()["email"], datetime(2026, 3, 2, tzinfo=UTC))
        with engine.begin() as connection:
            for table in reversed(Base.metadata.sorted_tables):
                connection.execute(table.delete())
    finally:
        engine.dispose()


def configured(settings: Mapping[str, object]) -> dict[str, dict[str, Any]]:
    """Return the configuration of a helpdesk with the gateway as its only plugin."""
    return {"plugins": {"enabled": ["email"], "on_error": "stop"}, "plugins.email": dict(settings)}


def written(
    text: str = "The printer is on fire.",
    *,
    sender: str = "Carla Customer <carla@example.net>",
    to: str = "Support <support@example.com>",
    subject: str = "Printer",
    message_id: str | None = None,
    **headers: str,
) -> bytes:
    """Return a mail; further headers are named with underscores."""
    lines = {
        "From": sender,
        "To": to,
        "Subject": subject,
        "Date": "Mon, 02 Mar 2026 08:59:00 +0000",
        "Message-ID": message_id or f"<{next(_count)}@mail.example.net>",
        **{name.replace("_", "-"): value for name, value in headers.items()},
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{head}\r\n{text}\r\n".encode()


def answer_to(mail: EmailMessage, text: str, *, sender: str, **headers: str) -> bytes:
    """Return what a mail program makes of an answer, with the whole mail quoted below."""
    body = mail.get_body(("plain",))
    assert body is not None
    quoted = "".join(f"> {line}\n" for line in body.get_content().splitlines())
    given = {
        "sender": sender,
        "to": str(mail["Reply-To"] or mail["From"]),
        "subject": f"Re: {mail['Subject']}",
        "In_Reply_To": str(mail["Message-ID"]),
        "References": f"{mail['References'] or ''} {mail['Message-ID']}".strip(),
        **headers,
    }
    return written(f"{text}\n\nOn 2 March 2026 at 09:00, Support wrote:\n{quoted}", **given)


def report(failed: str, original: EmailMessage, reason: str = "550 5.1.1 No such user") -> bytes:
    """Return a delivery report (RFC 3464) about one of our mails."""
    head = (
        "From: Mail Delivery System <MAILER-DAEMON@mx.example.net>\r\nTo: support@example.com\r\n"
        "Return-Path: <>\r\nSubject: Undelivered Mail Returned to Sender\r\nAuto-Submitted: auto-replied\r\n"
        f"Message-ID: <{next(_count)}@mx.example.net>\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="limit"\r\n\r\n'
    )
    returned = "".join(f"{name}: {value}\r\n" for name, value in original.items() if name.lower() != "content-type")
    parts = (
        f"Content-Type: text/plain\r\n\r\nI could not deliver your mail to {failed}: {reason}\r\n",
        "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.net\r\n\r\n"
        f"Final-Recipient: rfc822; {failed}\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; {reason}\r\n",
        f"Content-Type: text/rfc822-headers\r\n\r\n{returned}",
    )
    return (head + "".join(f"--limit\r\n{part}\r\n" for part in parts) + "--limit--\r\n").encode()


def tickets(desk: Helpdesk) -> list[Ticket]:
    """Return all tickets, the oldest first, with requester, department and status."""
    loaded = (joinedload(Ticket.requester), joinedload(Ticket.department), joinedload(Ticket.status))
    with desk.read() as session:
        return list(session.scalars(select(Ticket).options(*loaded).order_by(Ticket.id)))


def messages(desk: Helpdesk, ticket: Ticket) -> list[Message]:
    """Return the messages of a ticket, notes as well, with their attachments."""
    query = select(Message).where(Message.ticket_id == ticket.id).options(joinedload(Message.attachments))
    with desk.read() as session:
        return list(session.scalars(query.order_by(Message.id)).unique())


def links(desk: Helpdesk) -> list[tuple[str, int, int]]:
    """Return kind and ends of all links between tickets."""
    with desk.read() as session:
        return [(each.kind, each.from_id, each.to_id) for each in session.scalars(select(TicketLink))]
