"""The site's own statuses and the steps between them: making, renaming, ordering, taking out of use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select

from helpdesk_core.actor import Actor
from helpdesk_core.errors import Conflict, Invalid, Refused
from helpdesk_core.runtime import Helpdesk, Transaction
from helpdesk_core.texts import lazy as _l
from helpdesk_core.tickets.events import WorkflowChanged
from helpdesk_core.tickets.models import STATES, TURNS, Status, StatusTransition, Ticket
from helpdesk_core.tickets.naming import find_word, free_key, require_free_key, require_key
from helpdesk_core.users.addresses import clean_name
from helpdesk_core.users.permissions import require

NEEDED_STATES: Final = ("new", "open", "waiting", "closed")
"""The states that tickets are put into by opening, answering and closing; each needs an active status."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusDraft:
    """What a status is: its name, one of the five states, and whose turn it is; `key` is made from an English name."""

    name: str
    state: str
    turn: str
    key: str = ""


def create_status(desk: Helpdesk, actor: Actor, draft: StatusDraft) -> Status:
    """Make a status, last in the order; needs `settings.manage`."""
    require(actor, "settings.manage")
    problems = _problems(draft) | require_key(draft.key)
    if problems:
        raise Invalid(problems)
    with desk.begin(actor) as tx:
        require_free_key(tx.session, Status, draft.key)
        last = tx.session.scalar(select(func.max(Status.position)))
        status = Status(
            key=draft.key or free_key(tx.session, Status, draft.name, "status"),
            name=clean_name(draft.name),
            state=draft.state,
            turn=draft.turn,
            position=0 if last is None else last + 1,
            is_active=True,
        )
        tx.session.add(status)
        tx.session.flush()
        _changed(tx, status.key, "created")
    return status


def change_status(desk: Helpdesk, actor: Actor, key: str, draft: StatusDraft) -> Status:
    """Rename a status, or give it another meaning; the key stays. `Refused` for a new meaning while tickets have it.

    Tickets keep copies of what their status means, and their history tells of what it meant then.
    """
    require(actor, "settings.manage")
    problems = _problems(draft)
    if problems:
        raise Invalid(problems)
    with desk.begin(actor) as tx:
        status = find_word(tx.session, Status, key)
        before = (status.name, status.state, status.turn)
        if (draft.state, draft.turn) != before[1:]:
            if _in_use(tx, status):
                raise Refused(
                    _l(
                        "Tickets have the status “%(status)s”, so what it means cannot change. Make another "
                        "status, and move the tickets there.",
                        status=status.name,
                    )
                )
            if draft.state != status.state:
                _keep_states(tx, status)
        status.name, status.state, status.turn = clean_name(draft.name), draft.state, draft.turn
        if (status.name, status.state, status.turn) != before:
            _changed(tx, key, "changed")
    return status


def deactivate_status(desk: Helpdesk, actor: Actor, key: str) -> Status:
    """Take a status out of use: tickets that have it keep it, no other gets it. `Refused` for the last of its state."""
    require(actor, "settings.manage")
    with desk.begin(actor) as tx:
        status = find_word(tx.session, Status, key)
        if status.is_active:
            _keep_states(tx, status)
            status.is_active = False
            _changed(tx, key, "deactivated")
    return status


def reactivate_status(desk: Helpdesk, actor: Actor, key: str) -> Status:
    """Take a status into use again."""
    require(actor, "settings.manage")
    with desk.begin(actor) as tx:
        status = find_word(tx.session, Status, key)
        if not status.is_active:
            status.is_active = True
            _changed(tx, key, "reactivated")
    return status


def delete_status(desk: Helpdesk, actor: Actor, key: str) -> None:
    """Delete a status that no ticket has; one in use can only be deactivated."""
    require(actor, "settings.manage")
    with desk.begin(actor) as tx:
        status = find_word(tx.session, Status, key)
        if _in_use(tx, status):
            raise Refused(_l("Tickets have the status “%(status)s”. Deactivate it instead.", status=status.name))
        if status.is_active:
            _keep_states(tx, status)
        tx.session.delete(status)
        _changed(tx, key, "deleted")


def reorder_statuses(desk: Helpdesk, actor: Actor, keys: Sequence[str]) -> None:
    """Put the statuses in the order of `keys`, which names every one; the first of a state is the one tickets get."""
    require(actor, "settings.manage")
    with desk.begin(actor) as tx:
        statuses = {each.key: each for each in tx.session.scalars(select(Status))}
        if sorted(keys) != sorted(statuses):
            raise Conflict(_l("The statuses have changed in between. Reload the list and order it again."))
        for position, key in enumerate(keys):
            statuses[key].position = position
        _changed(tx, "", "ordered")


def set_transitions(desk: Helpdesk, actor: Actor, steps: Mapping[str, Sequence[str]]) -> None:
    """Limit the steps between statuses: `steps` maps keys to the keys that may follow; one without any may go anywhere.

    All steps that are not named are taken away. `Invalid` if a status is unknown.
    """
    require(actor, "settings.manage")
    with desk.begin(actor) as tx:
        ids = {each.key: each.id for each in tx.session.scalars(select(Status))}
        unknown = sorted({*steps, *(key for keys in steps.values() for key in keys)} - ids.keys())
        if unknown:
            raise Invalid(_l("There is no status “%(value)s” any more. Reload the page.", value=unknown[0]))
        wanted = {(ids[key], ids[to]) for key, keys in steps.items() for to in keys if to != key}
        there = {(each.from_id, each.to_id): each for each in tx.session.scalars(select(StatusTransition))}
        if wanted == there.keys():
            return
        for step in there.keys() - wanted:
            tx.session.delete(there[step])
        tx.session.add_all(StatusTransition(from_id=before, to_id=after) for before, after in wanted - there.keys())
        _changed(tx, "", "steps")


def _problems(draft: StatusDraft) -> dict[str, list[str]]:
    problems: dict[str, list[str]] = {}
    if not clean_name(draft.name):
        problems["name"] = [_l("Write a name.")]
    if draft.state not in STATES:
        problems["state"] = [_l("Choose one of: %(states)s.", states=", ".join(STATES))]
    if draft.turn not in TURNS:
        problems["turn"] = [_l("Choose one of: %(turns)s.", turns=", ".join(TURNS))]
    return problems


def _in_use(tx: Transaction, status: Status) -> bool:
    return tx.session.scalar(select(Ticket.id).where(Ticket.status_id == status.id).limit(1)) is not None


def _keep_states(tx: Transaction, leaving: Status) -> None:
    """Raise `Refused` if the state would be without an active status; locks them, so that two cannot leave at once."""
    if leaving.state not in NEEDED_STATES or not leaving.is_active:
        return
    active = select(Status.id).where(Status.is_active, Status.state == leaving.state).with_for_update()
    if set(tx.session.scalars(active)) <= {leaving.id}:
        raise Refused(
            _l(
                "“%(leaving)s” is the last active status that means “%(state)s”, and tickets need one. "
                "Make or reactivate another one first.",
                leaving=leaving.name,
                state=leaving.state,
            )
        )


def _changed(tx: Transaction, key: str, what: str) -> None:
    tx.record(WorkflowChanged(subject="status", key=key, what=what))
    tx.reference_changed()
