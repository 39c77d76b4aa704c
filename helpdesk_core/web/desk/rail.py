"""The desk's rail: workspaces with their counts, then what plugins add."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from flask import request, url_for

from helpdesk_core.texts import lazy as _l
from helpdesk_core.tickets.arranging import Arrangement, Choice, arrangement
from helpdesk_core.tickets.filtering import TicketFilter
from helpdesk_core.tickets.listing import count_tickets
from helpdesk_core.tickets.searches import Workspace, workspaces
from helpdesk_core.tickets.standing import STANDING
from helpdesk_core.web import hooks
from helpdesk_core.web.asking_ahead import Question, ask_ahead, collected
from helpdesk_core.web.context import current_actor, current_desk, db, signed_in, state
from helpdesk_core.web.localisation import gettext as _
from helpdesk_core.web.slots import of_layout
from helpdesk_core.web.surroundings import as_items

MANY: Final = 1000
"""Counting ends here; what is more is shown as `999+`."""
SHARE_OF_TIME: Final = 20
"""Counts of kept searches are used for this many times as long as counting took, so they cost a twentieth at most."""

_FACES: Final = {
    "turn": (_l("My turn"), "inbox", "g i"),
    "mine": (_l("Assigned to me"), "user-check", "g m"),
    "unassigned": (_l("Nobody's yet"), "user", "g u"),
    "open": (_l("All open"), "circle-dot", "g o"),
    "waiting": (_l("Waiting for customers"), "hourglass", "g w"),
    "following": (_l("Followed"), "eye", "g f"),
    "closed": (_l("Closed recently"), "lock", "g c"),
}


@dataclass(frozen=True, slots=True)
class View:
    """A workspace as one person has it; `space` is the kept search behind it, None for those that everybody has."""

    key: str
    name: Any
    icon: str
    filter: TicketFilter
    sort: str
    columns: tuple[str, ...]
    choice: Choice
    shortcut: str = ""
    counted: bool = True
    space: Workspace | None = None
    may_change: bool = False


SLOW: Final = 0.1
"""Seconds; where counting kept searches takes longer, pages leave it to the question for what is new."""
PATIENCE: Final = 300
"""Seconds for which pages then use what was counted before."""


@dataclass(slots=True)
class _Counted:
    until: float
    pages_until: float
    counts: dict[TicketFilter, int]


def my_arrangement() -> Arrangement:
    """Return what the person made of their workspaces."""
    signed = signed_in()
    return arrangement(signed.user.preferences) if signed else Arrangement()


def all_views() -> dict[str, View]:
    """Return the workspaces of this person by key, in their order: the common ones, then the kept searches."""
    signed, actor, mine = signed_in(), current_actor(), my_arrangement()
    found: dict[str, View] = {}
    for key, each in STANDING.items():
        name, icon, shortcut = _FACES[key]
        choice = mine.of(key)
        sort = choice.sort or each.sort
        found[key] = View(key, _(name.msgid), icon, each.filter, sort, choice.columns, choice, shortcut, each.counted)
    for space in workspaces(current_desk(), db(), actor, signed.generation if signed else None):
        choice = mine.of(space.uid)
        found[space.uid] = View(
            space.uid,
            space.name,
            "users" if space.is_shared else "star",
            space.filter,
            choice.sort or space.sort,
            choice.columns or space.columns,
            choice,
            counted=not space.filter.text and space.filter.state != ("closed",),
            space=space,
            may_change=space.may_change(actor),
        )
    return {key: found[key] for key in mine.sorted(list(found))}


def count_views(views: Mapping[str, View], *, page: bool = True) -> dict[str, int]:
    """Return how many tickets are in each workspace that is counted, `MANY` at most; one query for all of them.

    A `page` somebody waits for takes older counts of kept searches where counting them is slow.
    """
    signed, actor = signed_in(), current_actor()
    shown = [view for view in views.values() if view.counted and not view.choice.hidden]
    common = {view.key: view.filter for view in shown if view.space is None}
    kept = {view.key: view.filter for view in shown if view.space is not None}
    generation = signed.generation if signed else None
    memory: dict[Any, _Counted] = current_desk().remember(db(), "counts of kept searches", lambda _: {}, generation)
    who = actor.user_id
    known = memory.get(who)
    started = time.monotonic()
    fresh = (
        known is not None
        and started < (known.pages_until if page else known.until)
        and known.counts.keys() >= set(kept.values())
    )
    counts = count_tickets(
        current_desk(), db(), actor, common if fresh else {**common, **kept}, generation=generation, limit=MANY
    )
    if known is not None and fresh:
        return counts | {key: known.counts[wanted] for key, wanted in kept.items()}
    if kept:
        now = time.monotonic()
        if len(memory) > MANY:
            memory.clear()
        until = now + SHARE_OF_TIME * (now - started)
        pages = max(until, now + PATIENCE) if now - started > SLOW else until
        memory[who] = _Counted(until, pages, {wanted: counts[key] for key, wanted in kept.items()})
    return counts


def rail_context(current: str = "", views: Mapping[str, View] | None = None) -> Mapping[str, Any]:
    """Return what the desk's layout needs; `current` is the key of the list that is shown."""
    views = views or all_views()
    actor = current_actor()
    if hooks.desk_links not in state().answers:
        ask_ahead(of_rail())
    counts = count_views(views)
    shown = [view for view in views.values() if not view.choice.hidden or view.key == current]
    base = url_for("desk.tickets")
    common = [_item(view, base, current, counts) for view in shown if view.space is None]
    kept = [_item(view, base, current, counts) for view in shown if view.space is not None]
    groups: list[dict[str, Any]] = [
        {"key": "common", "title": "", "items": common},
        {"key": "kept", "title": _("Workspaces"), "items": [*kept, _arrange(current)]},
    ]
    links = as_items(collected(hooks.desk_links, actor=actor))
    if links:
        groups.append({"key": "plugins", "title": _("More"), "items": links})
    return {
        "rail": groups,
        "rail_key": tuple((each["title"], *(tuple(item.items()) for item in each["items"])) for each in groups),
        "waiting_count": counts.get("turn", 0),
        "new_ticket_href": url_for("desk.new_ticket") if actor.may("ticket.open") else "",
        "commands": sorted(collected(hooks.desk_commands, actor=actor), key=lambda each: each.order),
        "live_since": current_desk().now().isoformat(),
    }


def of_rail() -> list[Question]:
    """Return what plugins are asked for the desk's layout, slots of every page among it."""
    actor = {"actor": current_actor()}
    layout = [Question(hooks.desk_links, actor), Question(hooks.desk_commands, actor)]
    return [*layout, *of_layout()]


def shown_count(count: int) -> str:
    """Return a count as the rail shows it; empty for nothing."""
    if count >= MANY:
        return f"{MANY - 1}+"
    return str(count) if count else ""


def _arrange(current: str) -> dict[str, Any]:
    return {
        "label": _("All workspaces"),
        "href": url_for("desk.arrange"),
        "icon": "list",
        "current": request.endpoint == "desk.arrange",
        "shortcut": "g a",
    }


def _item(view: View, base: str, current: str, counts: Mapping[str, int]) -> dict[str, Any]:
    return {
        "key": view.key,
        "label": view.name,
        "href": f"{base}?view={quote(view.key)}",
        "icon": view.icon,
        "count": shown_count(counts.get(view.key, 0)),
        "loud": view.key == "turn",
        "current": view.key == current,
        "shortcut": view.shortcut,
        "watched": view.choice.watched,
    }
