"""Comments of a site that become tickets, once each."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from helpdesk_core.api import SYSTEM, Helpdesk
from helpdesk_core.api.departments import Department
from helpdesk_core.api.errors import Forbidden, Invalid, Unavailable
from helpdesk_core.api.tickets import NewMessage, NewTicket, Requester, Ticket, clean_line, open_ticket
from helpdesk_core.api.users import normalise

from .models import Claim, FromSite, Site
from .snapshots import Snapshot
from .texts import ID, UNUSABLE, lazy
from .texts import lazy as _l

LONGEST_ID: Final = 191
LONGEST_SUBJECT: Final = 120
LONGEST_URL: Final = 2000
NO_TEXT: Final = re.compile("[\0\ud800-\udfff]")
"""NUL, and halves of pairs: neither databases nor pages take them."""


@dataclass(frozen=True, slots=True)
class Made:
    """The ticket of a comment; `is_new` tells whether it was made just now."""

    number: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment as a shell hands it over."""

    id: str
    url: str
    page_title: str
    text: str
    name: str
    email: str


def open_for(desk: Helpdesk, site: Site, given: Mapping[str, Any]) -> Made:
    """Open a ticket for a comment, or return the one that it has; `Invalid` names what does not fit."""
    comment = _read(given)
    with desk.read() as session:
        if number := _number_of(session, site, comment.id):
            return Made(number, is_new=False)
        department = session.get(Department, site.comment_department_id) if site.comment_department_id else None
    if department is None or not department.is_active:
        raise Forbidden(_l("This site may not make tickets of comments: its page here names no department for them."))
    title = comment.page_title or comment.url
    snapshot = Snapshot(site.id, site.name, comment.url, {}, comment.id, comment.page_title)
    new = NewTicket(
        subject=_subject(title),
        message=NewMessage(text=comment.text, markdown=False),
        department=department.key,
        requester=Requester(email=comment.email, name=comment.name),
        extra={ID: snapshot},
    )
    try:
        with desk.begin(SYSTEM) as tx:
            # First, so that of several at once one goes on and the others wait here for what becomes of it: later, a
            # second row would be an error of our hook, and some of those switch a hook off.
            claim = Claim(site_id=site.id, comment=comment.id)
            tx.session.add(claim)
            tx.session.flush()
            posted = open_ticket(desk, replace(SYSTEM, channel="web"), new)
            claim.ticket_id = posted.ticket.id
            _check_written(desk, site, comment, posted.ticket)
    except (IntegrityError, _Unwritten) as error:
        with desk.read() as session:
            number = _number_of(session, site, comment.id)
        if number is None:
            raise Unavailable(
                _l("The comment could not be noted at a ticket. The helpdesk's page of plugins says why.")
            ) from error
        return Made(number, is_new=False)
    return Made(posted.ticket.number or "", is_new=True)


class _Unwritten(Exception):
    """The ticket does not know of the comment: our hook failed or is switched off."""


def _check_written(desk: Helpdesk, site: Site, comment: Comment, ticket: Ticket) -> None:
    """Undo the ticket unless the comment is noted as its own: what a hook writes may fail by itself."""
    with desk.begin(SYSTEM) as tx:
        query = select(FromSite.id).where(FromSite.ticket_id == ticket.id, FromSite.comment == comment.id)
        if tx.session.scalar(query) is None:
            raise _Unwritten


def _number_of(session: Session, site: Site, comment: str) -> str | None:
    query = select(Ticket.number).join(FromSite, FromSite.ticket_id == Ticket.id)
    number: str | None = session.scalar(query.where(FromSite.site_id == site.id, FromSite.comment == comment))
    return number


def _subject(title: str) -> str:
    line = clean_line(title)
    return str(lazy("Comment on “%(title)s”", title=line[:LONGEST_SUBJECT]))


def _read(given: Mapping[str, Any]) -> Comment:
    author = given.get("author")
    author = author if isinstance(author, dict) else {}
    problems: dict[str, list[str]] = {}

    def text(source: Mapping[str, Any], name: str, *, needed: bool = True) -> str:
        value = source.get(name)
        value = str(value) if isinstance(value, int) else value or ""
        if not isinstance(value, str) or (needed and not value.strip()):
            problems[name] = [_l("Send a text.")]
            return ""
        if NO_TEXT.search(value):
            problems[name] = [UNUSABLE]
            return ""
        return value

    comment = Comment(
        id=text(given, "id"),
        url=text(given, "url"),
        page_title=clean_line(text(given, "page_title", needed=False))[:300],
        text=text(given, "text"),
        name=text(author, "name", needed=False),
        email=text(author, "email"),
    )
    if len(comment.id) > LONGEST_ID:
        problems["id"] = [_l("The id of a comment has %(most)s characters at most.", most=LONGEST_ID)]
    if comment.url and (not comment.url.startswith(("http://", "https://")) or len(comment.url) > LONGEST_URL):
        problems["url"] = [_l("Send the whole address of the comment.")]
    if comment.email:
        try:
            normalise(comment.email)
        except Invalid as error:
            problems["email"] = list(error.problems["address"])
    if problems:
        raise Invalid(problems)
    return comment
