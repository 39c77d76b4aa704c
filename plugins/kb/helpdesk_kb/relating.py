"""Related articles, as people name them: by addresses of this site, their ends `language/name`, or the name alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from flask import has_request_context, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk_core.api import Actor, Helpdesk
from helpdesk_core.api.errors import Invalid

from .models import Article, Text
from .rights import readable
from .texts import lazy

MAX_RELATED: Final = 10


@dataclass(frozen=True, slots=True)
class Found:
    """The uids of the articles that were named, in this order, and what is wrong with the others."""

    uids: tuple[str, ...]
    problems: Sequence[Any]


def find(desk: Helpdesk, session: Session, actor: Actor, lines: Sequence[str]) -> Found:
    """Look for the articles with these addresses, among those that the actor may read."""
    hosts, places = _own_places(desk)
    ends = {each: _end(each, hosts, places) for each in lines}
    slugs = {end[1] for end in ends.values() if end is not None}
    query = select(Text.locale, Text.slug, Article.uid).join(Article, Article.id == Text.article_id)
    query = query.where(Text.slug.in_(slugs), readable(actor)).order_by(Article.id, Text.id)
    by_end: dict[tuple[str, str], dict[str, None]] = {}
    for locale, slug, uid in session.execute(query) if slugs else ():
        by_end.setdefault((locale, slug), {})[uid] = None
        by_end.setdefault(("", slug), {})[uid] = None
    uids: dict[str, None] = {}
    problems: list[Any] = []
    for line, end in ends.items():
        fitting = by_end.get(end, {}) if end is not None else {}
        if not fitting:
            problems.append(lazy("There is no article “%(address)s”.", address=line[:200]))
        elif len(fitting) > 1:
            problems.append(
                lazy(
                    "“%(address)s” is in several languages: write which one before it, as in en/name.",
                    address=line[:200],
                )
            )
        else:
            uids |= fitting
    return Found(tuple(uids), problems)


def uids_of(desk: Helpdesk, session: Session, actor: Actor, lines: Sequence[str]) -> tuple[str, ...]:
    """Return the uids of the articles with these addresses, in this order; `Invalid` names what is none."""
    found = find(desk, session, actor, lines)
    if found.problems:
        raise Invalid({"related": list(found.problems)})
    return found.uids


def addresses_of(session: Session, actor: Actor, article: Article) -> list[str]:
    """Return the ends of the addresses of an article's related ones that the actor may read, in first languages."""
    query = select(Article.uid, Text.locale, Text.slug).join(Text, Text.article_id == Article.id)
    query = query.where(Article.uid.in_(article.related), Text.locale == Article.locale, readable(actor))
    ends = {uid: f"{locale}/{slug}" for uid, locale, slug in session.execute(query)} if article.related else {}
    return [ends[uid] for uid in article.related if uid in ends]


def known_to(session: Session, actor: Actor, uids: Sequence[str]) -> tuple[str, ...]:
    """Return those of the uids whose articles the actor may read."""
    query = select(Article.uid).where(Article.uid.in_(uids), readable(actor))
    known = set(session.scalars(query)) if uids else set()
    return tuple(uid for uid in uids if uid in known)


def beside(session: Session, actor: Actor, article: Article, wanted: Sequence[str]) -> list[str]:
    """Return what is related to an article from now on: what is wanted, and what the actor may not read stays.

    `Invalid` if that is too much, or the article itself.
    """
    before = list(article.related or ())
    now, chosen = known_to(session, actor, before), known_to(session, actor, tuple(dict.fromkeys(wanted)))
    if chosen == now:
        return before
    if article.uid in chosen:
        raise Invalid({"related": [lazy("The article itself is among the related ones. Take it out.")]})
    if len(chosen) > MAX_RELATED:
        raise Invalid({"related": [lazy("An article can have %(most)s related ones at most.", most=MAX_RELATED)]})
    hidden = set(before) - set(now)
    there = session.scalars(select(Article.uid).where(Article.uid.in_(hidden))).all() if hidden else ()
    return [*chosen, *(uid for uid in before if uid in hidden and uid in there)]


def _own_places(desk: Helpdesk) -> tuple[set[str], set[str]]:
    """Return the site's hosts, and the paths below which its articles are read."""
    site = urlsplit(desk.settings.site().url)
    hosts, roots = {site.netloc.casefold()}, {"", site.path.rstrip("/")}
    if has_request_context():  # what the browser shows, should the site have another name there
        hosts.add(request.host.casefold())
        roots.add(request.script_root)
    mount = str(desk.settings.effective("kb").values["mount"] or "").rstrip("/")
    return hosts, {f"{root}{place}/" for root in roots for place in (mount, "/x/kb") if place}


def _end(line: str, hosts: set[str], places: set[str]) -> tuple[str, str] | None:
    """Return language and name in an address, the language empty where none is given; None if it is none of ours."""
    written = f"//{line}" if line.partition("/")[0].casefold() in hosts else line
    try:
        address = urlsplit(written)
    except ValueError:  # as of a host that begins with a bracket
        return None
    path = unquote(address.path).rstrip("/")
    is_full = bool(address.scheme or address.netloc) or path.startswith("/")
    if address.netloc.casefold() not in {*hosts, ""} or address.scheme not in ("http", "https", ""):
        return None
    if is_full:
        path = next((path.removeprefix(each) for each in places if path.startswith(each)), "")
    locale, _slash, slug = path.rpartition("/")
    if not slug or "/" in locale or (is_full and not locale) or not path.isprintable():
        return None
    return locale, slug
