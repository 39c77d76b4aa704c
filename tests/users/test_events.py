import json

from sqlalchemy import select

from helpdesk_core.actor import ANONYMOUS, SYSTEM
from helpdesk_core.departments import hooks as department_hooks
from helpdesk_core.departments.events import DepartmentChanged, DepartmentCreated
from helpdesk_core.departments.inputs import DepartmentDraft
from helpdesk_core.departments.service import change_department, create_department
from helpdesk_core.events.base import Event
from helpdesk_core.events.delivery import Deliverer
from helpdesk_core.events.models import EventRow
from helpdesk_core.hooks import hookimpl
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.users import hooks
from helpdesk_core.users.accounts import change_user, create_user, deactivate_user, reactivate_user, sign_up
from helpdesk_core.users.events import (
    OrganisationChanged,
    RoleChanged,
    RoleGranted,
    RoleRevoked,
    UserChanged,
    UserCreated,
    UserDeactivated,
    UserErased,
    UserReactivated,
    UserSignedIn,
)
from helpdesk_core.users.inputs import Credentials, UserDraft
from helpdesk_core.users.organisations import OrganisationDraft, create_organisation
from helpdesk_core.users.privacy import erase_user
from helpdesk_core.users.recovery import add_address
from helpdesk_core.users.roles import create_role, grant_role, revoke_role
from helpdesk_core.users.signin import sign_in
from helpdesk_core.users.tokens import create_token, revoke_token


class Listener:
    """A plugin that hears of everything there is to hear about people and departments."""

    def __init__(self) -> None:
        self.heard: list[Event] = []

    @hookimpl(hooks.user_created)
    def created(self, event: UserCreated) -> None:
        self.heard.append(event)

    @hookimpl(hooks.user_changed)
    def changed(self, event: UserChanged) -> None:
        self.heard.append(event)

    @hookimpl(hooks.user_signed_in)
    def signed_in(self, event: UserSignedIn) -> None:
        self.heard.append(event)

    @hookimpl(hooks.user_deactivated)
    def deactivated(self, event: UserDeactivated) -> None:
        self.heard.append(event)

    @hookimpl(hooks.user_reactivated)
    def reactivated(self, event: UserReactivated) -> None:
        self.heard.append(event)

    @hookimpl(hooks.user_erased)
    def erased(self, event: UserErased) -> None:
        self.heard.append(event)

    @hookimpl(hooks.role_granted)
    def granted(self, event: RoleGranted) -> None:
        self.heard.append(event)

    @hookimpl(hooks.role_revoked)
    def revoked(self, event: RoleRevoked) -> None:
        self.heard.append(event)

    @hookimpl(hooks.role_changed)
    def role(self, event: RoleChanged) -> None:
        self.heard.append(event)

    @hookimpl(hooks.organisation_changed)
    def organisation(self, event: OrganisationChanged) -> None:
        self.heard.append(event)

    @hookimpl(department_hooks.department_created)
    def department(self, event: DepartmentCreated) -> None:
        self.heard.append(event)

    @hookimpl(department_hooks.department_changed)
    def department_changed(self, event: DepartmentChanged) -> None:
        self.heard.append(event)


def live(desk: Helpdesk) -> int:
    """Let one of everything happen, and return the row id of the person most of it happens to."""
    user = create_user(desk, SYSTEM, UserDraft(name="Anna"), "anna@example.com", password="correct horse battery")
    change_user(desk, SYSTEM, user.uid, name="Anna Petrova")
    add_address(desk, SYSTEM, user.uid, "second@example.com")
    create_role(desk, SYSTEM, "reader", "Reader", ["ticket.read"])
    grant_role(desk, SYSTEM, user.uid, "reader")
    revoke_role(desk, SYSTEM, user.uid, "reader")
    create_organisation(desk, SYSTEM, OrganisationDraft(name="Acme"))
    signed_in = sign_in(desk, Credentials(address="anna@example.com", password="correct horse battery")).signed_in
    token = create_token(desk, signed_in.actor, user.uid, "script").row
    revoke_token(desk, signed_in.actor, token.uid)
    add_address(desk, signed_in.actor, user.uid, "third@example.com")
    sign_up(desk, ANONYMOUS, "Bobbington", "bob@example.com", ip=None)
    deactivate_user(desk, SYSTEM, user.uid)
    reactivate_user(desk, SYSTEM, user.uid)
    erase_user(desk, SYSTEM, user.uid)
    create_department(desk, SYSTEM, DepartmentDraft(name="Sales"))
    change_department(desk, SYSTEM, "sales", name="Sale")
    return user.id


def test_plugins_hear_of_all_that_happens_to_people_and_departments(desk: Helpdesk) -> None:
    listener = Listener()
    desk.hooks.register(listener, "listener")
    anna = live(desk)

    deliverer = Deliverer(desk, "test")
    while deliverer.run():
        pass

    assert {event.type for event in listener.heard} == {
        "user.created",
        "user.changed",
        "user.signed_in",
        "user.deactivated",
        "user.reactivated",
        "user.erased",
        "user.role_granted",
        "user.role_revoked",
        "role.changed",
        "organisation.changed",
        "department.created",
        "department.changed",
    }
    of_anna = [event.type for event in listener.heard if getattr(event, "user_id", None) == anna]
    assert (of_anna[0], of_anna[-1]) == ("user.created", "user.erased")


def test_events_hold_no_name_and_no_address(desk: Helpdesk) -> None:
    live(desk)
    with desk.read() as session:
        said = json.dumps([row.data for row in session.scalars(select(EventRow))])
    assert not [word for word in ("Anna", "Petrova", "Bobbington", "@", "correct horse") if word in said]


def test_every_event_can_be_read_again(desk: Helpdesk) -> None:
    live(desk)
    with desk.read() as session:
        rows = session.scalars(select(EventRow)).all()
    assert len({row.type for row in rows}) == 16
    for row in rows:
        assert desk.event_types[row.type].load(row).data() == row.data
