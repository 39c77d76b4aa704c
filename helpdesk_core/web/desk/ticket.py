"""The ticket page of the desk: the whole story on one page, and the composer."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import render_template, request

from helpdesk_core.tickets.holding import held_replies
from helpdesk_core.tickets.models import HeldReply, Ticket
from helpdesk_core.tickets.queries import conversation as messages_of
from helpdesk_core.tickets.queries import find_ticket, timeline
from helpdesk_core.tickets.seen import mark_seen, seen_at
from helpdesk_core.tickets.surroundings import Surroundings, surroundings
from helpdesk_core.web import hooks
from helpdesk_core.web.asking_ahead import Question, ask_ahead, collected
from helpdesk_core.web.context import close_session, current_actor, current_desk, db, signed_in, words
from helpdesk_core.web.desk.composer import Composer, draft_name, from_draft, preview_html
from helpdesk_core.web.desk.lists import choices
from helpdesk_core.web.desk.presence import mark_of
from helpdesk_core.web.desk.rail import of_rail, rail_context
from helpdesk_core.web.desk.story import Known, story, timeline_lines
from helpdesk_core.web.desk.undoing import undos
from helpdesk_core.web.localisation import gettext as _
from helpdesk_core.web.message_parts import message_parts, of_messages
from helpdesk_core.web.routing import STAFF, Routes
from helpdesk_core.web.slots import of_slot

routes = Routes("desk", "/desk")


@routes.get("/tickets/<number>", permission=STAFF)
def ticket(number: str) -> str:
    """Show a ticket: correspondence, notes and what happened, in order, on one page."""
    return show(number)


def show(number: str, composer: Composer | None = None, conflict: Sequence[Mapping[str, Any]] = ()) -> str:
    """Return the page; `composer` is what a form brought, instead of the draft.

    `conflict` tells of fields that somebody else changed first: `label`, `now`, `yours`, `field`, `value`, `was`.
    """
    desk, actor, session = current_desk(), current_actor(), db()
    found = find_ticket(session, actor, number, "desk")
    messages = messages_of(session, found, internal=True)
    around = surroundings(session, actor, found, "desk", desk.now(), draft_name(number))
    events = timeline(session, found)
    held = held_replies(session, found) if around.has_held else []
    chosen = choices()
    known = _known(found, around, chosen["people"])
    on_ticket = {"ticket": found, "actor": actor}
    may = _may(found, specialist=any(each.role == "specialist" and each.uid == actor.uid for each in around.people))
    slots = ["desk.ticket.header", "desk.ticket.sidebar", *(["desk.composer"] if may["reply"] or may["note"] else [])]
    ask_ahead(
        [
            *of_rail(),
            Question(hooks.ticket_actions, on_ticket),
            of_messages(messages, found),
            *(of_slot(name, ticket=found) for name in slots),
        ]
    )
    composer = composer or (from_draft(session, actor, number) if around.has_draft else Composer())
    page = render_template(
        "desk/ticket.html",
        ticket=found,
        parts=story(messages, events, known, undos(found, events, around, actor, words(), desk.now())),
        lines=timeline_lines(messages, events, known) if request.args.get("show") == "timeline" else None,
        extras=message_parts(messages, found),
        around=around,
        choices=chosen,
        may=may,
        colleagues=[each for each in chosen["people"] if each.works_in(found.department_id)],
        actions=collected(hooks.ticket_actions, ticket=found, actor=actor),
        then=_send_options(found),
        steps=_steps(found),
        priorities=_priorities(found),
        statuses=words().statuses,
        is_following=any(each.role == "follower" and each.uid == actor.uid for each in around.people),
        held=[
            {"reply": each, "html": preview_html(_text_of(each)), "mine": each.author_id == actor.user_id}
            for each in held
        ],
        composer=composer,
        draft_name=draft_name(number),
        read_to=messages[-1].uid if messages else "",
        conflict=conflict,
        mark=mark_of(found),
        panels=_panels(),
        **rail_context(),
    )
    if request.method == "GET" and not around.is_seen and "prefetch" not in request.headers.get("Sec-Purpose", ""):
        read = seen_at(session, actor, found)
        close_session()
        if read is None or read < found.updated_at:
            mark_seen(desk, actor, found)
    return page


def _known(found: Ticket, around: Surroundings, people: Sequence[Any]) -> Known:
    by_id = {each.id: each.name for each in around.people} | {found.requester_id: found.requester.name}
    return Known(words(), {each.uid: each.name for each in people}, by_id)


def _panels() -> Mapping[str, bool]:
    """Return which panels the person has folded or opened, by key; the others are as they come."""
    signed = signed_in()
    kept = signed.user.preferences.get("panels") if signed else None
    return kept if isinstance(kept, dict) else {}


def _text_of(held: HeldReply) -> str:
    return str(held.draft.get("text", ""))


def _may(found: Ticket, *, specialist: bool) -> Mapping[str, bool]:
    """Return what the actor may do; a specialist writes, whatever their rights in the department are."""
    actor = current_actor()
    names = ("reply", "note", "change", "assign", "move", "merge", "redact")
    may = {name: actor.may(f"ticket.{name}", found.department_id) for name in names}
    may["move"] = may["move"] and found.merged_into_id is None
    return may | ({"reply": True, "note": True} if specialist else {})


def _send_options(found: Ticket) -> list[tuple[str, str]]:
    if not current_actor().may("ticket.change", found.department_id):
        return []
    vocabulary = words()
    return [
        (status.key, _("Send and set “%(status)s”", status=status.name))
        for status in vocabulary.statuses.values()
        if status.is_active and status.state != "new" and vocabulary.may_follow(found.status, status)
    ]


def _steps(found: Ticket) -> list[tuple[str, str]]:
    vocabulary = words()
    return [
        (status.key, status.name)
        for status in vocabulary.statuses.values()
        if vocabulary.may_follow(found.status, status) and (status.is_active or status.id == found.status_id)
    ]


def _priorities(found: Ticket) -> Mapping[str, Any]:
    """Return the priorities above and below the ticket's own, None at either end."""
    ladder = sorted(words().priorities.values(), key=lambda each: each.level)
    above = [each for each in ladder if each.level > found.priority.level]
    below = [each for each in ladder if each.level < found.priority.level]
    return {"higher": above[0] if above else None, "lower": below[-1] if below else None}
