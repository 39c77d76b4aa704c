"""The site's own types of tickets and priorities: making, renaming, ordering, taking away."""

from collections.abc import Sequence

from sqlalchemy import func, select

from helpdesk_core.actor import Actor
from helpdesk_core.errors import Conflict, Invalid, Refused
from helpdesk_core.runtime import Helpdesk, Transaction
from helpdesk_core.texts import lazy as _l
from helpdesk_core.tickets.events import WorkflowChanged
from helpdesk_core.tickets.models import Priority, Ticket, TicketType
from helpdesk_core.tickets.naming import find_word, free_key, require_free_key, require_key
from helpdesk_core.users.addresses import clean_name
from helpdesk_core.users.permissions import require

LEVEL_STEP = 10
"""Between the levels of two neighbouring priorities, so that rules may name levels between them."""


def create_type(desk: Helpdesk, actor: Actor, name: str, key: str = "") -> TicketType:
    """Make a type, last in the order; needs `settings.manage`, as everything here."""
    require(actor, "settings.manage")
    name = _named(name, key)
    with desk.begin(actor) as tx:
        require_free_key(tx.session, TicketType, key)
        last = tx.session.scalar(select(func.max(TicketType.position)))
        made = TicketType(
            key=key or free_key(tx.session, TicketType, name, "type"),
            name=name,
            position=0 if last is None else last + 1,
            is_active=True,
        )
        tx.session.add(made)
        _changed(tx, "type", made.key, "created")
    return made


def rename_type(desk: Helpdesk, actor: Actor, key: str, name: str) -> TicketType:
    """Give a type another name; the key stays."""
    require(actor, "settings.manage")
    name = _named(name)
    with desk.begin(actor) as tx:
        found = find_word(tx.session, TicketType, key)
        if found.name != name:
            found.name = name
            _changed(tx, "type", key, "changed")
    return found


def deactivate_type(desk: Helpdesk, actor: Actor, key: str) -> TicketType:
    """Take a type out of use: tickets that have it keep it, no other gets it."""
    return _set_type_active(desk, actor, key, False)


def reactivate_type(desk: Helpdesk, actor: Actor, key: str) -> TicketType:
    """Take a type into use again."""
    return _set_type_active(desk, actor, key, True)


def delete_type(desk: Helpdesk, actor: Actor, key: str) -> None:
    """Delete a type that no ticket has; one in use can only be deactivated."""
    require(actor, "settings.manage")
    with desk.begin(actor) as tx:
        found = find_word(tx.session, TicketType, key)
        if tx.session.scalar(select(Ticket.id).where(Ticket.type_id == found.id).limit(1)) is not None:
            raise Refused(_l("Tickets have the type “%(found)s”. Deactivate it instead.", found=found.name))
        tx.session.delete(found)
        _changed(tx, "type", key, "deleted")


def reorder_types(desk: Helpdesk, actor: Actor, keys: Sequence[str]) -> None:
    """Put the types in the order of `keys`, which names every one."""
    require(actor, "settings.manage")
    with desk.begin(actor) as tx:
        types = {each.key: each for each in tx.session.scalars(select(TicketType))}
        _check_all(keys, types)
        for position, key in enumerate(keys):
            types[key].position = position
        _changed(tx, "type", "", "ordered")


def create_priority(desk: Helpdesk, actor: Actor, name: str, key: str = "") -> Priority:
    """Make a priority, more urgent than all others; put it in its place with `reorder_priorities`."""
    require(actor, "settings.manage")
    name = _named(name, key)
    with desk.begin(actor) as tx:
        require_free_key(tx.session, Priority, key)
        highest = tx.session.scalar(select(func.max(Priority.level)))
        made = Priority(
            key=key or free_key(tx.session, Priority, name, "priority"),
            name=name,
            level=(highest or 0) + LEVEL_STEP,
            is_default=highest is None,
        )
        tx.session.add(made)
        _changed(tx, "priority", made.key, "created")
    return made


def rename_priority(desk: Helpdesk, actor: Actor, key: str, name: str) -> Priority:
    """Give a priority another name; the key stays."""
    require(actor, "settings.manage")
    name = _named(name)
    with desk.begin(actor) as tx:
        found = find_word(tx.session, Priority, key)
        if found.name != name:
            found.name = name
            _changed(tx, "priority", key, "changed")
    return found


def set_default_priority(desk: Helpdesk, actor: Actor, key: str) -> Priority:
    """Give new tickets this priority, unless somebody chooses another."""
    require(actor, "settings.manage")
    with desk.begin(actor) as tx:
        found = find_word(tx.session, Priority, key)
        if not found.is_default:
            for each in tx.session.scalars(select(Priority).with_for_update()):
                each.is_default = each.id == found.id
            _changed(tx, "priority", key, "default")
    return found


def delete_priority(desk: Helpdesk, actor: Actor, key: str) -> None:
    """Delete a priority that no ticket has and that is not the default one."""
    require(actor, "settings.manage")
    with desk.begin(actor) as tx:
        found = find_word(tx.session, Priority, key)
        if found.is_default:
            raise Refused(
                _l("New tickets get the priority “%(found)s”. Make another one the default first.", found=found.name)
            )
        if tx.session.scalar(select(Ticket.id).where(Ticket.priority_id == found.id).limit(1)) is not None:
            raise Refused(_l("Tickets have the priority “%(found)s”. Give them another one first.", found=found.name))
        tx.session.delete(found)
        _changed(tx, "priority", key, "deleted")


def reorder_priorities(desk: Helpdesk, actor: Actor, keys: Sequence[str]) -> None:
    """Put the priorities in the order of `keys`, the least urgent first; it names every one."""
    require(actor, "settings.manage")
    with desk.begin(actor) as tx:
        priorities = {each.key: each for each in tx.session.scalars(select(Priority))}
        _check_all(keys, priorities)
        for place, key in enumerate(keys, start=1):
            priorities[key].level = place * LEVEL_STEP
        _changed(tx, "priority", "", "ordered")


def _set_type_active(desk: Helpdesk, actor: Actor, key: str, active: bool) -> TicketType:
    require(actor, "settings.manage")
    with desk.begin(actor) as tx:
        found = find_word(tx.session, TicketType, key)
        if found.is_active != active:
            found.is_active = active
            _changed(tx, "type", key, "reactivated" if active else "deactivated")
    return found


def _named(name: str, key: str = "") -> str:
    name = clean_name(name)
    problems = require_key(key)
    if not name:
        problems["name"] = [_l("Write a name.")]
    if problems:
        raise Invalid(problems)
    return name


def _check_all(keys: Sequence[str], there: "dict[str, TicketType] | dict[str, Priority]") -> None:
    if sorted(keys) != sorted(there):
        raise Conflict(_l("The list has changed in between. Reload it and order it again."))


def _changed(tx: Transaction, subject: str, key: str, what: str) -> None:
    tx.record(WorkflowChanged(subject=subject, key=key, what=what))
    tx.reference_changed()
