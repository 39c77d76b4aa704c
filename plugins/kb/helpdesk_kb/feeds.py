"""Articles for programs that read: an Atom feed (RFC 4287), and the list of pages for search engines (sitemaps.org)."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk_core.api import ANONYMOUS

from .models import Article, Text
from .reading import Card
from .rights import published

ENTRIES: Final = 30
_NO_CHARACTER: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML document can have (XML 1.0, Char); one such sign would take the whole feed away from its readers."""
MOST_ADDRESSES: Final = 50_000


def atom(*, title: str, page: str, own: str, entries: Sequence[tuple[Card, str]], now: datetime) -> bytes:
    """Return a feed: `page` is what it is about, `own` its own address, `entries` cards with their full addresses."""
    feed = Element("feed", {"xmlns": "http://www.w3.org/2005/Atom"})
    SubElement(feed, "id").text = own
    SubElement(feed, "title").text = title
    SubElement(feed, "updated").text = max((card.live_at for card, _ in entries), default=now).isoformat()
    SubElement(feed, "link", {"href": page})
    SubElement(feed, "link", {"rel": "self", "type": "application/atom+xml", "href": own})
    SubElement(SubElement(feed, "author"), "name").text = title.partition(":")[0]
    for card, address in entries:
        entry = SubElement(feed, "entry", {"xml:lang": card.locale.replace("_", "-")})
        SubElement(entry, "id").text = address
        SubElement(entry, "title").text = card.title
        SubElement(entry, "link", {"href": address})
        SubElement(entry, "updated").text = card.live_at.isoformat()
        if card.published_at is not None:
            SubElement(entry, "published").text = card.published_at.isoformat()
        SubElement(entry, "summary").text = card.summary
    return _document(feed)


def public_texts(session: Session) -> Sequence[Text]:
    """Return every live text that everybody may read."""
    query = select(Text).join(Article, Article.id == Text.article_id).where(published(ANONYMOUS))
    return session.scalars(query.order_by(Text.id).limit(MOST_ADDRESSES)).all()


def sitemap(pages: Sequence[tuple[str, datetime]]) -> bytes:
    """Return the list of full addresses with when each was changed."""
    listing = Element("urlset", {"xmlns": "http://www.sitemaps.org/schemas/sitemap/0.9"})
    for address, changed in pages:
        page = SubElement(listing, "url")
        SubElement(page, "loc").text = address
        SubElement(page, "lastmod").text = changed.date().isoformat()
    return _document(listing)


def _document(root: Element) -> bytes:
    text: str = tostring(root, encoding="unicode")
    return b"<?xml version='1.0' encoding='utf-8'?>\n" + _NO_CHARACTER.sub("", text).encode()
