"""Addresses, passwords, browsers and signatures through the API."""

from typing import Any

import pytest
from sqlalchemy import func, select

from helpdesk_core.actor import SYSTEM, Actor
from helpdesk_core.events.models import EventRow
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.site import World
from helpdesk_core.users.accounts import deactivate_user, find_user
from helpdesk_core.users.inputs import Credentials
from helpdesk_core.users.signin import open_session
from tests.rest.callers import As, body


def states(answer: Any) -> dict[str, str]:
    return {each["address"]: each["state"] for each in body(answer)["items"]}


def events(desk: Helpdesk, type_: str) -> int:
    with desk.read() as session:
        return session.scalar(select(func.count()).select_from(EventRow).where(EventRow.type == type_)) or 0


def test_somebody_who_manages_people_adds_and_removes_addresses(as_: As, world: World, admin: Actor) -> None:
    api, carla = as_(admin), world.customer("Carla", address="carla@example.com")
    path = f"/users/{carla.uid}/addresses"
    assert states(api.post(path, {"address": "Second@Example.com"})) == {
        "carla@example.com": "proved",
        "second@example.com": "proved",
    }
    assert api.delete(f"{path}/carla@example.com").status_code == 403, "mail goes there"
    moved = body(api.post(f"{path}/second@example.com/primary"))["items"]
    assert [each["address"] for each in moved if each["is_primary"]] == ["second@example.com"]
    assert api.delete(f"{path}/carla@example.com").status_code == 204
    assert list(states(api.get(path))) == ["second@example.com"]
    taken = api.post(path, {"address": admin.email})
    assert list(body(taken, 422)["errors"]) == ["address"]
    assert list(body(api.post(path, {"address": "nonsense"}), 422)["errors"]) == ["address"]


def test_an_own_address_waits_for_its_link(as_: As, world: World, desk: Helpdesk) -> None:
    carla = world.customer("Carla", address="carla@example.com")
    api, path = as_(carla), f"/users/{carla.uid}/addresses"
    added = states(api.post(path, {"address": "new@example.com"}))
    assert added == {"carla@example.com": "proved", "new@example.com": "waiting"}
    assert events(desk, "user.address_confirmation_requested") == 1
    assert list(body(api.post(f"{path}/new@example.com/primary"), 422)["errors"]) == ["address"]
    assert api.delete(f"{path}/new@example.com").status_code == 204
    assert list(states(api.get(path))) == ["carla@example.com"]


def test_a_link_to_choose_a_password_is_sent(as_: As, world: World, desk: Helpdesk, admin: Actor) -> None:
    carla, api = world.customer(), as_(admin)
    path = f"/users/{carla.uid}/password-link"
    assert api.post(path).status_code == 202
    assert events(desk, "user.password_link_requested") == 1
    assert as_(carla).post(path).status_code == 403
    deactivate_user(desk, SYSTEM, carla.uid or "")
    assert api.post(path).status_code == 422


def test_a_password_is_set_with_the_present_one(as_: As, world: World, desk: Helpdesk) -> None:
    user = world.user("Carla", password="correct horse battery")
    api, path = as_(world.actor(user)), f"/users/{user.uid}/password"
    new = {"password": "another horse battery"}
    assert list(body(api.put(path, {**new, "current": "wrong"}), 422)["errors"]) == ["current"]
    assert list(body(api.put(path, {"password": "a", "current": "correct horse battery"}), 422)["errors"]) == [
        "password"
    ]
    open_session(desk, user.uid, Credentials(address="", device="Firefox"), method="link")
    assert api.put(path, {**new, "current": "correct horse battery"}).status_code == 204
    assert body(api.get("/me/sessions"))["items"] == []


def test_people_see_their_browsers_and_sign_out(as_: As, world: World, desk: Helpdesk, admin: Actor) -> None:
    user = world.user("Carla")
    api = as_(world.actor(user))
    for device in ("Firefox", "Chrome", "Safari"):
        open_session(desk, user.uid, Credentials(address="", device=device), method="link")
    mine = body(api.get("/me/sessions"))["items"]
    assert {each["device"] for each in mine} == {"Firefox", "Chrome", "Safari"}
    assert body(as_(admin).get(f"/users/{user.uid}/sessions"))["items"] == mine
    other = as_(world.customer())
    assert other.delete(f"/me/sessions/{mine[0]['id']}").status_code == 404
    assert other.get(f"/users/{user.uid}/sessions").status_code == 404
    assert api.delete(f"/me/sessions/{mine[0]['id']}").status_code == 204
    assert api.delete(f"/me/sessions/{mine[0]['id']}").status_code == 404
    assert body(api.get("/me/sessions"))["items"] == mine[1:]
    assert api.delete("/me/sessions").status_code == 204
    assert body(api.get("/me/sessions"))["items"] == []
    open_session(desk, user.uid, Credentials(address="", device="Firefox"), method="link")
    assert as_(admin).delete(f"/users/{user.uid}/sessions").status_code == 204
    assert body(api.get("/me/sessions"))["items"] == []


def test_people_sign_as_they_like(as_: As, world: World, agent: Actor, admin: Actor) -> None:
    world.department("support")
    api, path = as_(agent), f"/users/{agent.uid}/signatures"
    assert body(api.put(f"{path}/support", {"text": "Adam\r\n"})) == {"department": "support", "text": "Adam"}
    assert body(as_(admin).get(path))["items"] == [{"department": "support", "text": "Adam"}]
    assert api.put(f"{path}/nowhere", {"text": "A"}).status_code == 404
    assert list(body(api.put(f"{path}/support", {"text": "A" * 5001}), 422)["errors"]) == ["signature"]
    assert api.put(f"/users/{admin.uid}/signatures/support", {"text": "Boss"}).status_code == 403
    assert body(api.put(f"{path}/support", {"text": ""}))["text"] == ""
    assert body(api.get(path))["items"] == []


def test_owners_make_owners(as_: As, agent: Actor, admin: Actor, desk: Helpdesk) -> None:
    api = as_(admin)
    assert api.put(f"/users/{agent.uid}/owner", {"is_owner": True}).status_code == 204
    with desk.read() as session:
        assert find_user(session, agent.uid or "").is_owner
    assert as_(agent).put(f"/users/{agent.uid}/owner", {"is_owner": False}).status_code == 204
    assert body(api.put(f"/users/{admin.uid}/owner", {"is_owner": False}), 422)["code"] == "refused"
    assert as_(agent).put(f"/users/{agent.uid}/owner", {"is_owner": True}).status_code == 403


def test_people_change_what_is_written_about_them(as_: As, world: World) -> None:
    api = as_(world.customer())
    changed = body(api.patch("/me", {"name": "Carla C.", "timezone": "Europe/Berlin"}))
    assert (changed["name"], changed["timezone"]) == ("Carla C.", "Europe/Berlin")
    assert body(api.get("/me")) == changed
    assert list(body(api.patch("/me", {"timezone": "Moon"}), 422)["errors"]) == ["timezone"]


@pytest.mark.parametrize("scopes", [("read",), ("ticket.read", "user.read", "user.manage")])
def test_a_narrow_token_changes_no_account_of_its_own(as_: As, agent: Actor, scopes: tuple[str, ...]) -> None:
    api, me = as_(agent, *scopes), f"/users/{agent.uid}"
    for answer in (
        api.post(f"{me}/addresses", {"address": "other@example.com"}),
        api.put(f"{me}/password", {"password": "correct horse battery"}),
        api.put(f"{me}/signatures/support", {"text": "X"}),
        api.patch("/me", {"name": "X"}),
        api.delete("/me/sessions"),
    ):
        assert answer.status_code == 403


def test_strangers_are_not_known(as_: As, world: World) -> None:
    api, other = as_(world.customer()), world.customer("Other")
    for answer in (
        api.get(f"/users/{other.uid}/addresses"),
        api.post(f"/users/{other.uid}/addresses", {"address": "x@example.com"}),
        api.put(f"/users/{other.uid}/password", {"password": "correct horse battery"}),
        api.delete(f"/users/{other.uid}/sessions"),
        api.get(f"/users/{other.uid}/export"),
    ):
        assert answer.status_code == 404
