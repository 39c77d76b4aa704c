"""Departments, people, roles and organisations through the API."""

import pytest

from helpdesk_core.actor import Actor
from helpdesk_core.testing.site import World
from tests.rest.callers import As, Caller, body


@pytest.fixture
def api(as_: As, admin: Actor) -> Caller:
    return as_(admin)


def test_a_department_is_made_changed_and_taken_out_of_use(api: Caller, world: World) -> None:
    world.department("support")
    made = api.post("/departments", {"name": "Second line", "visibility": "hidden", "address": "2nd@example.com"})
    department = body(made, 201)
    assert (department["key"], department["reopen_policy"], department["is_active"]) == ("second-line", "reopen", True)
    assert body(api.get(made.headers["Location"])) == department
    changed = body(api.patch("/departments/second-line", {"name": "Experts", "is_active": False, "address": None}))
    assert (changed["name"], changed["is_active"], changed["address"]) == ("Experts", False, None)
    assert body(api.patch("/departments/second-line", {"is_active": True}))["is_active"] is True
    taken = api.post("/departments", {"name": "Again", "key": "second-line"})
    assert list(body(taken, 422)["errors"]) == ["key"]
    world.department("last")
    for key in ("support", "second-line"):
        api.patch(f"/departments/{key}", {"is_active": False})
    refused = api.patch("/departments/last", {"is_active": False, "name": "Very last"})
    assert body(refused, 422)["code"] == "refused"
    assert body(api.get("/departments/last"))["name"] == "Last", "all of it, or nothing"


def test_customers_know_the_departments_open_to_them(as_: As, world: World, agent: Actor) -> None:
    for key, visibility in (("open", "public"), ("known", "known"), ("inner", "hidden")):
        world.department(key, visibility=visibility)
    mine = as_(world.customer())
    assert [each["key"] for each in body(mine.get("/departments"))["items"]] == ["open", "known"]
    assert mine.get("/departments/inner").status_code == 404
    assert body(as_(agent).get("/departments/inner"))["key"] == "inner"


@pytest.mark.parametrize("kind", ["departments", "users", "organisations", "roles"])
def test_what_counts_no_versions_itself_is_guarded_by_a_hash(api: Caller, kind: str) -> None:
    new = {"name": "One", **{"users": {"email": "one@example.com"}, "roles": {"key": "one"}}.get(kind, {})}
    path = api.post(f"/{kind}", new).headers["Location"]
    seen = api.get(path).headers["ETag"]
    changed = api.patch(path, {"name": "Two"}, headers={"If-Match": seen})
    assert body(changed)["name"] == "Two"
    assert body(api.patch(path, {"name": "Three"}, headers={"If-Match": seen}), 412)["code"] == "precondition-failed"
    assert body(api.get(path))["name"] == "Two"
    assert api.get(path).headers["ETag"] == changed.headers["ETag"]


def test_people_are_made_found_and_changed(api: Caller, as_: As) -> None:
    shop = body(api.post("/organisations", {"name": "Shop", "domain": "shop.example"}), 201)
    made = api.post("/users", {"name": "Олена Коваль", "email": "Olena@Shop.example", "locale": "uk", "invite": True})
    person = body(made, 201)
    assert (person["email"], person["organisation"]["id"], person["is_active"]) == (
        "olena@shop.example",
        shop["id"],
        True,
    )
    assert "password" not in made.text
    assert [each["id"] for each in body(api.get("/users?query=коваль"))["items"]] == [person["id"]]
    assert [each["id"] for each in body(api.get("/users?query=olena@&active=true&staff=false"))["items"]] == [
        person["id"]
    ]
    assert body(api.get(f"/users?organisation={shop['id']}&staff=true"))["items"] == []
    changed = body(api.patch(f"/users/{person['id']}", {"organisation": None, "timezone": "Europe/Kyiv"}))
    assert (changed["organisation"], changed["timezone"], changed["name"]) == (None, "Europe/Kyiv", "Олена Коваль")
    again = api.post("/users", {"name": "Other", "email": "olena@shop.example"})
    assert list(body(again, 422)["errors"]) == ["email"]


def test_lists_of_people_and_organisations_come_in_pages(api: Caller) -> None:
    for number in range(5):
        api.post("/users", {"name": "Same name", "email": f"p{number}@example.com"})
        api.post("/organisations", {"name": f"Org {number // 2}"})
    for path in ("/users", "/organisations"):
        found: list[str] = []
        after: str | None = ""
        while after is not None:
            page = body(api.get(f"{path}?limit=2{after and '&after='}{after}"))
            found += [each["id"] for each in page["items"]]
            after = page["next"]
        assert len(found) == len(set(found)) == (6 if path == "/users" else 5)


def test_who_is_shut_out_stays_in_the_list(api: Caller, as_: As, world: World) -> None:
    customer = world.customer()
    mine = as_(customer)
    assert body(api.post(f"/users/{customer.uid}/deactivate"))["is_active"] is False
    assert mine.get("/me").status_code == 401
    assert [each["id"] for each in body(api.get("/users?active=false"))["items"]] == [customer.uid]
    assert body(api.post(f"/users/{customer.uid}/reactivate"))["is_active"] is True


def test_one_sees_and_changes_oneself_but_nobody_else(as_: As, world: World) -> None:
    customer, other = world.customer("One"), world.customer("Two")
    mine = as_(customer)
    assert body(mine.patch(f"/users/{customer.uid}", {"name": "Uno"}))["name"] == "Uno"
    assert mine.patch(f"/users/{customer.uid}", {"organisation": "any"}).status_code == 403
    for answer in (
        mine.get(f"/users/{other.uid}"),
        mine.patch(f"/users/{other.uid}", {"name": "Due"}),
        mine.get(f"/users/{other.uid}/grants"),
    ):
        assert answer.status_code == 404


def test_roles_are_made_and_given(api: Caller, as_: As, world: World) -> None:
    world.department("support")
    made = api.post("/roles", {"key": "reader", "name": "Reader", "permissions": ["ticket.read"]})
    assert body(made, 201) == {"key": "reader", "name": "Reader", "permissions": ["ticket.read"]}
    person = world.customer()
    grants = body(api.post(f"/users/{person.uid}/grants", {"role": "reader", "department": "support"}))
    assert grants["items"] == [{"role": "reader", "department": "support"}]
    mine = as_(person)
    assert body(mine.get("/me"))["permissions"] == {"ticket.read": ["support"]}
    assert body(api.patch("/roles/reader", {"permissions": ["ticket.read", "ticket.note"]}))["permissions"] == [
        "ticket.note",
        "ticket.read",
    ]
    assert api.delete(f"/users/{person.uid}/grants/reader").status_code == 204
    assert body(mine.get(f"/users/{person.uid}/grants"))["items"] != [], "it was given for one department"
    assert api.delete(f"/users/{person.uid}/grants/reader?department=support").status_code == 204
    assert body(mine.get(f"/users/{person.uid}/grants"))["items"] == []
    assert list(body(api.patch("/roles/reader", {"permissions": ["fly"]}), 422)["errors"]) == ["permissions"]
    assert api.delete("/roles/reader").status_code == 204
    assert api.get("/roles/reader").status_code == 404


def test_nobody_gives_more_than_they_have(as_: As, world: World) -> None:
    world.grant(world.user(), "admin")
    manager = world.agent("Mia", role="manager")
    refused = as_(manager).post(f"/users/{manager.uid}/grants", {"role": "admin"})
    assert body(refused, 403)["permission"] == "role.manage"


def test_words_come_in_the_sites_order(as_: As, world: World) -> None:
    mine = as_(world.customer())
    assert [each["key"] for each in body(mine.get("/statuses"))["items"]][:2] == ["new", "open"]
    assert [each["key"] for each in body(mine.get("/priorities"))["items"]] == ["low", "normal", "high", "urgent"]
    assert [each["key"] for each in body(mine.get("/types"))["items"]] == ["question", "request", "fault"]
