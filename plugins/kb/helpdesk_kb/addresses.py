"""Addresses of the knowledge base's pages, below its mount if it has one."""

from typing import Any

from flask import current_app, request, url_for

from helpdesk_core.api.web import current_desk, language

from .models import Article, Text
from .reading import Card


def reader_locale() -> str:
    """Return the language of the person who reads."""
    return language()


def to(page: str, **values: Any) -> str:
    """Return the path of a portal page by its name."""
    endpoint = f"mount_kb_{page}"
    return url_for(endpoint if endpoint in current_app.view_functions else f"portal_kb_{page}", **values)


def absolute(path: str) -> str:
    """Return a path, as `to` gives it, as a full address; the site's own begins below what the server adds to it."""
    return current_desk().settings.site().url.rstrip("/") + path.removeprefix(request.script_root)


def of_card(card: Card, **values: Any) -> str:
    """Return where an article is read."""
    return to("article", locale=card.locale, slug=card.slug, **values)


def of_text(text: Text, **values: Any) -> str:
    """Return where a text is read."""
    return to("article", locale=text.locale, slug=text.slug, **values)


def of_file(article: Article, name: str) -> str:
    """Return where a file of an article is."""
    return to("file", uid=article.uid, name=name)
