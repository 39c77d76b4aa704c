"""The company of the demo: departments, colleagues, customers."""

from dataclasses import dataclass, field
from typing import Any, Final

from helpdesk_core.actor import SYSTEM, Actor
from helpdesk_core.cli.demo.script import Company
from helpdesk_core.departments.inputs import DepartmentDraft
from helpdesk_core.departments.service import create_department, set_signature
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.users.accounts import create_user
from helpdesk_core.users.actors import load_actor_by_user
from helpdesk_core.users.inputs import UserDraft
from helpdesk_core.users.models import User
from helpdesk_core.users.organisations import OrganisationDraft, create_organisation
from helpdesk_core.users.passwords import hash_password
from helpdesk_core.users.roles import grant_role

PASSWORD: Final = "demo"  # noqa: S105 - the demo tells it to everybody
LOGINS: Final = {
    "customer@example.com": "a customer, on the portal",
    "agent@example.com": "an agent of Support and Sales",
    "manager@example.com": "a manager, of all departments",
    "admin@example.com": "the administrator",
}


@dataclass
class People:
    """Everybody of the demo, by address."""

    users: dict[str, User] = field(default_factory=dict)
    actors: dict[str, Actor] = field(default_factory=dict)

    def load(self, desk: Helpdesk) -> None:
        """Read what everybody may do now."""
        with desk.read() as session:
            for address, user in self.users.items():
                signed_in = load_actor_by_user(desk, session, user.id, channel="web")
                if signed_in is not None:
                    self.actors[address] = signed_in.actor


def make_people(desk: Helpdesk, company: Company) -> People:
    """Make departments, colleagues with roles and signatures, organisations and customers, in one unit of work."""
    people = People()
    # Shorter than anybody may choose, so it does not go through the service that checks passwords.
    password = hash_password(desk, PASSWORD)
    with desk.begin(SYSTEM) as tx:
        for each in company.departments:
            create_department(desk, SYSTEM, DepartmentDraft(**each))
        organisations = {each["key"]: _organisation(desk, each) for each in company.organisations}
        for each in [*company.agents, *company.customers]:
            user = _user(desk, each, organisations.get(each.get("of", "")))
            people.users[each["address"]] = user
            if each.get("account"):
                user.password_hash = password
            for role in ("agent", "manager", "admin"):
                for department in (each[role] or [None]) if role in each else ():
                    grant_role(desk, SYSTEM, user.uid, role, department)
            for department, text in each.get("signs", {}).items():
                set_signature(desk, SYSTEM, user.uid, department, text)
        tx.reference_changed()
    people.load(desk)
    return people


def _organisation(desk: Helpdesk, entry: dict[str, Any]) -> str:
    draft = OrganisationDraft(
        name=entry["name"], domain=entry["domain"], shares_tickets=entry["shares"], note=entry.get("note")
    )
    return create_organisation(desk, SYSTEM, draft).uid


def _user(desk: Helpdesk, entry: dict[str, Any], organisation: str | None) -> User:
    draft = UserDraft(name=entry["name"], locale=entry["locale"], timezone=entry["zone"], organisation=organisation)
    return create_user(desk, SYSTEM, draft, entry["address"], is_owner=entry.get("owner", False))
