"""Why somebody sees a ticket, or does not: the rules that decide, as sentences."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from helpdesk_core.actor import EVERYWHERE
from helpdesk_core.departments.models import Department
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.texts import lazy as _l
from helpdesk_core.tickets.models import Participant, Ticket
from helpdesk_core.tickets.rights import Side, visible
from helpdesk_core.users.actors import SignedIn, load_actor_by_user
from helpdesk_core.users.models import Grant, Organisation, Role, RolePermission, User

NEEDED = "ticket.read"
FROM_THE_DESK = (
    "ticket.reply",
    "ticket.note",
    "ticket.change",
    "ticket.assign",
    "ticket.move",
    "ticket.merge",
    "ticket.redact",
)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that was looked at, whether it lets the person in, and a sentence that says so."""

    name: str
    applies: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """What the one clause decides for both sides, and the rules behind it."""

    desk: bool
    portal: bool
    rules: list[Rule]

    @property
    def sentences(self) -> list[str]:
        """The verdict, then the rules that let the person in, then those that do not."""
        verdict = {
            (True, True): _l("Sees the ticket on the desk (internal notes included) and on the portal."),
            (True, False): _l("Sees the ticket on the desk, internal notes included."),
            (False, True): _l("Sees the ticket on the portal, without internal notes."),
            (False, False): _l("Does not see the ticket: it answers 404."),
        }[self.desk, self.portal]
        return [verdict, *(rule.sentence for rule in sorted(self.rules, key=lambda rule: not rule.applies))]


def explain(desk: Helpdesk, session: Session, user: User, ticket: Ticket) -> Explanation:
    """Return which rules decide whether the person sees the ticket; the verdict itself is the clause that pages use."""
    signed_in = load_actor_by_user(desk, session, user.id)
    if signed_in is None:
        rule = Rule("account", False, _l("%(user)s is deactivated and sees nothing.", user=user.name))
        return Explanation(desk=False, portal=False, rules=[rule])
    department = session.get_one(Department, ticket.department_id)
    rules = _desk_rules(session, signed_in, ticket, department) + _portal_rules(session, signed_in, ticket)
    return Explanation(
        desk=_decides(session, signed_in, ticket, "desk"),
        portal=_decides(session, signed_in, ticket, "portal"),
        rules=rules,
    )


def _decides(session: Session, signed_in: SignedIn, ticket: Ticket, side: Side) -> bool:
    query = select(Ticket.id).where(Ticket.id == ticket.id, visible(signed_in.actor, side))
    return session.scalar(query) is not None


def _desk_rules(session: Session, signed_in: SignedIn, ticket: Ticket, department: Department) -> list[Rule]:
    user = signed_in.user
    if user.is_owner:
        return [
            Rule(
                "owner",
                True,
                _l("%(user)s is an owner and holds every permission in every department.", user=user.name),
            )
        ]
    rules = _grant_rules(session, user, department)
    if not rules:
        rules = [Rule("role", False, _l("%(user)s has no role, so nothing is allowed on the desk.", user=user.name))]
    specialist = _takes_part(session, user, ticket, "specialist")
    brought_in = _l("%(user)s was brought in as a specialist.", user=user.name)
    not_brought_in = _l("%(user)s was not brought in as a specialist.", user=user.name)
    rules.append(Rule("specialist", specialist, brought_in if specialist else not_brought_in))
    held = [each for each in FROM_THE_DESK if signed_in.actor.may(each, ticket.department_id)]
    if held:
        names = {"user": user.name, "department": department.name, "held": ", ".join(held)}
        rules.append(Rule("permissions", True, _l("In “%(department)s” %(user)s also holds %(held)s.", **names)))
    return rules


def _grant_rules(session: Session, user: User, department: Department) -> list[Rule]:
    query = (
        select(Grant, Department.name, RolePermission.permission)
        .join(Role, Role.id == Grant.role_id)
        .options(joinedload(Grant.role))
        .outerjoin(Department, Department.id == Grant.department_id)
        .outerjoin(RolePermission, (RolePermission.role_id == Grant.role_id) & (RolePermission.permission == NEEDED))
        .where(Grant.user_id == user.id)
        .order_by(Grant.id)
    )
    rules = []
    for grant, name, permission in session.execute(query):
        covers = grant.department_id in (EVERYWHERE, department.id)
        values = {"role": grant.role.name, "permission": NEEDED, "place": name, "department": department.name}
        if grant.department_id is EVERYWHERE and permission:
            sentence = _l("The role “%(role)s” holds %(permission)s everywhere.", **values)
        elif grant.department_id is EVERYWHERE:
            sentence = _l("The role “%(role)s” everywhere does not hold %(permission)s.", **values)
        elif not permission:
            sentence = _l("The role “%(role)s” in “%(place)s” does not hold %(permission)s.", **values)
        elif covers:
            sentence = _l("The role “%(role)s” holds %(permission)s in “%(place)s”.", **values)
        else:
            sentence = _l(
                "The role “%(role)s” holds %(permission)s in “%(place)s” only; the ticket is in “%(department)s”.",
                **values,
            )
        rules.append(Rule("role", bool(permission) and covers, sentence))
    return rules


def _portal_rules(session: Session, signed_in: SignedIn, ticket: Ticket) -> list[Rule]:
    user = signed_in.user
    requester, copied = ticket.requester_id == user.id, _takes_part(session, user, ticket, "cc")
    rules = [
        Rule(
            "requester",
            requester,
            _l("%(user)s is the requester.", user=user.name)
            if requester
            else _l("%(user)s is not the requester.", user=user.name),
        ),
        Rule(
            "cc",
            copied,
            _l("%(user)s is in copy.", user=user.name) if copied else _l("%(user)s is not in copy.", user=user.name),
        ),
    ]
    if ticket.organisation_id is not None and ticket.organisation_id == user.organisation_id:
        organisation = session.get_one(Organisation, ticket.organisation_id)
        shares = organisation.shares_tickets
        sentence = (
            _l("The ticket is of “%(name)s”, whose members share tickets.", name=organisation.name)
            if shares
            else _l("The ticket is of “%(name)s”, whose members do not share tickets.", name=organisation.name)
        )
        rules.append(Rule("organisation", shares, sentence))
    return rules


def _takes_part(session: Session, user: User, ticket: Ticket, role: str) -> bool:
    query = select(Participant.id).where(
        Participant.ticket_id == ticket.id, Participant.user_id == user.id, Participant.role == role
    )
    return session.scalar(query) is not None
