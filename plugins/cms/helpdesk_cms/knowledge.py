"""Answers in another site's page: searching, one article, how services do."""

import re
from typing import Final
from urllib.parse import urlencode

from flask import request
from markupsafe import Markup

from helpdesk_core.api.errors import NotFound
from helpdesk_core.api.hooks import portal_article, portal_status
from helpdesk_core.api.portal import answers_to, finds_answers

from . import asking
from .fragments import Asked, Fragment, show
from .texts import _
from .texts import lazy as _l

LASTS: Final = 300
STATUS_LASTS: Final = 60
MOST: Final = 20
_OWN: Final = re.compile(r'\b(href|src)="(/(?![/\\])[^"]*)"')
"""An address in HTML that is a path of the helpdesk."""


def search(asked: Asked) -> Fragment:
    """Show the search with what it finds; a form leads to the address of its result."""
    if asked.form is not None:
        text = asked.form.get("q", "").strip()[:200]
        return Fragment(go=_path(text), status=303)
    text = asked.query.get("q", "").strip()[:200]
    return show(
        asked,
        "cms/search.html",
        _("Find an answer"),
        max_age=LASTS,
        q=text,
        finds=finds_answers(),
        found=answers_to(text, None, MOST),
        here=asked.desk.settings.site().url,
    )


def start(asked: Asked) -> Fragment:
    """Show the search, or where nothing would be found the form for a new ticket."""
    return search(asked) if finds_answers() else asking.new(asked)


def article(asked: Asked, slug: str) -> Fragment:
    """Show one article."""
    found = asked.desk.hooks.pick(portal_article, slug=slug, actor=asked.actor)
    if found is None:
        raise NotFound(_l("There is no such article. Search for what you need."))
    here, root = asked.desk.settings.site().url, request.script_root
    html = _OWN.sub(lambda match: f'{match[1]}="{here}{match[2].removeprefix(root)}"', found.html)
    body = Markup(html)  # noqa: S704 - the provider has cleaned it
    return show(asked, "cms/article.html", found.title, max_age=LASTS, body=body)


def status(asked: Asked) -> Fragment:
    """Show how the services do, as plugins say it."""
    told = bool(asked.desk.hooks.implementers(portal_status))
    return show(asked, "cms/status.html", _("Service status"), max_age=STATUS_LASTS, told=told)


def _path(text: str) -> str:
    return "search?" + urlencode({"q": text}) if text else "search"
