"""What holds for a ticket's fields whoever sets them and wherever: its next status, and who may be given it."""

from sqlalchemy.orm import Session

from helpdesk_core.departments.models import Department
from helpdesk_core.errors import Invalid, NotFound
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.texts import lazy as _l
from helpdesk_core.tickets.models import Status
from helpdesk_core.tickets.vocabulary import Vocabulary
from helpdesk_core.users.accounts import find_user
from helpdesk_core.users.models import User
from helpdesk_core.users.staff import may_work


def check_step(words: Vocabulary, before: Status, after: Status) -> None:
    """Raise `Invalid`, naming what is allowed, when somebody asks for a step that the site's workflow does not have.

    The turns that a ticket takes by itself, as when a customer answers, are not asked for and pass.
    """
    if words.may_follow(before, after):
        return
    allowed = [each.name for each in words.statuses.values() if words.may_follow(before, each)]
    raise Invalid(
        {
            "status": [
                _l("From “%(before)s” a ticket may go to: %(allowed)s.", before=before.name, allowed=", ".join(allowed))
            ]
        }
    )


def check_copied(desk: Helpdesk, count: int, *, field: str) -> None:
    """Raise `Invalid` for that field when customers would have more people in copy on a ticket than the site allows."""
    most = desk.settings.site().max_copied
    if count > most:
        raise Invalid({field: [_l("At most %(most)s people can be in copy on a ticket. Take some out.", most=most)]})


def find_colleague(session: Session, uid: str, department: Department) -> User:
    """Return the account that a ticket of the department may be assigned to; `Invalid` if it may not."""
    try:
        user = find_user(session, uid)
    except NotFound:
        raise Invalid({"assignee": [_l("There is no such account. Choose an agent of the department.")]}) from None
    if not user.is_active or not may_work(session, user, department.id):
        raise Invalid(
            {
                "assignee": [
                    _l(
                        "%(user)s does not work in “%(department)s”. Choose somebody who does.",
                        user=user.name,
                        department=department.name,
                    )
                ]
            }
        )
    return user
