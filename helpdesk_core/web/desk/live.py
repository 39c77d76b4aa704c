"""What has changed since: asked again and again by open pages of the desk, cheap when nothing has."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from flask import jsonify, make_response, request, url_for
from sqlalchemy import and_, func, or_, select
from werkzeug.wrappers import Response

from helpdesk_core.errors import Invalid
from helpdesk_core.tickets.filtering import TicketFilter, conditions
from helpdesk_core.tickets.listing import Page
from helpdesk_core.tickets.models import Ticket
from helpdesk_core.tickets.rights import visible
from helpdesk_core.users.models import User
from helpdesk_core.web.context import current_actor, current_desk, db, signed_in, words
from helpdesk_core.web.desk.lists import find_page, read_address, render_rows
from helpdesk_core.web.desk.rail import View, all_views, count_views, shown_count
from helpdesk_core.web.localisation import gettext as _
from helpdesk_core.web.routing import STAFF, Routes

routes = Routes("desk", "/desk")
OVERLAP: Final = timedelta(seconds=5)
"""Asked for again: a change bears the time at which it began, and is seen only when it is committed."""
ANYWAY: Final = 30
"""Seconds after which even an unchanged page gets a whole answer, for what the mark of the last change misses."""
MOST: Final = 50
FEW: Final = 5


@routes.get("/live", permission=STAFF)
def live() -> Response:
    """Tell what changed in a list since a moment: counts, rows, what left it, and news in watched workspaces.

    The query is that of the list's address with `since` besides (and `list=1` where there is a list). Answers 304
    when no ticket was changed since the answer with that ETag.
    """
    since = _moment(request.args.get("since", ""))
    now, tag = current_desk().now(), _tag()
    if request.if_none_match.contains_weak(tag):
        answer = make_response("", 304)
        answer.set_etag(tag, weak=True)
        return answer
    views = all_views()
    asked = read_address(request.args, views)
    counts = count_views(views, page=False)
    fresh, gone = Page([]), list[str]()
    if request.args.get("list"):
        fresh, gone = _changed(asked.filter(), since)
    waiting = counts.get("turn", 0)
    answer = jsonify(
        since=now.isoformat(),
        waiting=waiting,
        counts={key: shown_count(count) for key, count in counts.items()},
        rows=render_rows(fresh.rows, asked.columns),
        order=[row.number for row in fresh.rows],
        gone=gone,
        news=_news([view for view in views.values() if view.choice.watched], since),
    )
    answer.set_etag(tag, weak=True)
    return answer


def _tag() -> str:
    """Return a mark of all that the answer depends on, had by one look at an index."""
    desk, signed = current_desk(), signed_in()
    last = db().scalar(select(func.max(Ticket.updated_at)))
    parts = (
        last,
        signed.generation if signed else 0,
        current_actor().user_id,
        request.full_path,
        int(desk.now().timestamp()) // ANYWAY,
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def _changed(wanted: TicketFilter, since: datetime) -> tuple[Page, list[str]]:
    """Return the list's tickets that were changed since, and the numbers of changed tickets that are not in it."""
    page = find_page(_since(wanted, since), "-updated", limit=MOST)
    inside = {row.number for row in page.rows}
    newer = (
        select(Ticket.number)
        .where(Ticket.updated_at >= since, visible(current_actor(), "desk"))
        .order_by(Ticket.updated_at.desc())
        .limit(MOST * 4)
    )
    return page, [number or "" for number in db().scalars(newer) if number not in inside]


def _since(wanted: TicketFilter, since: datetime) -> TicketFilter:
    return TicketFilter.of(wanted.as_dict() | {"updated_since": max(since, wanted.updated_since or since)})


def _news(watched: Sequence[View], since: datetime) -> list[dict[str, Any]]:
    """Return what customers wrote since then in watched workspaces, the newest first; one query for all of them."""
    vocabulary, actor = words(), current_actor()
    fitting = []
    for view in watched:
        try:
            fitting.append(and_(*conditions(view.filter, vocabulary, actor, "desk")))
        except Invalid:  # a status or department that is gone
            continue
    if not fitting:
        return []
    query = (
        select(Ticket.number, Ticket.subject, Ticket.last_customer_at, User.name)
        .join(User, User.id == Ticket.requester_id)
        .where(Ticket.updated_at >= since, Ticket.last_customer_at >= since, visible(actor, "desk"), or_(*fitting))
        .order_by(Ticket.updated_at.desc())
        .limit(FEW)
    )
    sound, notify = any(view.choice.sound for view in watched), any(view.choice.notify for view in watched)
    return [
        {
            "id": f"{number}-{when.isoformat() if when else ''}",
            "title": _("%(name)s wrote", name=name),
            "text": f"#{number} {subject}",
            "href": url_for("desk.ticket", number=number),
            "sound": sound,
            "notify": notify,
        }
        for number, subject, when, name in db().execute(query)
    ]


def _moment(text: str) -> datetime:
    now = current_desk().now()
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid({"since": ["Give the `since` of the answer before."]}) from None
    if given.tzinfo is None:
        raise Invalid({"since": ["Give the `since` of the answer before, with its zone."]})
    return max(given, now - timedelta(hours=1)) - OVERLAP
