"""Changing many tickets at once: each for itself, with what became of each, and all of it undone together."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from helpdesk_core.actor import Actor
from helpdesk_core.errors import Conflict, HelpdeskError, Invalid, NotFound, Unavailable
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.texts import lazy as _l
from helpdesk_core.tickets import changing
from helpdesk_core.tickets.inputs import Change
from helpdesk_core.tickets.models import BulkChange, Ticket
from helpdesk_core.tickets.rights import visible
from helpdesk_core.tickets.vocabulary import vocabulary
from helpdesk_core.users.models import User

MAX_BULK: Final = 200
KEPT: Final = timedelta(days=1)
Say = Callable[[HelpdeskError], str]
FIELDS: Final = ("status", "priority", "type", "assignee")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A ticket that was left as it is, and why."""

    number: str
    reason: str


@dataclass(frozen=True, slots=True)
class BulkResult:
    """What became of each ticket; `uid` names it for undoing."""

    uid: str
    done: Sequence[str]
    unchanged: Sequence[str]
    refused: Sequence[Refusal]
    is_undone: bool = False


def change_many(
    desk: Helpdesk,
    actor: Actor,
    numbers: Sequence[str],
    wanted: Change,
    department: str | None = None,
    *,
    say: Say = str,
) -> BulkResult:
    """Change status, priority, type or assignee of the tickets, or move them to a department (its key).

    Every ticket is a unit of work of its own, so that one that is refused keeps no other from being changed; `say` puts
    a refusal into words. Raises
    `Invalid` when there is nothing to do, or more than can be done at once.
    """
    numbers = list(dict.fromkeys(numbers))
    given = wanted.given()
    if not numbers:
        text = _l("Nothing was changed, because no ticket was chosen. Tick them in the list first.")
        raise Invalid({"tickets": [text]})
    if len(numbers) > MAX_BULK:
        raise Invalid(
            {"tickets": [_l("%(max_bulk)s tickets can be changed at once. Choose fewer.", max_bulk=MAX_BULK)]}
        )
    if not (given or department) or set(given) - set(FIELDS):
        raise Invalid({"": [_l("Nothing was changed. Choose a status, assignee, priority, type or department first.")]})
    with desk.read() as session:
        before = _as_they_are(desk, session, actor, numbers)
    done: list[str] = []
    unchanged: list[str] = []
    refused: list[Refusal] = []
    undo: list[list[Any]] = []
    for number in numbers:
        changes, error = _change_one(desk, actor, number, before.get(number, {}), wanted, department)
        if changes:
            undo.append([number, changes])
        if error:
            refused.append(Refusal(number, say(error)))
        else:
            (done if changes else unchanged).append(number)
    data = {
        "undo": undo,
        "done": done,
        "unchanged": unchanged,
        "refused": [[each.number, each.reason] for each in refused],
    }
    with desk.begin(actor) as tx:
        tx.session.execute(delete(BulkChange).where(BulkChange.created_at < tx.now - KEPT))
        kept = BulkChange(user_id=actor.user_id, data=data, created_at=tx.now)
        tx.session.add(kept)
    return BulkResult(kept.uid, done, unchanged, refused)


def bulk_result(session: Session, actor: Actor, uid: str) -> BulkResult | None:
    """Return what the actor's own change of many tickets did; None if it is not theirs, or over a day old."""
    kept = session.scalar(select(BulkChange).where(BulkChange.uid == uid, BulkChange.user_id == actor.user_id))
    return None if kept is None else _result(kept)


def undo_many(desk: Helpdesk, actor: Actor, uid: str, *, say: Say = str) -> BulkResult:
    """Put every ticket of a change back as it was; one that was changed again since is left, and told."""
    with desk.begin(actor) as tx:
        kept = tx.session.scalar(
            select(BulkChange).where(BulkChange.uid == uid, BulkChange.user_id == actor.user_id).with_for_update()
        )
        if kept is None:
            raise NotFound(_l("This change is over a day old, or is not yours. Change the tickets again instead."))
        if kept.undone_at is not None:
            raise Conflict(_l("This was undone already."))
        kept.undone_at = tx.now
    done, refused = [], []
    for number, changes in kept.data["undo"]:
        error = _undo_one(desk, actor, number, changes)
        if error:
            refused.append(Refusal(number, say(error)))
        else:
            done.append(number)
    return BulkResult(uid, done, [], refused, is_undone=True)


def _result(kept: BulkChange) -> BulkResult:
    return BulkResult(
        kept.uid,
        kept.data["done"],
        kept.data["unchanged"],
        [Refusal(number, reason) for number, reason in kept.data["refused"]],
        kept.undone_at is not None,
    )


def _as_they_are(
    desk: Helpdesk, session: Session, actor: Actor, numbers: Sequence[str]
) -> dict[str, Mapping[str, str | None]]:
    """Return the fields of the tickets that the actor sees, by number; one query."""
    words = vocabulary(desk, session)
    keys: dict[str, dict[int, str]] = {
        "status": {each.id: each.key for each in words.statuses.values()},
        "priority": {each.id: each.key for each in words.priorities.values()},
        "type": {each.id: each.key for each in words.types.values()},
        "department": {each.id: each.key for each in words.departments.values()},
    }
    query = (
        select(Ticket.number, Ticket.status_id, Ticket.priority_id, Ticket.type_id, Ticket.department_id, User.uid)
        .outerjoin(User, User.id == Ticket.assignee_id)
        .where(Ticket.number.in_(numbers), visible(actor, "desk"))
    )
    return {
        number or "": {
            "status": keys["status"][status],
            "priority": keys["priority"][priority],
            "type": keys["type"][kind] if kind else None,
            "department": keys["department"][department],
            "assignee": assignee,
        }
        for number, status, priority, kind, department, assignee in session.execute(query)
    }


def _change_one(
    desk: Helpdesk,
    actor: Actor,
    number: str,
    before: Mapping[str, str | None],
    wanted: Change,
    department: str | None,
) -> tuple[dict[str, list[str | None]], HelpdeskError | None]:
    """Return what was changed, and why something was not."""
    changes: dict[str, list[str | None]] = {}
    try:
        if wanted.given():
            ticket = changing.change(desk, actor, number, wanted)
            after = {
                "status": ticket.status.key,
                "priority": ticket.priority.key,
                "type": ticket.type.key if ticket.type else None,
                "assignee": ticket.assignee.uid if ticket.assignee else None,
            }
            changes = {name: [before.get(name), value] for name, value in after.items() if before.get(name) != value}
        if department and before.get("department") != department:
            changing.move(desk, actor, number, department)
            changes["department"] = [before.get("department"), department]
    except Unavailable:
        raise
    except HelpdeskError as error:
        return changes, error
    return changes, None


def _undo_one(
    desk: Helpdesk, actor: Actor, number: str, changes: Mapping[str, Sequence[str | None]]
) -> HelpdeskError | None:
    back = {name: values for name, values in changes.items() if name in FIELDS}
    try:
        if "department" in changes:
            changing.move(desk, actor, number, changes["department"][0] or "")
        if back:
            wanted: dict[str, Any] = {name: values[0] for name, values in back.items()}
            expected = {name: values[1] for name, values in back.items()}
            if "department" in changes:  # moving may have taken the assignee off
                expected.pop("assignee", None)
            changing.change(desk, actor, number, replace(Change(**wanted), expected=expected))
    except Unavailable:
        raise
    except HelpdeskError as error:
        return error
    return None
