"""Reading departments: one by its key or address, and those that somebody may choose."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk_core.actor import Actor
from helpdesk_core.departments import hooks
from helpdesk_core.departments.models import Department, Signature
from helpdesk_core.errors import Invalid, NotFound
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.texts import lazy as _l
from helpdesk_core.users.addresses import normalise


def find_department(session: Session, key: str) -> Department:
    """Return the department with that key, active or not, whoever asks; `NotFound` if there is none."""
    department = session.scalar(select(Department).where(Department.key == key))
    if department is None:
        raise NotFound(_l("There is no department “%(key)s”.", key=key))
    return department


def all_departments(session: Session) -> Sequence[Department]:
    """Return every department, deactivated ones too, in the order the site has given them."""
    return session.scalars(select(Department).order_by(Department.position, Department.id)).all()


def department_by_address(session: Session, address: str) -> Department | None:
    """Return the department that answers from this mail address, active or not; None if there is none."""
    try:
        normal = normalise(address)
    except Invalid:
        return None
    return session.scalar(select(Department).where(Department.address == normal))


def visible_departments(desk: Helpdesk, session: Session, actor: Actor) -> list[Department]:
    """Return the active departments that the actor may open a ticket in, in the site's order.

    Everybody sees public ones, customers with an account also those for known customers, and who may open tickets for
    others sees hidden ones too.
    """
    choices = [each for each in all_departments(session) if each.is_active and is_open_to(actor, each)]
    refined = desk.hooks.refine(hooks.department_choices, choices=tuple(choices), actor=actor)
    return [each for each in refined if each in choices]


def is_open_to(actor: Actor, department: Department) -> bool:
    """Tell whether the actor may open tickets there: customers by its visibility, staff by `ticket.open` anywhere."""
    if department.visibility == "public" or actor.may("ticket.open"):
        return True
    return department.visibility == "known" and actor.is_signed_in


def signature_for(session: Session, user_id: int | None, department_id: int) -> str:
    """Return how the person signs in the department: their own signature, else the department's, else nothing."""
    query = (
        select(Signature.text, Department.signature)
        .select_from(Department)
        .outerjoin(Signature, (Signature.department_id == Department.id) & (Signature.user_id == user_id))
        .where(Department.id == department_id)
    )
    row = session.execute(query).first()
    own, departments_own = row if row is not None else (None, None)
    return own or departments_own or ""


def signatures_of(session: Session, user_id: int) -> dict[int, str]:
    """Return the person's own signatures by department id."""
    query = select(Signature.department_id, Signature.text).where(Signature.user_id == user_id)
    return {row.department_id: row.text for row in session.execute(query)}
