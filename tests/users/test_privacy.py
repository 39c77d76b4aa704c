import io
import json
import zipfile
from collections.abc import Sequence

import pytest
from sqlalchemy import select

from helpdesk_core.actor import SYSTEM
from helpdesk_core.attachments.inputs import Upload
from helpdesk_core.errors import Forbidden, Invalid, Refused
from helpdesk_core.events.models import EventRow
from helpdesk_core.hooks import hookimpl
from helpdesk_core.runtime import Helpdesk, Transaction
from helpdesk_core.testing.site import World
from helpdesk_core.tickets.audit import verify
from helpdesk_core.tickets.inputs import NewMessage
from helpdesk_core.tickets.models import Message
from helpdesk_core.users import hooks
from helpdesk_core.users.accounts import find_by_address, find_or_create_by_address, find_user, reactivate_user
from helpdesk_core.users.inputs import Credentials, PersonalData
from helpdesk_core.users.models import User
from helpdesk_core.users.privacy import ERASED, erase_user, export_personal_data
from helpdesk_core.users.signin import sign_in


class Notebook:
    """A plugin that keeps something about people, and forgets it."""

    def __init__(self) -> None:
        self.forgotten: list[str] = []

    @hookimpl(hooks.personal_data)
    def data(self, user: User) -> Sequence[PersonalData]:
        return [PersonalData(name="notes", data=[f"met {user.name}"], files={"photo.txt": b"smile"})]

    @hookimpl(hooks.erase_personal_data)
    def erase(self, tx: Transaction, user: User) -> None:
        self.forgotten += [email.address for email in user.emails]


class Broken:
    @hookimpl(hooks.personal_data)
    def data(self) -> Sequence[PersonalData]:
        raise RuntimeError("away")

    @hookimpl(hooks.erase_personal_data)
    def erase(self) -> None:
        raise RuntimeError("away")


def exported(desk: Helpdesk, user: User, world: World) -> zipfile.ZipFile:
    target = io.BytesIO()
    export_personal_data(desk, world.actor(user), user.uid, target)
    return zipfile.ZipFile(target)


def test_people_get_all_that_is_kept_about_them(desk: Helpdesk, world: World) -> None:
    desk.hooks.register(Broken(), "broken")
    desk.hooks.register(Notebook(), "notebook")
    user = world.user("Анна", address="anna@example.com", password="correct horse battery")
    sign_in(desk, Credentials(address="anna@example.com", password="correct horse battery", device="Firefox"))
    upload = Upload(name="log.txt", content=b"it broke")
    posted = world.ticket(world.actor(user), message=NewMessage(text="Сайт лежит", uploads=(upload,)))
    world.ticket(subject="Not hers")

    archive = exported(desk, user, world)

    person = json.loads(archive.read("person.json"))
    assert (person["name"], person["addresses"][0]["address"]) == ("Анна", "anna@example.com")
    assert person["sessions"][0]["device"] == "Firefox"
    assert "password" not in json.dumps(person)
    (ticket,) = json.loads(archive.read("tickets.json"))
    assert (ticket["number"], ticket["messages"][0]["text"]) == (posted.ticket.number, "Сайт лежит")
    assert archive.read(ticket["messages"][0]["attachments"][0]) == b"it broke"
    assert json.loads(archive.read("notebook/notes.json")) == ["met Анна"]
    assert archive.read("notebook/notes/photo.txt") == b"smile"
    assert "ticket.opened" in {each["type"] for each in json.loads(archive.read("activity.json"))}


def test_internal_notes_are_not_handed_out(desk: Helpdesk, world: World) -> None:
    user = world.user("Anna")
    posted = world.ticket(world.actor(user))
    with desk.begin(SYSTEM) as tx:
        message = tx.session.get_one(Message, posted.message.id)
        message.kind = "internal"
    (ticket,) = json.loads(exported(desk, user, world).read("tickets.json"))
    assert ticket["messages"] == []


def test_nobody_gets_the_data_of_others_without_the_permission(desk: Helpdesk, world: World) -> None:
    user, manager, admin = world.user("Anna"), world.agent("Mia", role="manager"), world.agent("Ada", role="admin")
    for actor in (world.customer("Eve"), manager):
        with pytest.raises(Forbidden):
            export_personal_data(desk, actor, user.uid, io.BytesIO())
        with pytest.raises(Forbidden):
            erase_user(desk, actor, user.uid)
    export_personal_data(desk, admin, user.uid, io.BytesIO())


def test_an_erased_person_leaves_no_name_and_no_address(desk: Helpdesk, world: World) -> None:
    notebook = Notebook()
    desk.hooks.register(Broken(), "broken")
    desk.hooks.register(notebook, "notebook")
    admin = world.agent("Ada", role="admin")
    user = world.user("Anna Petrova", address="anna@example.com", password="correct horse battery")
    sign_in(desk, Credentials(address="anna@example.com", password="correct horse battery"))
    details = {"to": ["help@example.org"], "from": "Anna <anna@example.com>"}
    posted = world.ticket(world.actor(user), message=NewMessage(text="My site is down.", details=details))

    erase_user(desk, admin, user.uid)

    assert notebook.forgotten == ["anna@example.com"]
    with desk.read() as session:
        erased = find_user(session, user.uid)
        message = session.get_one(Message, posted.message.id)
        assert (erased.name, erased.primary_email, erased.password_hash, erased.emails) == (ERASED, None, None, [])
        assert not erased.is_active
        assert (message.author_name, message.author_email) == (ERASED, None)
        assert message.body_text == "My site is down."
        assert message.details == {"to": ["help@example.org"], "from": ""}
        rows = session.scalars(select(EventRow)).all()
        assert not [row for row in rows if "Anna" in row.actor_name or "anna" in json.dumps(row.data)]
        assert rows[-1].type == "user.erased"
        assert list(verify(desk, session)) == []
        assert find_by_address(session, "anna@example.com") is None
    assert find_or_create_by_address(desk, SYSTEM, "anna@example.com").id != user.id
    with pytest.raises(Invalid, match="erased"):
        reactivate_user(desk, admin, user.uid)


def test_what_an_erased_person_wrote_can_go_as_well_and_leaves_a_mark(desk: Helpdesk, world: World) -> None:
    admin = world.agent("Ada", role="admin")
    user = world.user("Anna")
    posted = world.ticket(world.actor(user), text="I am Anna and live in Zagreb")

    erase_user(desk, admin, user.uid, with_messages=True)

    with desk.read() as session:
        message = session.get_one(Message, posted.message.id)
        assert message.body_text == "[Removed: personal data erased]"
        assert message.redacted_at is not None
        assert list(verify(desk, session)) == []
        redacted = session.scalars(select(EventRow).where(EventRow.type == "message.redacted")).one()
        assert (redacted.actor_id, redacted.actor_name) == (admin.user_id, "Ada")


def test_neither_oneself_nor_the_last_owner_can_be_erased(desk: Helpdesk, world: World) -> None:
    owner = world.user("Olga", is_owner=True)
    with pytest.raises(Forbidden, match="yourself"):
        erase_user(desk, world.actor(owner), owner.uid)
    with pytest.raises(Refused, match="last owner"):
        erase_user(desk, SYSTEM, owner.uid)


def test_erasing_twice_changes_nothing(desk: Helpdesk, world: World) -> None:
    user = world.user("Anna")
    erase_user(desk, SYSTEM, user.uid)
    erase_user(desk, SYSTEM, user.uid)
    with desk.read() as session:
        assert len(session.scalars(select(EventRow).where(EventRow.type == "user.erased")).all()) == 1
