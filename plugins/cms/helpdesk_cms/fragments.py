"""One renderer for fragments and frames: a path and a form in, a part of a page out, as a customer sees it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

from flask import render_template
from werkzeug.datastructures import MultiDict

from helpdesk_core.api import Actor, Helpdesk
from helpdesk_core.api.errors import NotFound
from helpdesk_core.api.web import act_as, said

from .models import Site
from .people import Who
from .places import Place
from .texts import _
from .texts import lazy as _l

NUMBER: Final = r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}"
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""What no path holds, and databases do not take: control characters besides ends of lines, halves of characters."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of the renderer: by whom, from which site, for which place, and the form if there is one."""

    desk: Helpdesk
    site: Site
    who: Who
    place: Place
    path: str
    query: Mapping[str, str]
    form: MultiDict[str, str] | None = None

    @property
    def actor(self) -> Actor:
        """Who acts."""
        return self.who.customer


@dataclass(frozen=True, slots=True)
class Fragment:
    """A part of a page; `max_age` in seconds; `go` is a path to go on to instead."""

    title: str = ""
    html: str = ""
    status: int = 200
    max_age: int = 0
    go: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return it as shells get it."""
        return {
            "status": self.status,
            "title": self.title,
            "html": self.html,
            "max_age": self.max_age,
            "go": self.go,
        }


Part = Callable[..., Fragment]


def render(
    desk: Helpdesk, site: Site, who: Who, place: Place, path: str, form: MultiDict[str, str] | None = None
) -> Fragment:
    """Return what stands at a path, or what came of a form that was sent there.

    For the rest of the request the person acts, with a customer's rights. What is not there, or not for them, is a
    fragment of status 404.
    """
    from . import asking, knowledge, tickets

    # By hand: a visitor's path is no address, and urlsplit raises for some texts.
    part, _mark, query = path.strip().lstrip("/")[:2000].partition("#")[0].partition("?")
    asked = Asked(desk, site, who, place, part.rstrip("/"), dict(parse_qsl(query)), form)
    fits = not _CONTROL.search(" ".join((asked.path, *asked.query, *asked.query.values())))
    act_as(asked.actor, _signed_as(who))
    routes: tuple[tuple[str, Part], ...] = (
        ("|new", asking.new),
        (f"sent/({NUMBER})", asking.sent),
        ("start", knowledge.start),
        ("tickets", tickets.mine),
        (f"tickets/({NUMBER})", tickets.one),
        ("search", knowledge.search),
        (r"article/(.{1,300})", knowledge.article),
        ("status", knowledge.status),
    )
    try:
        for rule, show_part in routes:
            if fits and (match := re.fullmatch(rule, asked.path)):
                return show_part(asked, *match.groups())
        raise NotFound(_l("There is nothing here. Ask for help, or look through your tickets."))
    except NotFound as error:
        return note(asked, _("Not found"), said(error), status=404)


def show(asked: Asked, template: str, title: str, *, status: int = 200, max_age: int = 0, **context: Any) -> Fragment:
    """Return a template as a fragment; it has `place`, `who` and `title` besides the given."""
    html = render_template(template, place=asked.place, who=asked.who, title=title, **context)
    lines = (line.strip() for line in html.splitlines()) if "<textarea" not in html and "<pre" not in html else [html]
    return Fragment(title, "\n".join(line for line in lines if line), status, max_age)


def note(asked: Asked, title: str, text: str, *, status: int = 200, max_age: int = 0) -> Fragment:
    """Return a fragment that says one thing."""
    return show(asked, "cms/note.html", title, status=status, max_age=max_age, text=text)


def sign_in_first(asked: Asked) -> Fragment:
    """Return what a visitor sees where an account is needed."""
    text = _("Sign in on this site to see your tickets. Without an account you can ask, and have the answer by mail.")
    return note(asked, _("My tickets"), text)


def _signed_as(who: Who) -> Any:
    from dataclasses import replace

    return replace(who.signed, actor=who.customer) if who.signed is not None else None
