"""Answers to comments: sent back to the site that the comment is from, signed as Standard Webhooks describes it.

Core's outbox calls this after the answer was stored, again and again with growing waits while the site cannot be
reached, and in order for each ticket; what is given up in the end stands under *Stuck events* in the admin area.
"""

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk_core.api import Helpdesk, Unavailable, __version__
from helpdesk_core.api.db import canonical_json
from helpdesk_core.api.events import MessagePosted
from helpdesk_core.api.outgoing import send
from helpdesk_core.api.tickets import Message, Ticket, text_of

from .models import FromSite, Site
from .signing import headers
from .sites import secrets_of
from .texts import ID
from .texts import lazy as _l

TYPE: Final = "comment.answered"
HAS_IT: Final = 409
"""What a site may answer that has the message already."""
GONE: Final = 410
"""What a site answers whose comment is there no more: the answer is not sent again."""


def tell(desk: Helpdesk, event: MessagePosted) -> None:
    """Send a public answer of staff to where the ticket's comment stands; raises while the site does not take it."""
    if event.kind != "public" or event.side != "agent" or not event.notify:
        return
    with desk.read() as session:
        found = _found(session, event)
    if found is None:
        return
    site, origin, number, message = found
    html = message.body_html
    body = canonical_json(
        {
            "type": TYPE,
            "timestamp": message.created_at.isoformat(),
            "data": {
                "comment": origin.comment,
                "ticket": number,
                "author": message.author_name,
                "text": message.body_text if html is None else text_of(html),
                "html": html,
                "message": message.uid,
            },
        }
    ).encode()
    signed = headers(list(secrets_of(desk, site).values())[::-1], f"msg_{message.uid}", desk.now(), body)
    config = desk.settings.effective(ID).values
    reply = send(
        site.answers_url,
        method="POST",
        body=body,
        headers={**signed, "Content-Type": "application/json", "User-Agent": f"helpdesk-cms/{__version__}"},
        timeout=config["timeout"].total_seconds(),
        allowed=config["allowed"],
    )
    if not reply.ok and reply.status not in (HAS_IT, GONE):
        raise Unavailable(_l("The site “%(name)s” answered HTTP %(status)s.", name=site.name, status=reply.status))


def _found(session: Session, event: MessagePosted) -> tuple[Site, FromSite, str, Message] | None:
    query = (
        select(Site, FromSite, Ticket.number, Message)
        .select_from(FromSite)
        .join(Site, Site.id == FromSite.site_id)
        .join(Ticket, Ticket.id == FromSite.ticket_id)
        .join(Message, Message.ticket_id == Ticket.id)
        .where(Message.id == event.message_id, FromSite.comment.is_not(None), Message.redacted_at.is_(None))
        .where(Site.is_active, Site.answers_url != "")
    )
    row = session.execute(query).first()
    return None if row is None else (row[0], row[1], row[2] or "", row[3])
