"""A request sent twice under one key is done once."""

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import func, select

from helpdesk_core.actor import Actor
from helpdesk_core.hooks import hookimpl
from helpdesk_core.rest.idempotency import GIVEN_UP_AFTER, KEPT_FOR, forget_old_keys
from helpdesk_core.rest.models import IdempotencyKey
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.site import TestClock, World
from helpdesk_core.tickets.hooks import ticket_opening_check
from helpdesk_core.tickets.inputs import NewTicket
from helpdesk_core.tickets.models import Ticket
from tests.rest.callers import As, body

KEY = {"Idempotency-Key": "order-4711"}


@pytest.fixture
def new(world: World) -> dict[str, object]:
    world.department("support")
    return {"subject": "Help", "department": "support", "message": {"body_text": "Please"}}


def tickets(desk: Helpdesk) -> int:
    with desk.read() as session:
        return session.scalar(select(func.count()).select_from(Ticket)) or 0


def test_the_second_time_gets_the_first_answer(as_: As, world: World, desk: Helpdesk, new: dict[str, object]) -> None:
    api = as_(world.customer())
    first, second = (api.post("/tickets", new, headers=KEY) for _ in range(2))
    assert body(first, 201) == body(second, 201)
    assert [first.headers[name] for name in ("Location", "ETag", "Content-Type")] == [
        second.headers[name] for name in ("Location", "ETag", "Content-Type")
    ]
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert tickets(desk) == 1
    api.post("/tickets", new)
    assert tickets(desk) == 2


def test_an_answer_without_body_is_kept_too(as_: As, world: World, agent: Actor) -> None:
    number = world.ticket().ticket.number
    api = as_(agent)
    answers = [api.post(f"/tickets/{number}/follow", headers=KEY) for _ in range(2)]
    assert [(each.status_code, each.data, each.headers.get("Content-Type")) for each in answers] == [
        (204, b"", None)
    ] * 2


def test_another_request_under_the_same_key_is_refused(as_: As, world: World, new: dict[str, object]) -> None:
    api, other = as_(world.customer("One")), as_(world.customer("Two"))
    number = body(api.post("/tickets", new, headers=KEY), 201)["number"]
    for answer in (
        api.post("/tickets", {**new, "subject": "Other"}, headers=KEY),
        api.post(f"/tickets/{number}/close", headers=KEY),
    ):
        assert body(answer, 422)["code"] == "key-reused"
    assert other.post("/tickets", new, headers=KEY).status_code == 201, "keys are each person's own"


def test_what_was_refused_may_be_tried_again(as_: As, world: World, desk: Helpdesk, new: dict[str, object]) -> None:
    api = as_(world.customer())
    assert api.post("/tickets", {**new, "department": "nowhere"}, headers=KEY).status_code == 422
    assert api.post("/tickets", new, headers=KEY).status_code == 201
    assert tickets(desk) == 1


class Slow:
    """A plugin that holds up opening until two requests have had time to meet."""

    def __init__(self) -> None:
        self.opened = Barrier(2)

    @hookimpl(ticket_opening_check)
    def check(self, draft: NewTicket, actor: Actor) -> list[str]:
        self.opened.wait(5)
        return []


def test_of_two_at_once_one_is_done_and_the_other_told_to_wait(
    as_: As, app: Flask, world: World, desk: Helpdesk, new: dict[str, object]
) -> None:
    customer, slow = world.customer(), Slow()
    first, second = as_(customer), as_(customer)
    desk.hooks.register(slow, "slow")
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(first.post, "/tickets", new, headers=KEY)
        while not slow.opened.n_waiting:
            assert not running.done(), running.result().text
        waiting = second.post("/tickets", new, headers=KEY)
        assert body(waiting, 409)["code"] == "request-in-progress"
        slow.opened.wait(5)
        made = body(running.result(), 201)
    assert body(second.post("/tickets", new, headers=KEY), 201) == made
    assert tickets(desk) == 1


def test_many_at_once_make_one(as_: As, world: World, desk: Helpdesk, new: dict[str, object]) -> None:
    customer = world.customer()
    callers = [as_(customer) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        found = sorted(
            each.status_code for each in pool.map(lambda api: api.post("/tickets", new, headers=KEY), callers)
        )
    assert tickets(desk) == 1
    assert 201 in found
    assert set(found) <= {201, 409, 503}, found


def test_a_request_that_died_with_its_process_is_done_anew(
    as_: As, world: World, desk: Helpdesk, clock: TestClock, new: dict[str, object]
) -> None:
    customer = world.customer()
    api = as_(customer)
    body(api.post("/tickets", new, headers=KEY), 201)
    with desk.begin(customer) as tx:
        tx.session.scalars(select(IdempotencyKey)).one().status = None
    assert api.post("/tickets", new, headers=KEY).status_code == 409
    clock.advance(seconds=(GIVEN_UP_AFTER + timedelta(seconds=1)).total_seconds())
    assert api.post("/tickets", new, headers=KEY).status_code == 201


def test_files_count_and_not_how_they_are_wrapped(as_: As, world: World) -> None:
    api = as_(world.customer())

    def upload(content: bytes) -> object:
        return api.post("/attachments", data={"file": (io.BytesIO(content), "a.txt")}, headers=KEY)

    first, again, other = upload(b"one"), upload(b"one"), upload(b"two")
    assert body(again, 201) == body(first, 201)
    assert body(other, 422)["code"] == "key-reused"


@pytest.mark.parametrize("key", ["", "a" * 256, "ключ"])
def test_keys_that_are_none(as_: As, world: World, new: dict[str, object], key: str) -> None:
    header = {"Idempotency-Key": key.encode().decode("latin-1")}
    answer = as_(world.customer()).post("/tickets", new, headers=header)
    assert list(body(answer, 422)["errors"]) == ["Idempotency-Key"]


def test_an_answer_that_holds_a_secret_is_not_kept(as_: As, desk: Helpdesk, agent: Actor) -> None:
    made = as_(agent).post("/me/tokens", {"name": "Billing"}, headers=KEY)
    token = body(made, 201)["token"]
    with desk.read() as session:
        assert session.scalars(select(IdempotencyKey)).all() == []
    assert token


def test_keys_are_forgotten_after_two_days(
    as_: As, world: World, desk: Helpdesk, clock: TestClock, new: dict[str, object]
) -> None:
    api = as_(world.customer())
    api.post("/tickets", new, headers=KEY)

    def kept() -> int:
        forget_old_keys(desk)
        with desk.read() as session:
            return len(session.scalars(select(IdempotencyKey)).all())

    assert kept() == 1
    clock.advance(seconds=(KEPT_FOR + timedelta(seconds=1)).total_seconds())
    assert kept() == 0
    assert api.post("/tickets", new, headers=KEY).status_code == 201
    assert tickets(desk) == 2
