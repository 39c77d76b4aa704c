"""Parked events and outgoing mail through the API."""

import pytest
from sqlalchemy import select

from helpdesk_core.actor import SYSTEM, Actor
from helpdesk_core.db.base import new_uid
from helpdesk_core.events.models import Delivery, EventRow
from helpdesk_core.mail.models import OutgoingMail
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.site import World
from tests.rest.callers import As, Caller, body


@pytest.fixture
def api(as_: As, admin: Actor) -> Caller:
    return as_(admin)


def park(desk: Helpdesk, *subscribers: str) -> list[int]:
    with desk.begin(SYSTEM) as tx:
        event = tx.session.scalars(select(EventRow).where(EventRow.type == "ticket.opened")).one()
        common = {"event_id": event.id, "stream": event.stream, "state": "parked", "attempts": 8, "due_at": tx.now}
        rows = [Delivery(subscriber=each, error="KeyError: 'calendar'", **common) for each in subscribers]
        tx.session.add_all(rows)
        tx.session.flush()
        return [row.id for row in rows]


def mail(desk: Helpdesk, state: str, ticket_id: int | None) -> str:
    uid = new_uid()
    with desk.begin(SYSTEM) as tx:
        tx.session.add(
            OutgoingMail(
                uid=uid,
                dedup_key=uid,
                state=state,
                template="reply",
                sender="Support <support@example.com>",
                recipients=["Mara <mara@example.com>"],
                subject="Your ticket",
                body_text="Hello Mara",
                body_html="<p>Hello Mara</p>",
                headers={"Auto-Submitted": "auto-replied"},
                message_id=f"<{uid}@example.com>",
                ticket_id=ticket_id,
                due_at=tx.now,
                created_at=tx.now,
            )
        )
    return uid


def test_parked_deliveries_are_listed_in_pages(api: Caller, world: World, desk: Helpdesk) -> None:
    number = world.ticket().ticket.number
    first, second, third = park(desk, "sla", "sla", "chat")
    page = body(api.get("/deliveries?limit=2"))
    assert [each["id"] for each in page["items"]] == [third, second]
    assert page["items"][1] == {
        "id": second,
        "subscriber": "sla",
        "event": page["items"][0]["event"],
        "attempts": 8,
        "error": "KeyError: 'calendar'",
    }
    assert (page["items"][0]["event"]["type"], page["items"][0]["event"]["ticket"]) == ("ticket.opened", number)
    rest = body(api.get(f"/deliveries?limit=2&after={page['next']}"))
    assert ([each["id"] for each in rest["items"]], rest["next"]) == ([first], None)
    assert [each["id"] for each in body(api.get("/deliveries?subscriber=chat"))["items"]] == [third]
    assert list(body(api.get("/deliveries?after=nonsense"), 422)["errors"]) == ["after"]


def test_a_parked_delivery_is_tried_again_or_dropped(api: Caller, world: World, desk: Helpdesk) -> None:
    world.ticket()
    first, second = park(desk, "sla", "sla")
    assert api.post(f"/deliveries/{first}/retry").status_code == 202
    assert api.delete(f"/deliveries/{second}").status_code == 204
    assert body(api.get("/deliveries"))["items"] == []
    with desk.read() as session:
        rows = session.execute(select(Delivery.id, Delivery.state).where(Delivery.subscriber == "sla"))
        assert dict(rows.all()) == {first: "pending"}
    assert api.post(f"/deliveries/{first}/retry").status_code == 404
    assert api.delete(f"/deliveries/{second}").status_code == 404
    assert api.delete(f"/deliveries/{2**63}").status_code == 404


def test_mails_are_listed_read_retried_and_given_up(api: Caller, world: World, desk: Helpdesk) -> None:
    ticket = world.ticket().ticket
    failed, sent = mail(desk, "failed", ticket.id), mail(desk, "sent", ticket.id)
    page = body(api.get("/outbox?limit=1"))
    assert [each["id"] for each in page["items"]] == [sent]
    assert [each["id"] for each in body(api.get(f"/outbox?limit=1&after={page['next']}"))["items"]] == [failed]
    assert [each["id"] for each in body(api.get("/outbox?state=failed"))["items"]] == [failed]
    assert list(body(api.get("/outbox?state=odd"), 422)["errors"]) == ["state"]
    whole = body(api.get(f"/outbox/{failed}"))
    assert (whole["ticket"], whole["body_text"], whole["state"]) == (ticket.number, "Hello Mara", "failed")
    assert body(api.post(f"/outbox/{failed}/retry"), 202)["state"] == "queued"
    assert body(api.post(f"/outbox/{failed}/drop"))["state"] == "dropped"
    for path in (f"/outbox/{sent}/retry", f"/outbox/{failed}/drop"):
        assert body(api.post(path), 409)["code"] == "conflict"
    assert api.get("/outbox/nothing").status_code == 404


def test_a_mail_about_an_account_does_not_show_its_link(api: Caller, desk: Helpdesk) -> None:
    whole = body(api.get(f"/outbox/{mail(desk, 'queued', None)}"))
    assert (whole["ticket"], whole["body_text"], whole["body_html"]) == (None, None, None)
    assert whole["recipients"] == ["Mara <mara@example.com>"]


def test_deliveries_are_for_those_who_care_for_them(as_: As, world: World, agent: Actor, desk: Helpdesk) -> None:
    world.ticket()
    (parked,) = park(desk, "sla")
    api = as_(agent)
    for answer in (
        api.get("/deliveries"),
        api.post(f"/deliveries/{parked}/retry"),
        api.delete(f"/deliveries/{parked}"),
        api.get("/outbox"),
        api.get("/outbox/any"),
        api.post("/outbox/any/retry"),
    ):
        assert body(answer, 403)["permission"] == "event.manage"
