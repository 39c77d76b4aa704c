"""Carrying out steps that are due: together with the note that they were, so that each happens once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk_core.api import SYSTEM, HelpdeskError, Transaction
from helpdesk_core.api.automation import automatic_actions_of, run_action
from helpdesk_core.api.db import new_uid
from helpdesk_core.api.errors import Invalid
from helpdesk_core.api.i18n import known_locale, written_moment, zone_named
from helpdesk_core.api.mail import Mailbox, OutgoingDraft, desk_url, new_message_id, queue, site_address
from helpdesk_core.api.tickets import Change, Ticket, TicketTag, change, lock_ticket, move
from helpdesk_core.api.users import User, find_by_address, people_who_may, people_with_role

from .models import Clock, Firing, LedgerRow, Watched
from .texts import lazy
from .wording import TARGET_NAMES

ACTOR: Final = SYSTEM.through("sla")
MANAGE: Final = "workspace.share"
"""What managers may and agents may not: who holds it in the department is notified as its manager."""


def carry_out(tx: Transaction, watched: Watched) -> None:
    """Do all steps of a locked ticket that are due. One that cannot be done is noted with the reason, and left."""
    query = select(Firing, Ticket.number).join(Ticket, Ticket.id == Firing.ticket_id)
    query = query.where(Firing.ticket_id == watched.ticket_id, Firing.state == "due")
    due = tx.session.execute(query.order_by(Firing.due_at, Firing.id)).all()
    ticket: Ticket | None = None
    for firing, number in due:
        ticket = ticket or lock_ticket(tx.session, ACTOR, number or "")
        try:
            with tx.savepoint():
                told = ACTIONS[firing.action["action"]](tx, ticket, firing)
        except HelpdeskError as error:
            firing.state, firing.error, told = "failed", str(error), 0
            ticket = None  # what the step had changed is undone, so the next one reads it anew
        else:
            firing.state = "done"
        firing.done_at = tx.now
        tx.session.add(
            LedgerRow(
                ticket_id=watched.ticket_id,
                at=tx.now,
                kind=firing.action["kind"],
                what="step" if firing.state == "done" else "step_failed",
                cause={"code": "step", **firing.action, "told": told, "error": firing.error},
                microseconds=0,
                due_at=firing.due_at,
                event_id=None,
            )
        )


def _priority(tx: Transaction, ticket: Ticket, firing: Firing) -> int:
    change(tx.desk, ACTOR, ticket.number or "", Change(priority=firing.action["value"]))
    return 0


def _tag(tx: Transaction, ticket: Ticket, firing: Firing) -> int:
    there = tx.session.scalars(select(TicketTag.tag).where(TicketTag.ticket_id == ticket.id))
    tags = {*there, firing.action["value"]}
    change(tx.desk, ACTOR, ticket.number or "", Change(tags=tuple(sorted(tags))))
    return 0


def _assign(tx: Transaction, ticket: Ticket, firing: Firing) -> int:
    value = firing.action["value"]
    user = find_by_address(tx.session, value) if value else None
    if value and user is None:
        raise Invalid(lazy("Nobody has the address %(address)s. Change the step.", address=value))
    change(tx.desk, ACTOR, ticket.number or "", Change(assignee=user.uid if user else None))
    return 0


def _move(tx: Transaction, ticket: Ticket, firing: Firing) -> int:
    move(tx.desk, ACTOR, ticket.number or "", firing.action["value"])
    return 0


def _do(tx: Transaction, ticket: Ticket, firing: Firing) -> int:
    """Let another plugin act, under the rules of its hook: what it does wrong undoes this step alone."""
    key, _space, value = firing.action["value"].partition(" ")
    action = automatic_actions_of(tx.desk).get(key)
    if action is None:
        raise Invalid(lazy("No plugin that is switched on has the action “%(action)s”. Change the step.", action=key))
    run_action(tx.desk, action, lambda: action.act(tx, ticket, value.strip()))
    return 0


def _notify(tx: Transaction, ticket: Ticket, firing: Firing) -> int:
    people = _people(tx.session, ticket, firing.action)
    if not people:
        raise Invalid(lazy("There is nobody to notify. Assign the ticket, or give somebody the role."))
    due_at = tx.session.scalar(select(Clock.due_at).where(Clock.id == firing.clock_id))
    for reader in people:
        queue(tx, _draft(tx, ticket, firing, due_at, reader), f"sla:{firing.id}:{reader.address}")
    return len(people)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Somebody to notify; language and time zone are the site's where they have chosen none."""

    name: str
    address: str
    locale: str | None = None
    zone: str | None = None


def _people(session: Session, ticket: Ticket, action: Mapping[str, Any]) -> list[_Reader]:
    """Return everybody to notify."""
    who, value = action["action"], action["value"]
    if who == "mail":
        return [_Reader("", value)]
    found: Sequence[User]
    if who == "notify_agent":
        found = [ticket.assignee] if ticket.assignee else []
    elif who == "notify_manager":
        found = people_who_may(session, MANAGE, ticket.department_id)
    else:
        found = people_with_role(session, value, ticket.department_id)
    return [_Reader(each.name, each.primary_email, each.locale, each.timezone) for each in found if each.primary_email]


def _draft(tx: Transaction, ticket: Ticket, firing: Firing, due_at: datetime | None, reader: _Reader) -> OutgoingDraft:
    target, site = TARGET_NAMES[firing.action["kind"]], tx.desk.settings.site()
    texts, zone = tx.desk.texts(reader.locale or site.language), zone_named(reader.zone or site.timezone)
    say = texts.say
    values = {"number": ticket.number or "", "subject": ticket.subject, "target": say(target)}
    nobody = lazy("nobody")
    subject = lazy("#%(number)s: %(target)s is at stake – %(subject)s", **values)
    lines = [
        lazy("The time for “%(target)s” on ticket #%(number)s needs attention.", **values),
        *([lazy("Due: %(time)s", time=written_moment(due_at, zone, known_locale(texts.locale)))] if due_at else []),
        lazy("Subject: %(subject)s", **values),
        lazy("Department: %(department)s", department=ticket.department.name),
        lazy("Assignee: %(assignee)s", assignee=ticket.assignee.name if ticket.assignee else say(nobody)),
        desk_url(tx.desk, ticket),
    ]
    return OutgoingDraft(
        template="sla",
        sender=Mailbox.of(ticket.department.name, ticket.department.address or site_address(tx.desk)),
        to=(Mailbox.of(reader.name, reader.address),),
        subject=say(subject),
        text="\n".join(say(line) for line in lines) + "\n",
        message_id=new_message_id(tx.desk, new_uid()),
        ticket_id=ticket.id,
        department_id=ticket.department_id,
    )


# Each returns how many people were told.
ACTIONS: Final[Mapping[str, Callable[[Transaction, Ticket, Firing], int]]] = {
    "notify_agent": _notify,
    "notify_manager": _notify,
    "notify_role": _notify,
    "mail": _notify,
    "priority": _priority,
    "tag": _tag,
    "assign": _assign,
    "move": _move,
    "do": _do,
}
