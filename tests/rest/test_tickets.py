"""Tickets through the API."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from helpdesk_core.actor import Actor
from helpdesk_core.hooks import hookimpl
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.queries import count_queries
from helpdesk_core.testing.site import TestClock, World
from helpdesk_core.tickets.hooks import ticket_extras
from helpdesk_core.tickets.inputs import Requester
from tests.rest.callers import As, body

FIELDS = [
    *("assignee", "closed_at", "created_at", "department", "number", "organisation", "priority", "requester", "status"),
    *("subject", "tags", "type", "updated_at", "waiting_on", "x"),
]


def numbers(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [item["number"] for item in answer.json["items"]]


def test_a_ticket_is_opened_and_read_with_exactly_the_promised_fields(as_: As, world: World) -> None:
    world.department("support")
    customer = world.customer("Карла", address="carla@example.com")
    api = as_(customer)
    made = api.post(
        "/tickets", {"subject": "Сайт не работает", "department": "support", "message": {"body_text": "**503**"}}
    )
    assert made.status_code == 201
    assert sorted(made.json) == FIELDS
    assert made.headers["Location"] == f"/api/v1/tickets/{made.json['number']}"
    read = api.get(made.headers["Location"])
    assert read.json == made.json
    assert read.headers["ETag"] == made.headers["ETag"]
    assert made.json["subject"] == "Сайт не работает"
    assert made.json["requester"] == {"id": customer.uid, "name": "Карла", "email": "carla@example.com"}
    assert (made.json["status"], made.json["priority"], made.json["waiting_on"]) == ("new", "normal", "us")
    assert made.json["created_at"].endswith("Z")
    (message,) = api.get(f"{made.headers['Location']}/messages").json["items"]
    assert (message["channel"], message["body_html"]) == ("api", "<p><strong>503</strong></p>\n")


def test_staff_open_for_others_and_set_everything(as_: As, world: World, agent: Actor) -> None:
    world.department("support")
    given = {
        "subject": "By phone",
        "department": "support",
        "message": {"body_text": "She called.", "markdown": False},
        "requester": {"email": "new@example.com", "name": "Nina New"},
        "priority": "high",
        "type": "fault",
        "status": "open",
        "assignee": agent.uid,
        "tags": ["VIP", "phone"],
        "cc": ["boss@example.com"],
    }
    ticket = body(as_(agent).post("/tickets", given), 201)
    assert ticket["requester"]["email"] == "new@example.com"
    assert ticket["assignee"]["id"] == agent.uid
    assert ticket["tags"] == ["phone", "vip"]
    assert (ticket["priority"], ticket["type"], ticket["status"]) == ("high", "fault", "open")
    people = body(as_(agent).get(f"/tickets/{ticket['number']}/participants"))
    assert [(each["role"], each["user"]["email"]) for each in people["items"]] == [("cc", "boss@example.com")]
    refused = as_(world.customer()).post("/tickets", given)
    assert refused.status_code == 403


def test_each_sees_their_own(as_: As, world: World) -> None:
    mine, other = world.customer("Mine"), world.customer("Other")
    number = world.ticket(mine, department="support").ticket.number
    world.ticket(other, department="billing")
    assert numbers(as_(mine).get("/tickets")) == [number]
    assert numbers(as_(world.agent("Only Support", "support")).get("/tickets")) == [number]
    for stranger in (other, world.agent("Only Billing", "billing")):
        api = as_(stranger)
        for path in ("", "/messages", "/participants", "/links"):
            assert api.get(f"/tickets/{number}{path}").status_code == 404
        for act in ("close", "follow", "move"):
            answer = api.post(f"/tickets/{number}/{act}", {"department": "billing"} if act == "move" else None)
            assert answer.status_code in (403, 404)
        assert api.patch(f"/tickets/{number}", {"subject": "Mine now"}).status_code == 404
        assert api.post(f"/tickets/{number}/messages", {"body_text": "Hello"}).status_code == 404


def test_customers_learn_of_no_department_whether_it_is_there(as_: As, world: World, agent: Actor) -> None:
    world.department("board", visibility="hidden")
    asked = [f"/tickets?department={key}" for key in ("board", "nonsense")]
    customer = world.customer()
    answers = [as_(customer).get(path) for path in asked]
    assert [(each.status_code, each.json["items"]) for each in answers] == [(200, []), (200, [])]
    assert [as_(agent).get(f"{path}&side=desk").status_code for path in asked] == [200, 422]


def test_customers_see_no_tags_and_no_addresses_of_others(as_: As, world: World, desk: Helpdesk, agent: Actor) -> None:
    organisation = as_(world.actor(world.user(is_owner=True))).post("/organisations", {"name": "Shop"})
    shop = organisation.json["id"]
    as_(world.actor(world.user(is_owner=True))).patch(f"/organisations/{shop}", {"shares_tickets": True, "note": "VIP"})
    asks, member = world.customer("Asks", organisation=shop), world.customer("Member", organisation=shop)
    number = world.ticket(asks).ticket.number
    as_(agent).patch(f"/tickets/{number}", {"tags": ["difficult"]})
    seen = {who.name: as_(who).get(f"/tickets/{number}").json for who in (asks, member, agent)}
    assert [ticket["tags"] for ticket in seen.values()] == [[], [], ["difficult"]]
    assert [ticket["requester"]["email"] for ticket in seen.values()] == [asks.email, None, asks.email]
    assert seen["Member"]["organisation"] == {"id": shop, "name": "Shop"}
    shown = body(as_(member).get(f"/organisations/{shop}"))
    assert (shown["name"], shown["note"]) == ("Shop", None)
    assert [each["tags"] for each in body(as_(member).get("/tickets"))["items"]] == [[]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status=new", ["B"]),
        ("status=new,open", ["A", "B"]),
        ("status=new&status=open", ["A", "B"]),
        ("state=open", ["A", "B"]),
        ("state=closed", ["C"]),
        ("assignee=me", ["A"]),
        ("assignee=none", ["B", "C"]),
        ("tag=vip", ["A"]),
        ("text=beta", ["B"]),
        ("priority=high&state=open", ["A"]),
        ("department=billing", ["C"]),
        ("updated_since=2026-03-02T10:30:00Z", ["C"]),
        ("created_to=2026-03-02T09:30:00Z", ["A"]),
        ("created_from=2026-03-02&created_to=2026-03-03", ["A", "B", "C"]),
        ("sort=created&limit=1", ["A"]),
        ("sort=-priority&limit=1", ["A"]),
        ("side=portal", []),
    ],
)
def test_filters(as_: As, world: World, clock: TestClock, agent: Actor, query: str, found: list[str]) -> None:
    api, client = as_(agent), Requester(email="client@example.com")
    first = world.ticket(agent, subject="A", requester=client, priority="high", tags=("vip",)).ticket.number
    api.patch(f"/tickets/{first}", {"status": "open", "assignee": agent.uid})
    clock.advance(hours=1)
    world.ticket(agent, subject="B", requester=client, text="beta")
    clock.advance(hours=1)
    third = world.ticket(agent, subject="C", requester=client, department="billing").ticket.number
    api.post(f"/tickets/{third}/close")
    answer = api.get(f"/tickets?{query}")
    assert sorted(item["subject"] for item in answer.json["items"]) == found


def test_pages_join_up_to_the_whole_list(as_: As, world: World, agent: Actor) -> None:
    customer = world.customer()
    for _ in range(5):
        world.ticket(customer)
    api, found, address = as_(agent), [], "/tickets?limit=2"
    while True:
        page = body(api.get(address))
        found += [item["number"] for item in page["items"]]
        if page["next"] is None:
            break
        address = f"/tickets?limit=2&after={page['next']}"
    assert found == numbers(api.get("/tickets"))
    assert len(found) == 5


def test_the_number_of_queries_does_not_grow_with_the_rows(as_: As, world: World, desk: Helpdesk, agent: Actor) -> None:
    api, customer = as_(agent), world.customer()
    number = world.ticket(customer, tags=()).ticket.number
    paths = ("/tickets", f"/tickets/{number}/messages", f"/tickets/{number}/events", "/users", f"/tickets/{number}")

    def counts() -> dict[str, int]:
        found = {}
        for path in paths:
            api.get(path)
            with count_queries(desk) as queries:
                assert api.get(path).status_code == 200
            found[path] = len(queries)
        return found

    few = counts()
    for position in range(12):
        extra = world.ticket(world.customer(), department=("support", "billing")[position % 2]).ticket.number
        api.patch(f"/tickets/{extra}", {"tags": ["a", "b"], "assignee": agent.uid, "type": "fault"})
        api.post(f"/tickets/{number}/messages", {"body_text": "Again", "kind": ("public", "internal")[position % 2]})
    assert counts() == few
    assert few["/tickets"] <= 4


def test_opening_a_ticket_needs_as_many_queries_for_a_late_one_as_for_an_early_one(
    as_: As, world: World, desk: Helpdesk
) -> None:
    world.department("support")
    api = as_(world.customer())
    given = {"subject": "It does not work", "department": "support", "message": {"body_text": "Since today."}}
    found = []
    for _round in range(2):
        for _ in range(3):
            assert api.post("/tickets", given).status_code == 201
        with count_queries(desk) as queries:
            api.post("/tickets", given)
        found.append(len(queries))
    assert found[0] == found[1] <= 18, str(queries)


class Extras:
    """A plugin that adds to tickets."""

    def __init__(self, values: Any) -> None:
        self.values, self.asked = values, 0

    @hookimpl(ticket_extras)
    def extras(self, ticket_ids: Sequence[int], actor: Actor) -> Mapping[int, Any]:
        self.asked += 1
        return dict.fromkeys(ticket_ids, self.values)


def test_plugins_add_under_x_and_are_asked_once_a_page(as_: As, world: World, desk: Helpdesk, agent: Actor) -> None:
    customer = world.customer()
    for _ in range(3):
        world.ticket(customer)
    good, bad = Extras({"due": "2026-03-03"}), Extras({1, 2})
    desk.hooks.register(good, "sla")
    desk.hooks.register(bad, "broken")
    page = body(as_(agent).get("/tickets"))
    assert [item["x"] for item in page["items"]] == [{"sla": {"due": "2026-03-03"}}] * 3
    assert good.asked == 1


def test_what_was_changed_in_between_is_not_overwritten(as_: As, world: World, agent: Actor) -> None:
    number = world.ticket().ticket.number
    api = as_(agent)
    seen = api.get(f"/tickets/{number}").headers["ETag"]
    changed = api.patch(f"/tickets/{number}", {"subject": "First"}, headers={"If-Match": seen})
    assert changed.status_code == 200
    assert changed.headers["ETag"] not in ("", seen)
    late = api.patch(f"/tickets/{number}", {"subject": "Second", "priority": "low"}, headers={"If-Match": seen})
    assert late.status_code == 412
    assert late.json["code"] == "precondition-failed"
    now = body(api.get(f"/tickets/{number}"))
    assert (now["subject"], now["priority"]) == ("First", "normal")
    for allowed in (changed.headers["ETag"], "*"):
        assert api.patch(f"/tickets/{number}", {}, headers={"If-Match": allowed}).status_code == 200


def test_a_change_is_done_as_a_whole_or_not_at_all(as_: As, world: World, agent: Actor) -> None:
    world.department("billing")
    number = world.ticket().ticket.number
    api = as_(agent)
    refused = api.patch(f"/tickets/{number}", {"subject": "Invoice", "department": "nowhere"})
    assert refused.status_code == 422
    unchanged = body(api.get(f"/tickets/{number}"))
    assert unchanged["subject"] == "Site down"
    moved = api.patch(
        f"/tickets/{number}",
        {"subject": "Invoice", "department": "billing", "status": "open", "type": "question", "assignee": agent.uid},
    ).json
    assert moved is not None
    assert (moved["subject"], moved["department"], moved["status"]) == ("Invoice", "billing", "open")
    taken_off = body(api.patch(f"/tickets/{number}", {"assignee": None, "type": None}))
    assert (taken_off["assignee"], taken_off["type"]) == (None, None)


def test_who_moves_a_ticket_out_of_sight_still_gets_an_answer(as_: As, world: World) -> None:
    world.department("billing")
    number = world.ticket(department="support").ticket.number
    api = as_(world.agent("Only Support", "support"))
    moved = api.post(f"/tickets/{number}/move", {"department": "billing", "note": "For you"})
    assert moved.json["department"] == "billing"
    assert api.get(f"/tickets/{number}").status_code == 404


def test_a_requester_closes_and_reopens_but_does_not_change(as_: As, world: World) -> None:
    customer = world.customer()
    number = world.ticket(customer).ticket.number
    api = as_(customer)
    closed = body(api.post(f"/tickets/{number}/close"))
    assert closed["status"] == "closed"
    assert closed["closed_at"] is not None
    reopened = body(api.post(f"/tickets/{number}/reopen"))
    assert (reopened["status"], reopened["closed_at"]) == ("open", None)
    assert api.patch(f"/tickets/{number}", {"priority": "urgent"}).status_code == 403


def test_split_merge_and_undo(as_: As, world: World, agent: Actor) -> None:
    api, customer = as_(agent), world.customer()
    number, other = world.ticket(customer).ticket.number, world.ticket(customer).ticket.number
    message = body(api.post(f"/tickets/{number}/messages", {"body_text": "And by the way"}), 201)
    split = api.post(f"/tickets/{number}/split", {"messages": [message["id"]], "subject": "By the way"})
    assert split.status_code == 201
    assert split.json["subject"] == "By the way"
    links = body(api.get(f"/tickets/{number}/links"))
    assert [(link["number"], link["kind"]) for link in links["items"]] == [(split.json["number"], "split")]
    merged = body(api.post(f"/tickets/{other}/merge", {"into": number}))
    assert merged["number"] == number
    operations = body(api.get(f"/tickets/{number}/operations"))
    assert [(each["kind"], each["source"], each["target"]) for each in operations["items"]] == [
        ("merge", other, number),
        ("split", number, split.json["number"]),
    ]
    undone = api.post(f"/operations/{operations['items'][0]['id']}/undo")
    assert (undone.json["number"], undone.json["status"]) == (other, "new")
    again = api.post(f"/operations/{operations['items'][0]['id']}/undo")
    assert again.status_code == 409


def test_people_and_links_come_and_go(as_: As, world: World, agent: Actor) -> None:
    customer = world.customer()
    number, other = world.ticket(customer).ticket.number, world.ticket().ticket.number
    api, mine = as_(agent), as_(customer)
    assert api.post(f"/tickets/{number}/follow").status_code == 204
    added = body(mine.post(f"/tickets/{number}/participants", {"role": "cc", "email": "boss@example.com"}))
    assert [each["role"] for each in added["items"]] == ["cc"], "a customer does not see who follows"
    everybody = body(api.get(f"/tickets/{number}/participants"))
    assert sorted(each["role"] for each in everybody["items"]) == ["cc", "follower"]
    boss = added["items"][0]["user"]["id"]
    assert mine.delete(f"/tickets/{number}/participants/cc/{boss}").status_code == 204
    assert api.post(f"/tickets/{number}/unfollow").status_code == 204
    assert api.get(f"/tickets/{number}/participants").json == {"items": [], "next": None}
    api.post(f"/tickets/{number}/links", {"number": other, "kind": "blocks"})
    (link,) = body(api.get(f"/tickets/{other}/links"))["items"]
    assert (link["number"], link["kind"], link["outgoing"]) == (number, "blocks", False)
    assert mine.get(f"/tickets/{number}/links").json == {"items": [], "next": None}, "it is not theirs"
    assert api.delete(f"/tickets/{number}/links/{other}").status_code == 204
    assert api.delete(f"/tickets/{number}/links/{other}").status_code == 404
