"""What could not be delivered: parked events, and the mails that are to leave or have left."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import select

from helpdesk_core.events import parked
from helpdesk_core.events.schemas import LAST_ID, DeliveryPage, DeliveryQuery
from helpdesk_core.mail import outbox, schemas
from helpdesk_core.mail.models import OutgoingMail
from helpdesk_core.rest.context import current_actor, current_desk, db
from helpdesk_core.rest.cursors import cursor, read_cursor
from helpdesk_core.rest.routing import Endpoints
from helpdesk_core.rest.views import Page
from helpdesk_core.tickets.models import Ticket
from helpdesk_core.tickets.telling import told

endpoints: Final = Endpoints("Deliveries", "Events that a plugin could not handle, and outgoing mail.")

MANAGE: Final = "event.manage"
ID: Final = f"<int(max={LAST_ID}):id>"


@endpoints.get("/deliveries", permission=MANAGE, query=DeliveryQuery, returns=DeliveryPage)
def list_deliveries(query: dict[str, Any]) -> Page:
    """List parked deliveries, newest first: events that were given up after many tries."""
    limit = query["limit"]
    rows = parked.parked(current_desk(), subscriber=query.get("subscriber"), after=_after(query), limit=limit + 1)
    shown = rows[:limit]
    events = {each.id: each for each in told(db(), [row.event for row in shown])}
    items = [
        {
            "id": row.id,
            "subscriber": row.subscriber,
            "event": events[row.event_id],
            "attempts": row.attempts,
            "error": row.error,
        }
        for row in shown
    ]
    return Page(items, cursor(shown[-1].id) if len(rows) > limit else None)


@endpoints.post(f"/deliveries/{ID}/retry", permission=MANAGE, status=202)
def retry_delivery(id: int) -> None:
    """Try a parked delivery again from the beginning; if it fails again, it comes back to the list."""
    parked.retry(current_desk(), current_actor(), id)


@endpoints.delete(f"/deliveries/{ID}", permission=MANAGE)
def drop_delivery(id: int) -> None:
    """Give a parked delivery up: its subscriber never hears of the event, which itself stays."""
    parked.drop(current_desk(), current_actor(), id)


@endpoints.get("/outbox", permission=MANAGE, query=schemas.MailQuery, returns=schemas.MailPage)
def list_mails(query: dict[str, Any]) -> Page:
    """List the mails that are to leave or have left, newest first."""
    found = outbox.outbox(current_desk(), state=query.get("state"), after=_after(query), limit=query["limit"])
    return Page(_mails(found.mails), None if found.next is None else cursor(found.next))


@endpoints.get("/outbox/<id>", permission=MANAGE, returns=schemas.MailWhole)
def read_mail(id: str) -> dict[str, Any]:
    """Read a mail, with its headers and what it says."""
    mail = outbox.find_mail(db(), id)
    is_shown = mail.ticket_id is not None
    return {
        **_mails([mail])[0],
        "headers": mail.headers,
        "body_text": mail.body_text if is_shown else None,
        "body_html": mail.body_html if is_shown else None,
    }


@endpoints.post("/outbox/<id>/retry", permission=MANAGE, returns=schemas.MailWhole, status=202)
def retry_mail(id: str) -> dict[str, Any]:
    """Try a failed mail again from the beginning, or one that waits at once."""
    outbox.retry(current_desk(), current_actor(), id)
    return read_mail(id)


@endpoints.post("/outbox/<id>/drop", permission=MANAGE, returns=schemas.MailWhole)
def drop_mail(id: str) -> dict[str, Any]:
    """Give up a mail that failed or waits, for good; it stays in the list."""
    outbox.drop(current_desk(), current_actor(), id)
    return read_mail(id)


def _after(query: dict[str, Any]) -> int | None:
    after: int | None = read_cursor(query["after"], int)[0] if "after" in query else None
    return after


def _mails(mails: Sequence[OutgoingMail]) -> list[dict[str, Any]]:
    ids = sorted({each.ticket_id for each in mails if each.ticket_id is not None})
    numbers = dict(db().execute(select(Ticket.id, Ticket.number).where(Ticket.id.in_(ids))).all())
    return [
        {
            "id": mail.uid,
            "state": mail.state,
            "template": mail.template,
            "subject": mail.subject,
            "sender": mail.sender,
            "recipients": mail.recipients,
            "cc": mail.cc,
            "ticket": numbers.get(mail.ticket_id or 0),
            "message_id": mail.message_id,
            "attempts": mail.attempts,
            "due_at": mail.due_at,
            "error": mail.error,
            "created_at": mail.created_at,
            "sent_at": mail.sent_at,
        }
        for mail in mails
    ]
