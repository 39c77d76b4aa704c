"""Changing a ticket's fields, moving it, closing and reopening it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from helpdesk_core.actor import Actor
from helpdesk_core.errors import Conflict, Invalid
from helpdesk_core.runtime import Helpdesk, Transaction
from helpdesk_core.texts import joined
from helpdesk_core.texts import lazy as _l
from helpdesk_core.tickets import hooks
from helpdesk_core.tickets.checks import check_step, find_colleague
from helpdesk_core.tickets.conversation import is_specialist, note
from helpdesk_core.tickets.events import TicketMoved
from helpdesk_core.tickets.inputs import Change, NewMessage, checked_subject, checked_tags
from helpdesk_core.tickets.models import Ticket, TicketTag
from helpdesk_core.tickets.posting import record_change, set_status
from helpdesk_core.tickets.queries import find_ticket, lock_ticket
from helpdesk_core.tickets.vocabulary import Vocabulary, vocabulary
from helpdesk_core.users.permissions import require
from helpdesk_core.users.staff import may_work

SOMEBODY_ELSE = _l(
    "Somebody else changed this ticket in between. Nothing of yours was lost: reload, compare, send again."
)
MERGED = _l("This ticket was merged into another. Undo the merge to work on it again.")


def change(desk: Helpdesk, actor: Actor, number: str, wanted: Change) -> Ticket:
    """Change subject, status, priority, type, assignee or tags, and return the ticket as it is now.

    Raises `Conflict` when the ticket is no longer what the actor saw, `Invalid` with problems by field.
    """
    with desk.read() as session:
        ticket = find_ticket(session, actor, number, "desk")
        words = vocabulary(desk, session)
        _permitted(session, actor, ticket, wanted)
    wanted = desk.hooks.refine_valid(
        hooks.ticket_change, partial(_check, words), change=wanted, ticket=ticket, actor=actor
    )
    desk.hooks.veto(hooks.ticket_change_check, change=wanted, ticket=ticket, actor=actor)
    with desk.begin(actor) as tx:
        ticket = lock_ticket(tx.session, actor, number, "desk")
        if wanted.version is not None and wanted.version != ticket.version:
            raise Conflict(SOMEBODY_ELSE)
        was_open = ticket.is_open
        changes = _apply(tx, ticket, wanted, words)
        if changes:
            ticket.updated_at = max(tx.now, ticket.updated_at)
        record_change(tx, ticket, changes, was_open=was_open)
    return ticket


def move(desk: Helpdesk, actor: Actor, number: str, department: str, text: str = "") -> Ticket:
    """Move the ticket to another department, also to one the actor cannot read, with an optional internal note.

    An assignee who may not work there is taken off. `Conflict` where the ticket was merged into another.
    """
    with desk.read() as session:
        ticket = find_ticket(session, actor, number, "desk")
        require(actor, "ticket.move", ticket.department_id)
        target = vocabulary(desk, session).department(department)
    if target.id == ticket.department_id:
        return ticket
    if not target.is_active:
        raise Invalid(
            {"department": [_l("“%(target)s” is switched off. Choose another department.", target=target.name)]}
        )
    desk.hooks.veto(hooks.ticket_move_check, ticket=ticket, department=department, actor=actor)
    with desk.begin(actor) as tx:
        if lock_ticket(tx.session, actor, number, "desk").merged_into_id is not None:
            raise Conflict(MERGED)
        if text.strip():
            note(desk, actor, number, NewMessage(text=text))
        ticket = lock_ticket(tx.session, actor, number, "desk")
        before = ticket.department
        ticket.department_id = target.id
        ticket.department = tx.session.merge(target, load=False)
        ticket.updated_at = max(tx.now, ticket.updated_at)
        changes: dict[str, list[Any]] = {"department": [before.key, target.key]}
        if ticket.assignee is not None and not may_work(tx.session, ticket.assignee, target.id):
            changes["assignee"] = [ticket.assignee.uid, None]
            ticket.assignee = None
        tx.record(
            TicketMoved(
                from_department_id=before.id, to_department_id=target.id, from_name=before.name, to_name=target.name
            ),
            ticket,
        )
        record_change(tx, ticket, changes, was_open=ticket.is_open)
    return ticket


def close(desk: Helpdesk, actor: Actor, number: str) -> Ticket:
    """Close the ticket; its requester may do so as well as those who may change it."""
    return _turn(desk, actor, number, to_open=False)


def reopen(desk: Helpdesk, actor: Actor, number: str) -> Ticket:
    """Open a closed or resolved ticket again, without a message."""
    return _turn(desk, actor, number, to_open=True)


def _turn(desk: Helpdesk, actor: Actor, number: str, *, to_open: bool) -> Ticket:
    with desk.read() as session:
        ticket = find_ticket(session, actor, number)
        words = vocabulary(desk, session)
    if actor.user_id is None or actor.user_id != ticket.requester_id:
        require(actor, "ticket.change", ticket.department_id)
    now = words.status(ticket.status.key)
    status = words.in_state("open", "us", after=now) if to_open else words.in_state("closed", after=now)
    wanted = Change(status=status.key)
    desk.hooks.veto(hooks.ticket_change_check, change=wanted, ticket=ticket, actor=actor)
    with desk.begin(actor) as tx:
        ticket = lock_ticket(tx.session, actor, number)
        if ticket.merged_into_id is not None:
            raise Conflict(MERGED)
        was_open = ticket.is_open
        if was_open != to_open:
            check_step(words, ticket.status, status)
            changed = set_status(tx, ticket, status)
            ticket.updated_at = max(tx.now, ticket.updated_at)
            record_change(tx, ticket, {"status": changed} if changed else {}, was_open=was_open)
    return ticket


def _permitted(session: Session, actor: Actor, ticket: Ticket, wanted: Change) -> None:
    given = wanted.given()
    if not set(given) - {"tags"} and is_specialist(session, actor, ticket):
        return
    if "assignee" in given:
        require(actor, "ticket.assign", ticket.department_id)
    if set(given) - {"assignee"}:
        require(actor, "ticket.change", ticket.department_id)


def _check(words: Vocabulary, wanted: Change) -> None:
    """Raise `Invalid` for values that no ticket can have; the rest is found out as they are applied."""
    checks: dict[str, Callable[[Any], object]] = {
        "subject": checked_subject,
        "status": words.status,
        "priority": words.priority,
        "type": words.type,
        "tags": checked_tags,
    }
    for field, value in wanted.given().items():
        if field in checks:
            checks[field](value)


def _apply(tx: Transaction, ticket: Ticket, wanted: Change, words: Vocabulary) -> dict[str, list[Any]]:
    changes: dict[str, list[Any]] = {}
    for field, value in wanted.given().items():
        step = _FIELDS[field](tx, ticket, value, words)
        if step.before == step.after:
            continue
        if field in wanted.expected and wanted.expected[field] != step.before:
            raise Conflict(joined([SOMEBODY_ELSE, _it_is_now(field, step.before)]))
        step.apply()
        changes[field] = [step.before, step.after]
    return changes


def _it_is_now(field: str, value: Any) -> str:
    value = value or _l("none")
    return {
        "subject": _l("The subject is now “%(value)s”.", value=value),
        "status": _l("The status is now “%(value)s”.", value=value),
        "priority": _l("The priority is now “%(value)s”.", value=value),
        "type": _l("The type is now “%(value)s”.", value=value),
        "assignee": _l("The assignee is now “%(value)s”.", value=value),
        "tags": _l("The tags are now “%(value)s”.", value=value),
    }[field]


@dataclass(frozen=True, slots=True)
class _Step:
    """A field's value as it was and as it is to be, and what makes it so; `apply` raises if it may not be."""

    before: Any
    after: Any
    apply: Callable[[], object]


def _subject(tx: Transaction, ticket: Ticket, value: str, words: Vocabulary) -> _Step:
    subject = checked_subject(value)
    return _Step(ticket.subject, subject, lambda: setattr(ticket, "subject", subject))


def _status(tx: Transaction, ticket: Ticket, value: str, words: Vocabulary) -> _Step:
    def apply() -> None:
        status = words.usable_status(value)
        check_step(words, ticket.status, status)
        if ticket.merged_into_id is not None and status.is_open:
            raise Conflict(MERGED)
        set_status(tx, ticket, status)

    return _Step(ticket.status.key, value, apply)


def _priority(tx: Transaction, ticket: Ticket, value: str, words: Vocabulary) -> _Step:
    priority = tx.session.merge(words.priority(value), load=False)
    return _Step(ticket.priority.key, value, lambda: setattr(ticket, "priority", priority))


def _type(tx: Transaction, ticket: Ticket, value: str | None, words: Vocabulary) -> _Step:
    def apply() -> None:
        kind = words.usable_type(value)
        ticket.type = tx.session.merge(kind, load=False) if kind else None

    return _Step(ticket.type.key if ticket.type else None, value, apply)


def _assignee(tx: Transaction, ticket: Ticket, value: str | None, words: Vocabulary) -> _Step:
    before = ticket.assignee.uid if ticket.assignee else None

    def apply() -> None:
        ticket.assignee = find_colleague(tx.session, value, ticket.department) if value is not None else None

    return _Step(before, value, apply)


def _tags(tx: Transaction, ticket: Ticket, value: tuple[str, ...], words: Vocabulary) -> _Step:
    tags = checked_tags(value)
    mine = TicketTag.ticket_id == ticket.id
    before = list(tx.session.scalars(select(TicketTag.tag).where(mine).order_by(TicketTag.tag)))

    def apply() -> None:
        tx.session.execute(delete(TicketTag).where(mine))
        tx.session.add_all(TicketTag(ticket_id=ticket.id, tag=tag) for tag in tags)

    return _Step(sorted(before), list(tags), apply)


_FIELDS: dict[str, Callable[[Transaction, Ticket, Any, Vocabulary], _Step]] = {
    "subject": _subject,
    "status": _status,
    "priority": _priority,
    "type": _type,
    "assignee": _assignee,
    "tags": _tags,
}
