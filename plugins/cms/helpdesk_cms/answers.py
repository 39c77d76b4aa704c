"""Answers to comments: sent back to the site that the comment is from, signed as Standard Webhooks describes it.

Core's outbox calls this after the answer was stored, again and again with growing waits while the site cannot be
reached, and in order for each ticket; what is given up in the end stands under *Stuck events* in the admin area.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk_core.api import Helpdesk, HelpdeskError, Unavailable, __version__
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
    """Send a public answer of staff to where the ticket's comments stand; raises while a site does not take it."""
    if event.kind != "public" or event.side != "agent" or not event.notify:
        return
    with desk.read() as session:
        message = session.get(Message, event.message_id)
        if message is None or message.redacted_at is not None:
            return
        here = event.ticket_id or message.ticket_id  # where it was written; it may have been merged since
        found = [
            (
                site,
                origin.comment or "",
                number,
                message.uid if origin.ticket_id == here else f"{message.uid}-{origin.id}",
            )
            for site, origin, number in _comments_of(session, here)
        ]
    failed: list[HelpdeskError] = []
    for site, comment, number, name in found:
        try:
            _send(desk, site, comment, number, name, message)
        except HelpdeskError as error:  # the others are told all the same
            failed.append(error)
    if failed:
        raise failed[0]


def _is_public(session: Session, ticket_id: int) -> bool:
    """Tell whether the ticket was made of a comment, so that its public answers stand on a site."""
    query = select(FromSite.id).where(FromSite.ticket_id == ticket_id, FromSite.comment.is_not(None))
    return session.scalar(query) is not None


def merged_into(session: Session, ticket_id: int) -> list[int]:
    """Return the tickets that were merged into one, and those merged into them before."""
    found: list[int] = []
    wave = [ticket_id]
    while wave:
        wave = list(session.scalars(select(Ticket.id).where(Ticket.merged_into_id.in_(wave), Ticket.id.not_in(found))))
        found += wave
    return found


def _comments_of(session: Session, ticket_id: int) -> Sequence[tuple[Site, FromSite, str]]:
    """Return the comments that an answer on the ticket is for, each with its site, and the ticket's number.

    Those of tickets merged into it count too, if it is made of a comment itself: then what staff write there is meant
    for everybody's eyes. What is written on any other ticket is for who is on it, whatever was merged into it.
    """
    if not _is_public(session, ticket_id):
        return []
    query = (
        select(Site, FromSite)
        .join(FromSite, FromSite.site_id == Site.id)
        .where(FromSite.ticket_id.in_([ticket_id, *merged_into(session, ticket_id)]), FromSite.comment.is_not(None))
        .where(Site.is_active, Site.answers_url != "")
        .order_by(FromSite.id)
    )
    number = session.scalar(select(Ticket.number).where(Ticket.id == ticket_id)) or ""
    return [(site, origin, number) for site, origin in session.execute(query)]


def _send(desk: Helpdesk, site: Site, comment: str, number: str, name: str, message: Message) -> None:
    html = message.body_html
    body = canonical_json(
        {
            "type": TYPE,
            "timestamp": message.created_at.isoformat(),
            "data": {
                "comment": comment,
                "ticket": number,
                "author": message.author_name,
                "text": message.body_text if html is None else text_of(html),
                "html": html,
                "message": name,
            },
        }
    ).encode()
    signed = headers(list(secrets_of(desk, site).values())[::-1], f"msg_{name}", desk.now(), body)
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
