"""The record of changes: everything that happened, and the proof that nobody altered it."""

import json
from dataclasses import dataclass
from typing import Any

from flask import request, url_for
from sqlalchemy import case, func, or_, select

from helpdesk_core.errors import Invalid
from helpdesk_core.events.models import EventRow
from helpdesk_core.tickets.audit import Broken, verify
from helpdesk_core.tickets.models import Ticket
from helpdesk_core.users.accounts import find_by_address
from helpdesk_core.web.admin.common import new_routes, show
from helpdesk_core.web.admin.record import areas, beginnings, names_for, told
from helpdesk_core.web.context import current_desk, db

routes = new_routes()

PAGE = 50
CHECKED_AT_ONCE = 1000
"""Tickets whose history one request checks; the next button goes on from there."""
SHOWN_BROKEN = 200
UNTOLD = frozenset({"content_hash"})
"""What an event carries for the seal only, and nobody reads."""


@dataclass(frozen=True)
class Entry:
    """An event for the table: `text` says in words what happened, empty if nobody has words for it."""

    row: EventRow
    number: str
    text: str
    details: str


@routes.get("/audit", permission="audit.read")
def audit() -> Any:
    """List what happened, newest first."""
    wanted = {name: request.args.get(name, "").strip() for name in ("area", "type", "actor", "ticket")}
    errors: dict[str, list[str]] = {}
    query = select(EventRow, Ticket.number).outerjoin(Ticket, Ticket.id == EventRow.ticket_id)
    if wanted["area"]:
        query = query.where(or_(*(EventRow.type.startswith(each) for each in beginnings(wanted["area"]))))
    if wanted["type"]:
        query = query.where(EventRow.type == wanted["type"])
    if wanted["actor"]:
        query = query.where(_by(wanted["actor"]))
    if wanted["ticket"]:
        query = query.where(Ticket.number == wanted["ticket"].lstrip("#"))
    if after := request.args.get("after", type=int):
        query = query.where(EventRow.id < after)
    rows = db().execute(query.order_by(EventRow.id.desc()).limit(PAGE + 1)).all()
    shown = rows[:PAGE]
    names = names_for(row for row, _number in shown)
    filters: dict[str, Any] = {name: text or None for name, text in wanted.items()}
    return show(
        "audit",
        errors,
        entries=[Entry(row, number or "", told(row, names), _details(row)) for row, number in shown],
        areas=areas(),
        wanted=wanted,
        start=url_for("admin.audit", **filters) if after else "",
        older=url_for("admin.audit", after=shown[-1][0].id, **filters) if len(rows) > PAGE else "",
    )


@routes.form("/audit/verify", permission="audit.read")
def check() -> Any:
    """Check that the histories of tickets are what was recorded, a bounded number of tickets at a time."""
    begin = request.form.get("after", default=0, type=int) if request.method == "POST" else 0
    before, total = db().execute(select(func.count(case((Ticket.id <= begin, 1))), func.count(Ticket.id))).one()
    broken: list[Broken] | None = None
    checked, last = int(before), begin
    if request.method == "POST":
        ids = select(Ticket.id).where(Ticket.id > begin).order_by(Ticket.id).limit(CHECKED_AT_ONCE).subquery()
        count, end = db().execute(select(func.count(), func.max(ids.c.id))).one()
        broken = list(verify(current_desk(), db(), after=begin, up_to=end)) if count else []
        checked, last = int(before) + int(count), int(end or begin)
    return show(
        "verify",
        broken=broken[:SHOWN_BROKEN] if broken is not None else None,
        more_broken=max(0, len(broken or ()) - SHOWN_BROKEN),
        first=int(before) + 1,
        checked=checked,
        total=int(total),
        last=last,
        at_once=CHECKED_AT_ONCE,
        ends=checked >= int(total),
    )


def _by(who: str) -> Any:
    try:
        person = find_by_address(db(), who) if "@" in who else None
    except Invalid:
        person = None
    if person is not None:
        return EventRow.actor_id == person.id
    return or_(EventRow.actor_name == who, EventRow.channel == who)


def _details(row: EventRow) -> str:
    parts = [
        f"{key}: {_short(value)}"
        for key, value in row.data.items()
        if key not in UNTOLD and value not in (None, "", [], {})
    ]
    return ", ".join(parts)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:80]}…"
