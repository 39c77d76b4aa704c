"""Who reads, whom it helped, and who opened a ticket all the same.

A visitor is known by a key: that of their account, or of a random word in the browser's session. Nothing else is kept
of them, and pages that are only fetched ahead, robots and people who work here do not count.
"""

import hashlib
from datetime import timedelta
from typing import Final

from sqlalchemy import Select, delete, select, update
from sqlalchemy.exc import IntegrityError

from helpdesk_core.api import SYSTEM, Actor, Helpdesk, Transaction
from helpdesk_core.api.db import affect
from helpdesk_core.api.errors import NotFound
from helpdesk_core.api.tickets import Ticket, clean_text

from .models import Article, Text, Visit, Vote
from .rights import readable
from .texts import lazy

LEADS: Final = timedelta(hours=24)
"""So long after reading, a ticket counts as opened all the same."""


def visitor_of(user_id: int | None, browser: str) -> str:
    """Return the key of an account, else of a browser's session."""
    if user_id is not None:
        return f"user:{user_id}"
    return f"web:{hashlib.sha256(browser.encode()).hexdigest()[:40]}"


def note_visit(desk: Helpdesk, text_id: int, visitor: str, *, suggested: bool = False) -> None:
    """Count a visit, once a day for each text and visitor."""
    with desk.begin(SYSTEM) as tx:
        visit = _visit(tx, text_id, visitor)
        visit.suggested = visit.suggested or suggested


def vote(
    desk: Helpdesk, text_id: int, visitor: str, *, helpful: bool, comment: str = "", suggested: bool = False
) -> Vote:
    """Keep what somebody says about a text, in place of what they said before."""
    with desk.begin(SYSTEM) as tx:
        visit = _visit(tx, text_id, visitor)
        visit.suggested = visit.suggested or suggested
        visit.helped = helpful
        found = tx.session.scalar(_vote_of(text_id, visitor))
        if found is None:
            found = Vote(text_id=text_id, voter=visitor, helpful=helpful, comment="", done=False, created_at=tx.now)
            try:
                with tx.savepoint():
                    tx.session.add(found)
            except IntegrityError:  # the same person pressed twice in the same moment
                found = tx.session.scalars(_vote_of(text_id, visitor)).one()
        found.helpful = helpful
        if comment := clean_text(comment).strip()[:2000]:
            found.comment, found.done, found.created_at = comment, False, tx.now
    return found


def note_ticket(tx: Transaction, ticket: Ticket, visitors: list[str]) -> None:
    """Mark what these visitors have read in the last day as not having been enough."""
    affect(
        tx.session,
        update(Visit)
        .where(Visit.visitor.in_(visitors), Visit.at > tx.now - LEADS, Visit.asked_at.is_(None))
        .values(asked_at=tx.now, ticket_id=ticket.id),
    )


def settle(desk: Helpdesk, actor: Actor, vote_id: int) -> None:
    """Note that an editor has read a comment."""
    with desk.begin(actor) as tx:
        query = select(Vote).join(Text, Text.id == Vote.text_id).join(Article, Article.id == Text.article_id)
        found = tx.session.scalar(query.where(Vote.id == vote_id, readable(actor)))
        if found is None:
            raise NotFound(lazy("There is no such comment."))
        found.done = True


def forget_old(desk: Helpdesk, days: int) -> None:
    """Delete visits that are older than so many days."""
    with desk.begin(SYSTEM) as tx:
        affect(tx.session, delete(Visit).where(Visit.day < (tx.now - timedelta(days=days)).date()))


def _visit(tx: Transaction, text_id: int, visitor: str) -> Visit:
    query = select(Visit).where(Visit.text_id == text_id, Visit.visitor == visitor, Visit.day == tx.now.date())
    found = tx.session.scalar(query)
    if found is None:
        found = Visit(text_id=text_id, visitor=visitor, day=tx.now.date(), at=tx.now, suggested=False)
        try:
            with tx.savepoint():
                tx.session.add(found)
        except IntegrityError:  # two pages were opened in the same moment
            found = tx.session.scalars(query).one()
    found.at = tx.now
    return found


def _vote_of(text_id: int, visitor: str) -> Select[Vote]:
    return select(Vote).where(Vote.text_id == text_id, Vote.voter == visitor)
