"""How others get in, as admins see and change it; and whether mail leaves."""

import pytest

from helpdesk_core.jobs.worker import Worker
from helpdesk_core.mail.transport import MemoryTransport
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.browser import Browser
from helpdesk_core.testing.site import World
from helpdesk_core.users.models import User
from helpdesk_core.users.tokens import create_token
from tests.web.people import PASSWORD, sign_in


@pytest.fixture
def admin(browser: Browser, world: World) -> Browser:
    sign_in(browser, world, owner=True)
    return browser


@pytest.fixture
def anna(world: World) -> User:
    user = world.user("Anna Agent", password=PASSWORD)
    world.grant(user, "agent")
    return user


def test_browsers_are_seen_and_signed_out(admin: Browser, anna: User) -> None:
    theirs = Browser(admin.client.application, User_Agent="Mozilla/5.0 (Windows NT 10.0) Firefox/140.0")
    theirs.login(anna.primary_email or "", PASSWORD)
    page = admin.get(f"/admin/people/{anna.uid}")
    assert "Firefox, Windows" in page.words
    assert "That browser is signed out." in admin.submit(f"/admin/people/{anna.uid}/sign-out").words
    assert theirs.get("/desk/").path.startswith("/login")


def test_a_password_is_set_for_somebody_and_ends_their_sessions(admin: Browser, anna: User) -> None:
    theirs = Browser(admin.client.application)
    theirs.login(anna.primary_email or "", PASSWORD)
    admin.get(f"/admin/people/{anna.uid}")
    assert "use 10 or more" in admin.submit("set-password", password="short").words
    assert "The password is set" in admin.submit("set-password", password="four words in a row").words
    assert theirs.get("/desk/").path.startswith("/login")
    assert theirs.login(anna.primary_email or "", "four words in a row").status == 200
    assert theirs.get("/desk/").path.startswith("/desk")


def test_tokens_are_seen_and_revoked(admin: Browser, desk: Helpdesk, world: World, anna: User) -> None:
    made = create_token(desk, world.actor(anna), anna.uid, "dashboard", scopes=("read",))
    page = admin.get(f"/admin/people/{anna.uid}")
    assert "dashboard Reads only" in page.words
    assert made.token not in page.text
    assert "The token is revoked." in admin.submit(f"/admin/people/{anna.uid}/tokens/revoke").words
    headers = {"Authorization": f"Bearer {made.token}"}
    assert admin.client.get("/api/v1/me", headers=headers).status_code == 401


def test_nobody_else_changes_how_people_get_in(browser: Browser, world: World, anna: User) -> None:
    sign_in(browser, world, "agent")
    for what in ("password", "sign-out", "tokens/revoke"):
        assert browser.post(f"/admin/people/{anna.uid}/{what}", {"password": "four words in a row"}).status in (
            403,
            404,
        )


def test_an_admin_sets_no_password_of_an_owner(browser: Browser, world: World) -> None:
    owner = world.user("Olga Owner", is_owner=True)
    sign_in(browser, world, "admin")
    browser.get(f"/admin/people/{owner.uid}")
    page = browser.post(f"/admin/people/{owner.uid}/password", {"password": "four words in a row"})
    assert "The password is set" not in page.words


def test_the_first_agent_comes_with_a_role(admin: Browser, world: World) -> None:
    world.grant(world.user(), "agent", "support")
    admin.get("/admin/people/new")
    page = admin.submit("person", name="Nina New", address="nina@example.com", role="agent", department="support")
    assert "The role is given." in page.words
    assert "in Support" in page.words


def test_a_test_mail_leaves_and_the_checklist_knows(admin: Browser, desk: Helpdesk) -> None:
    assert "Then you know that customers get your answers." in admin.get("/admin/").words
    admin.get("/admin/settings/core.mail")
    page = admin.submit("test-mail", address="me@example.com")
    assert "A test mail to me@example.com waits to be sent." in page.words
    assert page.path.startswith("/admin/outbox/")
    assert "It waits to be sent." in admin.get("/admin/").words
    transport = MemoryTransport()
    Worker(desk, transport=transport).run_once()
    assert [sent.recipients for sent in transport.sent] == [("me@example.com",)]
    assert "It has left." in admin.get("/admin/").words
    admin.get("/admin/settings/core.mail")
    assert "waits to be sent" not in admin.submit("test-mail", address="nobody").words
