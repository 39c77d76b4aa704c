"""Following events through the API without missing one, and proving them."""

from sqlalchemy import update

from helpdesk_core.actor import SYSTEM, Actor
from helpdesk_core.events.feed import give_places
from helpdesk_core.events.models import EventRow
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.site import World
from tests.rest.callers import As, body


def test_events_come_in_order_once_they_have_their_place(as_: As, world: World, desk: Helpdesk, admin: Actor) -> None:
    api = as_(admin)
    number = world.ticket().ticket.number
    assert body(api.get("/events"))["items"] == []
    give_places(desk)
    page = body(api.get("/events"))
    assert page["next"] is None
    events = page["items"]
    assert [each["type"] for each in events][-2:] == ["ticket.opened", "message.posted"]
    assert [each["ticket"] for each in events][-2:] == [number, number]
    assert sorted(each["id"] for each in events) == [each["id"] for each in events]
    assert body(api.get(f"/events?after={events[-1]['id']}"))["items"] == []
    followed: list[object] = []
    after: str | None = "0"
    while after is not None:
        page = body(api.get(f"/events?limit=1&after={after}"))
        followed += page["items"]
        after = page["next"]
    assert followed == events
    some = body(api.get("/events?type=ticket.opened,ticket.moved"))["items"]
    assert [each["type"] for each in some] == ["ticket.opened"]


def test_who_may_follow(as_: As, world: World, agent: Actor, admin: Actor) -> None:
    assert as_(agent).get("/events").status_code == 403
    for scope in ("audit.read", "event.manage"):
        assert as_(admin, scope).get("/events").status_code == 200


def test_histories_are_proved_some_tickets_at_a_time(
    as_: As, world: World, desk: Helpdesk, agent: Actor, admin: Actor
) -> None:
    assert as_(agent).get("/audit/verification").status_code == 403
    api = as_(admin)
    tickets = [world.ticket().ticket for _each in range(3)]
    with desk.begin(SYSTEM) as tx:
        tx.session.execute(update(EventRow).where(EventRow.ticket_id == tickets[1].id).values(actor_id=77))
    first = body(api.get("/audit/verification?limit=2"))
    assert first["checked"] == 2
    assert {each["ticket"] for each in first["broken"]} == {tickets[1].number}
    rest = body(api.get(f"/audit/verification?after={first['next']}"))
    assert rest == {"checked": 1, "broken": [], "next": None}
