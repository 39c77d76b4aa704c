"""Which of the things that happened to a ticket can be taken back from its page, and how."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from flask import url_for

from helpdesk_core.actor import Actor
from helpdesk_core.events.models import EventRow
from helpdesk_core.tickets.models import Ticket
from helpdesk_core.tickets.surroundings import Surroundings
from helpdesk_core.tickets.vocabulary import Vocabulary
from helpdesk_core.web.desk.story import Undo

OFFERED_FOR: Final = timedelta(hours=1)
"""How long one's own last change of fields can be taken back with a button; splits and merges always can."""


def undos(
    ticket: Ticket, events: Sequence[EventRow], around: Surroundings, actor: Actor, words: Vocabulary, now: datetime
) -> dict[int, Undo]:
    """Return how events of the ticket can be undone, by event id: splits and merges, and one's own last change."""
    found: dict[int, Undo] = {}
    standing = {each.uid for each in around.operations}
    if actor.may("ticket.merge", ticket.department_id):
        for row in events:
            if row.type in ("ticket.split", "ticket.merged") and row.data["operation"] in standing:
                href = url_for("desk.undo", uid=row.data["operation"])
                found[row.id] = Undo(href, {"number": ticket.number or ""})
    last = next((row for row in reversed(events) if _is_change(row)), None)
    if last is None or last.actor_id != actor.user_id or now - last.created_at > OFFERED_FOR:
        return found
    undo = _of_move(ticket, last, actor, words) if last.type == "ticket.moved" else _of_change(ticket, last, actor)
    if undo is not None:
        found[last.id] = undo
    return found


def _is_change(row: EventRow) -> bool:
    """Tell whether the event is a change of fields, or a move: the change that goes along with it is part of it."""
    return row.type == "ticket.moved" or (row.type == "ticket.changed" and "department" not in row.data["changes"])


def _of_change(ticket: Ticket, row: EventRow, actor: Actor) -> Undo | None:
    changes: Mapping[str, Sequence[Any]] = row.data["changes"]
    needed = {"ticket.assign" if name == "assignee" else "ticket.change" for name in changes}
    if ticket.merged_into_id is not None or not all(actor.may(each, ticket.department_id) for each in needed):
        return None
    fields = {name: _text(before) for name, (before, _after) in changes.items()}
    fields |= {f"was_{name}": _text(after) for name, (_before, after) in changes.items()}
    return Undo(url_for("desk.change", number=ticket.number), fields)


def _of_move(ticket: Ticket, row: EventRow, actor: Actor, words: Vocabulary) -> Undo | None:
    if ticket.merged_into_id is not None or not actor.may("ticket.move", ticket.department_id):
        return None
    key = next((each.key for each in words.departments.values() if each.id == row.data["from_department_id"]), None)
    return Undo(url_for("desk.move", number=ticket.number), {"department": key}) if key else None


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    return "" if value is None else str(value)
