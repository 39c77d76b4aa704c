"""Telling colleagues and others by mail that a rule applied."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from helpdesk_core.api import Helpdesk, Transaction
from helpdesk_core.api.db import new_uid
from helpdesk_core.api.errors import Invalid
from helpdesk_core.api.mail import Mailbox, OutgoingDraft, desk_url, is_address, new_message_id, queue, site_address
from helpdesk_core.api.tickets import Ticket
from helpdesk_core.api.users import User, all_roles, colleague_problem, people_who_may, people_with_role

from .texts import lazy

MANAGES = "workspace.share"
"""What managers may and agents may not: who holds it in the department is notified as its manager."""


def read(value: str) -> Sequence[str]:
    """Return whom a value names: `agent`, `manager`, `role KEY`, addresses; ValueError for anything else."""
    found = [" ".join(each.split()) for each in value.split(",") if each.strip()]
    for each in found:
        if each not in ("agent", "manager") and not each.startswith("role ") and not is_address(each):
            raise ValueError(
                lazy("“%(who)s” is nobody to notify. Write “agent”, “manager”, “role KEY” or an address.", who=each)
            )
    if not found:
        raise ValueError(lazy("Say whom to notify."))
    return found


def check(value: str) -> None:
    """Raise ValueError for a value that names nobody."""
    read(value)


def check_assignee(value: str) -> None:
    """Raise ValueError for what is neither an address nor nothing."""
    if value and not is_address(value):
        raise ValueError(lazy("“%(value)s” is no mail address.", value=value))


def missing(desk: Helpdesk, session: Session, action: str, value: str) -> str | None:
    """Return who is named by an action and is not there, as a problem; None if nobody is missing."""
    if action == "assign" and value:
        return colleague_problem(desk, session, value)
    if action == "notify":
        keys = [role.key for role in all_roles(session)]
        named = [each.removeprefix("role ") for each in read(value) if each.startswith("role ")]
        for key in named:
            if key not in keys:
                return lazy("There is no role “%(key)s”. Choose one of: %(list)s.", key=key, list=", ".join(keys))
    return None


def notify(tx: Transaction, ticket: Ticket, whom: Sequence[str]) -> None:
    """Queue a mail to each of them with the transaction; `Invalid` if there is nobody."""
    people = {address: (name, locale) for who in whom for name, address, locale in _people(tx.session, ticket, who)}
    if not people:
        raise Invalid(lazy("There is nobody to notify. Assign the ticket, or give somebody the role."))
    for address, (name, locale) in people.items():
        queue(tx, _draft(tx, ticket, name, address, locale), f"rules:{new_uid()}")


def _people(session: Session, ticket: Ticket, who: str) -> list[tuple[str, str, str | None]]:
    if is_address(who):
        return [("", who, None)]
    found: Sequence[User]
    if who == "agent":
        found = [ticket.assignee] if ticket.assignee else []
    elif who == "manager":
        found = people_who_may(session, MANAGES, ticket.department_id)
    else:
        found = people_with_role(session, who.removeprefix("role "), ticket.department_id)
    return [(each.name, each.primary_email, each.locale) for each in found if each.primary_email]


def _draft(tx: Transaction, ticket: Ticket, name: str, address: str, locale: str | None) -> OutgoingDraft:
    say = tx.desk.texts(locale or tx.desk.settings.site().language).say
    values = {"number": ticket.number or "", "subject": ticket.subject, "rule": tx.actor.name}
    lines = [
        lazy("On ticket #%(number)s this applied: %(rule)s", **values),
        lazy("Subject: %(subject)s", **values),
        lazy("Department: %(department)s", department=ticket.department.name),
        lazy("Status: %(status)s", status=ticket.status.name),
        desk_url(tx.desk, ticket),
    ]
    return OutgoingDraft(
        template="rules",
        sender=Mailbox.of(ticket.department.name, ticket.department.address or site_address(tx.desk)),
        to=(Mailbox.of(name, address),),
        subject=say(lazy("#%(number)s: %(rule)s – %(subject)s", **values)),
        text="\n".join(say(line) for line in lines) + "\n",
        message_id=new_message_id(tx.desk, new_uid()),
        ticket_id=ticket.id,
        department_id=ticket.department_id,
    )
