"""Kept searches through the API."""

from helpdesk_core.actor import Actor
from helpdesk_core.testing.site import World
from tests.rest.callers import As, body

MINE = {"name": "Mine", "filter": {"assignee": ["me"], "state": ["open"], "created_from": "2026-03-01"}}


def test_a_search_is_kept_found_replaced_and_forgotten(as_: As, agent: Actor) -> None:
    api = as_(agent)
    before = body(api.get("/workspaces"))["items"]
    made = api.post("/workspaces", MINE)
    kept = body(made, 201)
    assert kept["filter"] == {**MINE["filter"], "created_from": "2026-03-01T00:00:00+00:00"}  # type: ignore[dict-item]  # a dictionary
    assert (kept["name"], kept["sort"], kept["is_shared"]) == ("Mine", "-updated", False)
    assert body(api.get(made.headers["Location"])) == kept
    again = body(api.post("/workspaces", {**MINE, "filter": {"text": "shop"}, "sort": "created"}), 201)
    assert (again["id"], again["filter"], again["sort"]) == (kept["id"], {"text": "shop"}, "created")
    assert len(body(api.get("/workspaces"))["items"]) == len(before) + 1
    assert api.delete(f"/workspaces/{kept['id']}").status_code == 204
    assert body(api.get("/workspaces"))["items"] == before
    assert api.get(f"/workspaces/{kept['id']}").status_code == 404


def test_everybody_has_shared_searches_and_few_make_them(as_: As, agent: Actor, admin: Actor) -> None:
    api = as_(agent)
    assert body(api.post("/workspaces", {**MINE, "is_shared": True}), 403)["permission"] == "workspace.share"
    shared = body(as_(admin).post("/workspaces", {**MINE, "is_shared": True}), 201)
    assert body(api.get(f"/workspaces/{shared['id']}"))["is_shared"] is True
    assert api.delete(f"/workspaces/{shared['id']}").status_code == 403


def test_nobody_has_the_searches_of_others(as_: As, agent: Actor, admin: Actor) -> None:
    kept = body(as_(agent).post("/workspaces", MINE), 201)
    other = as_(admin)
    assert other.get(f"/workspaces/{kept['id']}").status_code == 404
    assert other.delete(f"/workspaces/{kept['id']}").status_code == 404


def test_a_search_has_filters_that_there_are(as_: As, agent: Actor) -> None:
    wrong = {"name": "", "filter": {"colour": ["red"], "state": ["odd"]}, "sort": "colour"}
    answer = as_(agent).post("/workspaces", wrong)
    assert sorted(body(answer, 422)["errors"]) == ["filter.colour", "filter.state.0", "sort"]
    assert list(body(as_(agent).post("/workspaces", {**MINE, "name": " "}), 422)["errors"]) == ["name"]


def test_customers_have_no_workspaces(as_: As, world: World) -> None:
    api = as_(world.customer())
    assert api.get("/workspaces").status_code == 403
    assert api.post("/workspaces", MINE).status_code == 403


def test_a_workspace_is_changed_shared_watched_and_ordered(as_: As, admin: Actor, world: World) -> None:
    world.department("support")
    api = as_(admin)
    made = body(api.post("/workspaces", {**MINE, "columns": ["status", "updated"]}), 201)
    assert (made["columns"], made["may_change"], made["is_standing"], made["count"]) == (
        ["status", "updated"],
        True,
        False,
        0,
    )
    wanted = {"name": "Ours", "is_shared": True, "department": "support", "sort": "-priority", "columns": []}
    changed = body(api.patch(f"/workspaces/{made['id']}", wanted))
    assert {name: changed[name] for name in wanted} == wanted
    assert changed["filter"] == made["filter"]
    watched = body(api.patch(f"/workspaces/{made['id']}/mine", {"sound": True, "columns": ["tags"]}))
    assert watched["mine"] == {"sound": True, "notify": False, "hidden": False, "columns": ["tags"], "sort": ""}
    ordered = body(api.put("/workspaces", {"ids": [made["id"], "closed"]}))["items"]
    assert [each["id"] for each in ordered][:3] == [made["id"], "closed", "turn"]
    assert body(api.put("/workspaces", {"ids": ["nowhere"]}), 422)["errors"].keys() == {"keys"}


def test_those_that_everybody_has_are_listed_and_counted_and_cannot_be_changed(
    as_: As, agent: Actor, world: World
) -> None:
    api = as_(agent)
    world.ticket()
    found = {each["id"]: each for each in body(api.get("/workspaces"))["items"]}
    assert found["open"]["is_standing"]
    assert (found["open"]["count"], found["unassigned"]["count"], found["turn"]["count"]) == (1, 1, 0)
    assert found["closed"]["count"] is None
    assert api.patch("/workspaces/open", {"name": "Mine"}).status_code == 404
    assert api.delete("/workspaces/open").status_code == 404
    assert body(api.patch("/workspaces/open/mine", {"hidden": True}))["mine"]["hidden"]


def test_many_tickets_are_changed_and_put_back(as_: As, agent: Actor, world: World) -> None:
    api = as_(agent)
    numbers = [world.ticket().ticket.number for _ in range(2)]
    result = body(api.post("/tickets/bulk", {"tickets": [*numbers, "99999"], "priority": "high"}))
    assert (result["done"], result["unchanged"]) == (numbers, [])
    assert [each["number"] for each in result["refused"]] == ["99999"]
    assert body(api.get(f"/tickets/{numbers[0]}"))["priority"] == "high"
    undone = body(api.post(f"/tickets/bulk/{result['id']}/undo"))
    assert (undone["done"], undone["is_undone"]) == (numbers, True)
    assert body(api.get(f"/tickets/{numbers[0]}"))["priority"] == "normal"
    assert api.post(f"/tickets/bulk/{result['id']}/undo").status_code == 409
    assert "tickets" in body(api.post("/tickets/bulk", {"tickets": [], "priority": "high"}), 422)["errors"]
