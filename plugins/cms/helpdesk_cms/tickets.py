"""A customer's tickets in another site's page: the list, and one with what one can do."""

import re
from dataclasses import replace
from typing import Any, Final

from markupsafe import Markup, escape
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from helpdesk_core.api.db import new_uid
from helpdesk_core.api.errors import HelpdeskError
from helpdesk_core.api.portal import (
    EXPECTED,
    GROUPS,
    as_letter,
    keep_files,
    listed,
    needs_follow_up,
    received_files,
    refuse_left_out,
    refuse_unusable,
    sent_before,
    standing,
    waiting_files,
)
from helpdesk_core.api.tickets import (
    NewMessage,
    Ticket,
    close,
    conversation,
    find_ticket,
    list_tickets,
    mark_seen,
    reopen,
    reply,
    seen_at,
    visible,
)
from helpdesk_core.api.web import close_session, db

from .asking import problems_of, uid_of
from .fragments import Asked, Fragment, show, sign_in_first
from .places import file_token
from .texts import _

LASTS: Final = 30
"""Seconds for which a shell may show somebody's tickets without asking."""
FEW: Final = 20
NAMES: Final = {"text": "body", "attachments": "body"}
_FILE: Final = re.compile(
    r'(?P<before>(?:href|src)=")[^"]*?/attachments/(?P<uid>[A-Za-z0-9_-]{22})(?:/[^"]*)?(?P<after>")'
)
_REMOTE: Final = re.compile(r'<img\b[^>]*\bdata-remote="[^"]*"[^>]*>')


def mine(asked: Asked) -> Fragment:
    """Show the tickets in groups, what waits for the person first."""
    if asked.who.signed is None:
        return sign_in_first(asked)
    reader = replace(asked.actor, organisation_id=None)
    titles = {"waiting": _("Waiting for you"), "open": _("Open"), "closed": _("Closed")}
    generation = asked.who.signed.generation
    pages = {
        key: list_tickets(asked.desk, db(), reader, wanted, side="portal", limit=FEW, generation=generation)
        for key, wanted in GROUPS.items()
    }
    groups = [(titles[key], [listed(reader, row) for row in page.rows]) for key, page in pages.items() if page.rows]
    more = any(page.next for page in pages.values())
    here = asked.desk.settings.site().url
    return show(
        asked, "cms/tickets.html", _("My tickets"), max_age=LASTS, groups=groups, all_of_them=here if more else ""
    )


def one(asked: Asked, number: str) -> Fragment:
    """Show one ticket, or do what its form asks for."""
    if asked.who.signed is None:
        return sign_in_first(asked)
    ticket = find_ticket(db(), asked.actor, number, "portal")
    if asked.form is None:
        goes_on = _where_it_went(asked, ticket)
        return Fragment(go=f"tickets/{goes_on}", status=303) if goes_on else _page(asked, ticket, max_age=LASTS)
    act = asked.form.get("do", "reply")
    if act in ("close", "reopen"):
        close_session()
        try:
            (close if act == "close" else reopen)(asked.desk, asked.actor, number)
        except EXPECTED as error:
            return _page(asked, ticket, error=error)
        return Fragment(go=f"tickets/{number}", status=303)
    return _reply(asked, ticket, number)


def _reply(asked: Asked, ticket: Ticket, number: str) -> Fragment:
    form = asked.form
    assert form is not None
    desk, actor, uploads = asked.desk, asked.actor, received_files()
    kept = waiting_files(db(), actor, form.getlist("attachments"))
    uid = uid_of(form, uploads, number, actor.uid or "")
    if done := sent_before(db(), uid):
        return Fragment(go=f"tickets/{done.number}", status=303)
    close_session()
    draft = NewMessage(
        text=form.get("body", ""), uploads=uploads, attachments=tuple(each.uid for each in kept), uid=uid
    )
    try:
        refuse_left_out()
        refuse_unusable(form)
        posted = reply(desk, actor, number, draft)
    except IntegrityError:
        if sent_before(db(), uid) is None:
            raise
        return Fragment(go=f"tickets/{number}", status=303)
    except EXPECTED as error:
        return _page(asked, ticket, error=error, kept=[*kept, *keep_files(desk, actor, uploads)[0]])
    return Fragment(go=f"tickets/{posted.ticket.number or number}", status=303)


def _page(
    asked: Asked, ticket: Ticket, *, error: HelpdeskError | None = None, kept: Any = (), max_age: int = 0
) -> Fragment:
    desk, session, actor = asked.desk, db(), asked.actor
    letters = [as_letter(message) for message in conversation(session, ticket, internal=False)]
    read = seen_at(session, actor, ticket)
    close_session()
    if read is None or read < ticket.updated_at:
        mark_seen(desk, actor, ticket)
    own, late = actor.user_id == ticket.requester_id, needs_follow_up(ticket, desk.now())
    form = asked.form
    return show(
        asked,
        "cms/ticket.html",
        ticket.subject,
        status=422 if error else 200,
        max_age=max_age,
        ticket=ticket,
        standing=standing(actor, ticket),
        letters=[(letter, _placed(asked, letter.html), _placed(asked, letter.quoted)) for letter in letters],
        files={letter.id: _files(asked, letter) for letter in letters},
        may_close=own and ticket.is_open,
        may_reopen=own and not ticket.is_open and not late,
        merged=ticket.merged_into_id is not None,
        opens_new=late,
        kept=kept,
        errors=problems_of(error, ["body"], NAMES) if error else {},
        body=form.get("body", "") if form is not None else "",
        form_uid=form.get("form_uid", "") if form is not None else new_uid(),
    )


def _placed(asked: Asked, html: Markup) -> Markup:
    """Return safe HTML whose files are addressed so that they open from another site; far pictures are left out."""

    def addressed(match: re.Match[str]) -> str:
        return f"{match['before']}{escape(_file_link(asked, match['uid']))}{match['after']}"

    return Markup(_FILE.sub(addressed, _REMOTE.sub("", str(html))))  # noqa: S704 - was safe, and addresses are escaped


def _files(asked: Asked, letter: Any) -> list[dict[str, Any]]:
    shown = {file.href for file in (*letter.files, *letter.pictures)}
    return [
        {"name": each.name, "size": each.size, "href": _file_link(asked, each.uid)}
        for each in letter.message.attachments
        if any(each.uid in href for href in shown)
    ]


def _file_link(asked: Asked, uid: str) -> str:
    token = file_token(asked.desk, asked.actor.user_id or 0, uid)
    return f"{asked.desk.settings.site().url}/x/cms/file/{token}"


def _where_it_went(asked: Asked, ticket: Ticket) -> str | None:
    if ticket.merged_into_id is None:
        return None
    query = select(Ticket.number).where(Ticket.id == ticket.merged_into_id, visible(asked.actor, "portal"))
    number: str | None = db().scalar(query)
    return number
