"""Statuses, steps, types and priorities through the API."""

from typing import Any

import pytest

from helpdesk_core.actor import Actor
from helpdesk_core.testing.site import World
from tests.rest.callers import As, Caller, body


@pytest.fixture
def api(as_: As, admin: Actor) -> Caller:
    return as_(admin)


def keys(answer: Any) -> list[str]:
    return [each["key"] for each in body(answer)["items"]]


PARTS = {"name": "Waiting for parts", "state": "waiting", "turn": "nobody"}


def test_a_status_is_made_changed_and_deleted(api: Caller) -> None:
    made = api.post("/statuses", PARTS)
    status = body(made, 201)
    assert status == {**PARTS, "key": "waiting-for-parts", "is_active": True}
    found = api.get(made.headers["Location"])
    assert body(found) == status
    changed = {"name": "Parts", "turn": "us", "is_active": False}
    seen = {"If-Match": found.headers["ETag"]}
    assert body(api.patch("/statuses/waiting-for-parts", changed, headers=seen)) == {**status, **changed}
    assert api.patch("/statuses/waiting-for-parts", {"name": "Late"}, headers=seen).status_code == 412
    assert api.delete("/statuses/waiting-for-parts").status_code == 204
    assert api.get("/statuses/waiting-for-parts").status_code == 404


def test_a_status_that_tickets_need_stays_as_it_is(api: Caller, world: World) -> None:
    world.ticket()
    for answer in (
        api.delete("/statuses/new"),
        api.patch("/statuses/new", {"state": "open"}),
        api.patch("/statuses/new", {"name": "Fresh", "is_active": False}),
    ):
        assert body(answer, 422)["code"] == "refused"
    assert body(api.get("/statuses/new"))["name"] == "New", "all of it, or nothing"


def test_statuses_are_put_in_an_order(api: Caller) -> None:
    there = keys(api.get("/statuses"))
    assert keys(api.put("/statuses", {"keys": there[::-1]})) == there[::-1]
    assert keys(api.get("/statuses")) == there[::-1]
    assert body(api.put("/statuses", {"keys": there[1:]}), 409)["code"] == "conflict"


def test_steps_are_set_as_a_whole(api: Caller, as_: As, agent: Actor) -> None:
    first = api.get("/transitions")
    steps = {"new": ["open", "closed"], "closed": ["open"]}
    assert body(api.put("/transitions", {"steps": steps}))["steps"] == steps
    assert body(as_(agent).get("/transitions"))["steps"] == steps
    late = api.put("/transitions", {"steps": {}}, headers={"If-Match": first.headers["ETag"]})
    assert body(late, 412)["code"] == "precondition-failed"
    assert api.put("/transitions", {"steps": {"new": ["nowhere"]}}).status_code == 422
    assert body(api.put("/transitions", {"steps": {}}))["steps"] == {}


def test_a_type_is_made_changed_ordered_and_deleted(api: Caller) -> None:
    made = body(api.post("/types", {"name": "Return of goods", "key": "return"}), 201)
    assert made == {"key": "return", "name": "Return of goods", "is_active": True}
    changed = body(api.patch("/types/return", {"name": "Return", "is_active": False}))
    assert changed == {"key": "return", "name": "Return", "is_active": False}
    there = keys(api.get("/types"))
    assert keys(api.put("/types", {"keys": [there[-1], *there[:-1]]}))[0] == "return"
    assert api.delete("/types/return").status_code == 204
    assert api.get("/types/return").status_code == 404


def test_a_priority_is_made_changed_ordered_and_deleted(api: Caller) -> None:
    before = keys(api.get("/priorities"))
    made = body(api.post("/priorities", {"name": "Some day"}), 201)
    assert (made["key"], made["is_default"]) == ("some-day", False)
    assert keys(api.put("/priorities", {"keys": ["some-day", *before]})) == ["some-day", *before]
    default = next(each["key"] for each in body(api.get("/priorities"))["items"] if each["is_default"])
    changed = body(api.patch("/priorities/some-day", {"name": "Any time", "is_default": True}))
    assert (changed["name"], changed["is_default"]) == ("Any time", True)
    assert body(api.delete("/priorities/some-day"), 422)["code"] == "refused"
    assert list(body(api.patch("/priorities/some-day", {"is_default": False}), 422)["errors"]) == ["is_default"]
    api.patch(f"/priorities/{default}", {"is_default": True})
    assert api.delete("/priorities/some-day").status_code == 204
    assert keys(api.get("/priorities")) == before


@pytest.mark.parametrize(
    ("path", "given", "wrong"),
    [
        ("/statuses", {**PARTS, "state": "odd"}, ["state"]),
        ("/statuses", {**PARTS, "key": "New One"}, ["key"]),
        ("/types", {"name": " "}, ["name"]),
        ("/priorities", {"name": "Again", "key": "normal"}, ["key"]),
        ("/priorities", {"title": "Low"}, ["name", "title"]),
    ],
)
def test_what_does_not_fit_is_told_by_field(api: Caller, path: str, given: dict[str, str], wrong: list[str]) -> None:
    assert sorted(body(api.post(path, given), 422)["errors"]) == wrong


def test_only_those_who_may_change_settings_change_the_words(as_: As, agent: Actor) -> None:
    api = as_(agent)
    there = keys(api.get("/statuses"))
    for answer in (
        api.post("/statuses", PARTS),
        api.patch("/statuses/new", {"name": "Fresh"}),
        api.delete("/types/fault"),
        api.put("/priorities", {"keys": []}),
        api.put("/transitions", {"steps": {"new": ["open"]}}),
    ):
        assert body(answer, 403)["permission"] == "settings.manage"
    assert keys(api.get("/statuses")) == there
