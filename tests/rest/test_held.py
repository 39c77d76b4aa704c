"""Replies that may still be taken back, through the API."""

from helpdesk_core.actor import Actor
from helpdesk_core.jobs.worker import Worker
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.site import TestClock, World
from tests.rest.callers import As, body


def test_a_reply_is_sent_taken_back_and_sent_again(
    as_: As, desk: Helpdesk, world: World, agent: Actor, clock: TestClock
) -> None:
    customer = world.customer()
    number = world.ticket(customer).ticket.number
    api, mine = as_(agent), as_(customer)
    held = body(api.post(f"/tickets/{number}/held-replies", {"body_text": "Done", "status": "resolved"}), 201)
    assert (held["body_text"], held["status"], held["error"]) == ("Done", "resolved", None)
    assert body(api.get(f"/tickets/{number}/held-replies"))["items"] == [held]
    assert len(body(mine.get(f"/tickets/{number}/messages"))["items"]) == 1
    assert mine.get(f"/tickets/{number}/held-replies").status_code == 403
    assert mine.post(f"/tickets/{number}/held-replies", {"body_text": "I too"}).status_code == 403
    assert mine.post(f"/held-replies/{held['id']}/undo").status_code == 404
    assert body(api.post(f"/held-replies/{held['id']}/undo")) == held
    again = body(api.post(f"/tickets/{number}/held-replies", {"body_text": "Done now"}), 201)
    clock.advance(seconds=10)
    Worker(desk, jobs=()).run_once()
    assert body(mine.get(f"/tickets/{number}/messages"))["items"][-1]["id"] == again["id"]
    assert body(api.post(f"/held-replies/{again['id']}/undo"), 409)["code"] == "conflict"
