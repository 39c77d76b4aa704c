"""What rules can do to a ticket; plugins add more by the hook `automatic_actions`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk_core.api import Helpdesk, Transaction
from helpdesk_core.api.automation import AutomaticAction, automatic_actions_of, run_action
from helpdesk_core.api.errors import Invalid, Refused
from helpdesk_core.api.tickets import (
    Change,
    Message,
    NewMessage,
    Ticket,
    TicketTag,
    change,
    close,
    move,
    note,
    reply,
    vocabulary,
)
from helpdesk_core.api.users import find_by_address

from . import notifying, sharing
from .texts import lazy
from .wording import check_places, filled

SPAM: Final = "spam"
"""The tag of what is taken for spam."""
Choices = Callable[[Helpdesk, Session], Sequence[tuple[str, str]]]


def all_actions(desk: Helpdesk) -> Mapping[str, AutomaticAction]:
    """Return all actions by key: those of this plugin, then those of others."""
    return {**{each.key: each for each in OWN_ACTIONS}, **automatic_actions_of(desk)}


def carry_out(tx: Transaction, ticket: Ticket, action: AutomaticAction, value: str) -> None:
    """Do one action to a locked ticket; what a plugin brought runs as part of its hook."""
    if action.plugin:
        run_action(tx.desk, action, lambda: action.act(tx, ticket, value))
    else:
        action.act(tx, ticket, value)


def _set(field: str) -> Callable[[Transaction, Ticket, str], None]:
    def act(tx: Transaction, ticket: Ticket, value: str) -> None:
        wanted: dict[str, Any] = {field: value or None}
        change(tx.desk, tx.actor, ticket.number or "", Change(**wanted))

    return act


def _assign(tx: Transaction, ticket: Ticket, value: str) -> None:
    user = find_by_address(tx.session, value) if value else None
    if value and user is None:
        raise Invalid(lazy("Nobody has the address %(address)s. Change the rule.", address=value))
    change(tx.desk, tx.actor, ticket.number or "", Change(assignee=user.uid if user else None))


def _share(tx: Transaction, ticket: Ticket, value: str) -> None:
    chosen = sharing.next_person(tx, ticket, sharing.Way.read(value))
    change(tx.desk, tx.actor, ticket.number or "", Change(assignee=chosen.uid))


def _tags(tx: Transaction, ticket: Ticket) -> set[str]:
    return set(tx.session.scalars(select(TicketTag.tag).where(TicketTag.ticket_id == ticket.id)))


def _tag(tx: Transaction, ticket: Ticket, value: str) -> None:
    tags = _tags(tx, ticket) | _words(value)
    change(tx.desk, tx.actor, ticket.number or "", Change(tags=tuple(sorted(tags))))


def _untag(tx: Transaction, ticket: Ticket, value: str) -> None:
    tags = _tags(tx, ticket) - _words(value)
    change(tx.desk, tx.actor, ticket.number or "", Change(tags=tuple(sorted(tags))))


def _words(value: str) -> set[str]:
    return {each.strip().lower() for each in value.split(",") if each.strip()}


def _move(tx: Transaction, ticket: Ticket, value: str) -> None:
    move(tx.desk, tx.actor, ticket.number or "", value)


def _note(tx: Transaction, ticket: Ticket, value: str) -> None:
    note(tx.desk, tx.actor, ticket.number or "", NewMessage(text=filled(value, ticket)))


def _reply(tx: Transaction, ticket: Ticket, value: str) -> None:
    """Answer in the department's name, since a customer cares for no rule; never a machine, which would answer back."""
    last = select(Message).where(Message.ticket_id == ticket.id, Message.kind == "public", Message.side == "customer")
    written = tx.session.scalar(last.order_by(Message.id.desc()).limit(1))
    if written is not None and written.details.get("automatic"):
        raise Refused(lazy("The last message was sent by a machine, so it gets no answer."))
    speaker = replace(tx.actor, name=ticket.department.name) if tx.actor.kind == "system" else tx.actor
    reply(tx.desk, speaker, ticket.number or "", NewMessage(text=filled(value, ticket)))


def _close(tx: Transaction, ticket: Ticket, value: str) -> None:
    if not ticket.is_open:
        return
    if value:
        _reply(tx, ticket, value)
    close(tx.desk, tx.actor, ticket.number or "")


def _spam(tx: Transaction, ticket: Ticket, value: str) -> None:
    """Close without a word to anybody; only what came by mail from somebody who never signed in."""
    if ticket.channel != "email":
        raise Refused(lazy("It did not come by mail, and only mail can be spam."))
    if ticket.requester.last_seen_at is not None:
        raise Refused(lazy("The requester is a customer who has signed in, and never counts as spam."))
    _tag(tx, ticket, SPAM)
    close(tx.desk, tx.actor, ticket.number or "")


def _notify(tx: Transaction, ticket: Ticket, value: str) -> None:
    notifying.notify(tx, ticket, notifying.read(value))


def _needs(value: str) -> None:
    if not value.strip():
        raise ValueError(lazy("Say with what: the action does nothing without a value."))


def _needs_text(value: str) -> None:
    _needs(value)
    check_places(value)


def _needs_tags(value: str) -> None:
    tags = _words(value)
    if not tags or any(len(each) > 64 for each in tags):
        raise ValueError(lazy("Name one tag or several, parted by commas, with at most 64 characters each."))


def _needs_nothing(value: str) -> None:
    if value.strip():
        raise ValueError(lazy("Nothing follows this action. Take the value away."))


def _needs_way(value: str) -> None:
    sharing.Way.read(value)


def _named(name: str) -> Choices:
    def choices(desk: Helpdesk, session: Session) -> Sequence[tuple[str, str]]:
        rows = getattr(vocabulary(desk, session), name).values()
        return [(each.key, each.name) for each in rows if getattr(each, "is_active", True)]

    return choices


_TEXT: Final = lazy("May hold {number}, {subject}, {requester}, {department} and {assignee}.")
_TAGS: Final = lazy("Tags, parted by commas.")
OWN_ACTIONS: Final = (
    AutomaticAction(key="status", label=lazy("Set the status"), act=_set("status"), choices=_named("statuses")),
    AutomaticAction(key="priority", label=lazy("Set the priority"), act=_set("priority"), choices=_named("priorities")),
    AutomaticAction(key="type", label=lazy("Set the type"), act=_set("type"), choices=_named("types")),
    AutomaticAction(key="tag", label=lazy("Add tags"), act=_tag, check=_needs_tags, hint=_TAGS),
    AutomaticAction(key="untag", label=lazy("Take tags away"), act=_untag, check=_needs_tags, hint=_TAGS),
    AutomaticAction(key="move", label=lazy("Move to a department"), act=_move, choices=_named("departments")),
    AutomaticAction(
        key="assign",
        label=lazy("Assign to somebody"),
        act=_assign,
        check=notifying.check_assignee,
        hint=lazy("The address of an agent; nothing takes the assignee off."),
    ),
    AutomaticAction(
        key="share",
        label=lazy("Assign to the next who fits"),
        act=_share,
        check=_needs_way,
        hint=lazy("“in turn” or “least loaded”; with “skill WORD” and “present” if wished, parted by commas."),
    ),
    AutomaticAction(key="note", label=lazy("Add a note"), act=_note, check=_needs_text, hint=_TEXT),
    AutomaticAction(key="reply", label=lazy("Reply to the customer"), act=_reply, check=_needs_text, hint=_TEXT),
    AutomaticAction(
        key="notify",
        label=lazy("Notify by mail"),
        act=_notify,
        check=notifying.check,
        hint=lazy("“agent”, “manager”, “role KEY” or addresses, parted by commas."),
    ),
    AutomaticAction(
        key="close",
        label=lazy("Close the ticket"),
        act=_close,
        check=check_places,
        hint=lazy("With a text, the customer is told by a reply first."),
    ),
    AutomaticAction(
        key="spam",
        label=lazy("Treat as spam"),
        act=_spam,
        check=_needs_nothing,
        hint=lazy("Tags it and closes it without a word. Only for mail, never for customers who have signed in."),
    ),
)
