"""What somebody may do and why, and whether they see a ticket: the rules that decide, in sentences."""

from dataclasses import dataclass
from typing import Any

from flask import request
from sqlalchemy import or_, select, true
from sqlalchemy.orm import joinedload

from helpdesk_core.errors import Invalid
from helpdesk_core.tickets.models import Ticket
from helpdesk_core.tickets.rights import visible
from helpdesk_core.users.accounts import find_by_address
from helpdesk_core.users.actors import all_permissions
from helpdesk_core.users.explain import explain
from helpdesk_core.users.models import Grant, Role, User
from helpdesk_core.web.admin.common import everywhere, new_routes, show
from helpdesk_core.web.admin.roles import sections
from helpdesk_core.web.context import current_actor, current_desk, db, words
from helpdesk_core.web.localisation import gettext as _

routes = new_routes()


@dataclass(frozen=True)
class Held:
    """A permission that somebody holds, and the sentences that say through what."""

    name: str
    title: str
    reasons: list[str]


@routes.get("/rights", permission="role.manage")
def rights() -> Any:
    """Say what a person may do and why, and whether they see a ticket."""
    who, number = request.args.get("person", "").strip(), request.args.get("ticket", "").strip()
    errors: dict[str, list[str]] = {}
    person = _person(who, errors) if who else None
    ticket = _ticket(number, errors) if number and person is not None else None
    return show(
        "rights",
        errors,
        who=who,
        number=number,
        person=person,
        held=_held(person) if person is not None else [],
        ticket=ticket,
        explanation=explain(current_desk(), db(), person, ticket) if person and ticket else None,
    )


def _person(who: str, errors: dict[str, list[str]]) -> User | None:
    try:
        found = find_by_address(db(), who) if "@" in who else None
    except Invalid:
        found = None
    if found is None:
        found = db().scalar(select(User).where(or_(User.uid == who, User.name == who)).order_by(User.id).limit(1))
    if found is None:
        errors["person"] = [_("Nobody has this address or name. Write an address, such as person@example.com.")]
    return found


def _ticket(number: str, errors: dict[str, list[str]]) -> Ticket | None:
    # Whoever gives roles everywhere may ask about any ticket; others only about those that they see themselves.
    allowed = true() if everywhere("role.manage") else visible(current_actor())
    found = db().scalar(select(Ticket).where(Ticket.number == number.lstrip("#"), allowed))
    if found is None:
        errors["ticket"] = [_("There is no such ticket, or you may not see it.")]
    return found


def _held(person: User) -> list[tuple[str, list[Held]]]:
    """Return what the person may do, in the groups of the roles' page."""
    reasons: dict[str, list[str]] = {}
    known = all_permissions(current_desk())
    names = {each.id: each.name for each in words().departments.values()}
    query = select(Grant).where(Grant.user_id == person.id).order_by(Grant.id)
    for grant in db().scalars(query.options(joinedload(Grant.role).selectinload(Role.permissions))):
        where = (
            _("everywhere")
            if grant.department_id is None
            else _("in %(name)s", name=names.get(grant.department_id, "?"))
        )
        for each in grant.role.permissions:
            if each.permission in known and not known[each.permission].means_something(grant.department_id):
                continue
            reasons.setdefault(each.permission, []).append(
                _("through the role “%(role)s”, %(where)s", role=grant.role.name, where=where)
            )
    found = []
    for section in sections():
        held = [
            Held(each.name, each.title, ([_("as an owner, everywhere")] if person.is_owner else []) + mine)
            for each in section.permissions
            if (mine := reasons.get(each.name, [])) or person.is_owner
        ]
        if held:
            found.append((section.title, held))
    return found
