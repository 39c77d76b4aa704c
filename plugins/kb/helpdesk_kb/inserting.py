"""Articles for a reply: what fits the ticket, and the text that a button of the composer inserts."""

import re
from dataclasses import dataclass
from typing import Final

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from helpdesk_core.api import Actor, Helpdesk
from helpdesk_core.api.tickets import Ticket
from helpdesk_core.api.users import User

from . import reading
from .models import Article, Text, Version
from .reading import Card
from .rights import FOR_CUSTOMERS, published

LIMIT: Final = 6
PREFIX: Final = "kb:"
FIND: Final = "kb:find"
"""The value of the button by which browsers without a script ask what fits the ticket."""
_PICTURE: Final = re.compile(r"!\[([^\]]*)\]\(cid:[^)]*\)")
"""A picture of the article's own; a mail cannot show it, so its words stand for it."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """An article for a reply. `link` and `text` are the buttons' values; no link to what customers cannot read."""

    card: Card
    link: str
    text: str


def proposals(desk: Helpdesk, session: Session, actor: Actor, ticket: Ticket, words: str = "") -> list[Proposal]:
    """Return the articles that fit the words, without words those that fit the ticket's subject."""
    locale = _language(session, ticket)
    if words.strip():
        found = reading.suggest(desk, session, actor, locale, words, LIMIT)
    else:
        found = reading.likely(session, actor, locale, ticket.subject, LIMIT)
    return [
        Proposal(
            card,
            f"{PREFIX}link:{card.text_id}" if card.visibility in FOR_CUSTOMERS else "",
            f"{PREFIX}text:{card.text_id}",
        )
        for card in found
    ]


def inserted(session: Session, actor: Actor, key: str, address: str) -> str | None:
    """Return the Markdown for a button's value; None for what is not this plugin's, gone, or not for the actor.

    `address` is the site's address, with `{locale}` and `{slug}` where the article's stand.
    """
    kind, _colon, number = key.removeprefix(PREFIX).partition(":")
    if not key.startswith(PREFIX) or kind not in ("link", "text") or not number.isdigit():
        return None
    query = select(Text, Article).join(Article, Article.id == Text.article_id)
    row = session.execute(query.where(Text.id == int(number), published(actor))).first()
    if row is None:
        return None
    text, article = row
    if kind == "link":
        if article.visibility not in FOR_CUSTOMERS:
            return None
        return f"[{_plain(text.title)}]({address.format(locale=text.locale, slug=text.slug)})"
    body = session.scalar(select(Version.body).where(Version.text_id == text.id, Version.number == text.live)) or ""
    return _PICTURE.sub(r"\1", body)


def _language(session: Session, ticket: Ticket) -> str:
    """Return the requester's language; without a query where the ticket's page has loaded them already."""
    if "requester" not in inspect(ticket).unloaded:
        return ticket.requester.locale or "en"
    return session.scalar(select(User.locale).where(User.id == ticket.requester_id)) or "en"


def _plain(title: str) -> str:
    return title.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
