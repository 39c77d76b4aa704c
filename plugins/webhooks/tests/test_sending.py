"""What happens is told to those who ask for it: signed, until they have it, and never to places inside."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from helpdesk_core.api import SYSTEM
from helpdesk_core.api.errors import Conflict, Forbidden, Invalid, Refused
from helpdesk_core.api.events import TicketOpened
from helpdesk_core.api.tickets import NewMessage, reply
from helpdesk_webhooks import endpoints, log, sending
from helpdesk_webhooks.endpoints import EndpointDraft
from helpdesk_webhooks.models import Attempt, Delivery, Endpoint
from helpdesk_webhooks.signing import headers, is_secret, new_secret

from .conftest import Hooks, Receiver


def states(hooks: Hooks) -> list[tuple[str, str, int]]:
    with hooks.site.desk.read() as session:
        rows = session.scalars(select(Delivery).order_by(Delivery.id)).all()
    return [(row.type, row.state, row.tries) for row in rows]


def test_an_endpoint_hears_of_what_it_asks_for(hooks: Hooks, receiver: Receiver) -> None:
    row = hooks.endpoint(receiver.url, events=["ticket.opened"])
    ticket = hooks.site.world.ticket(subject="Скидка €").ticket
    reply(hooks.site.desk, hooks.owner, ticket.number or "", NewMessage(text="Yes."))
    hooks.later(seconds=5)
    assert [got.told["type"] for got in receiver.got] == ["ticket.opened"]
    [got] = receiver.got
    assert got.is_signed_with(hooks.secret(row))
    assert not got.is_signed_with(new_secret())
    assert got.names["content-type"] == "application/json"
    assert abs(int(got.names["webhook-timestamp"]) - hooks.site.clock().timestamp()) < 1
    assert got.told["data"]["ticket"] == ticket.number
    assert got.told["data"]["data"]["subject"] == "Скидка €"
    assert got.told["timestamp"] == got.told["data"]["created_at"].replace("Z", "+00:00")
    hooks.later(days=2)
    assert len(receiver.got) == 1
    assert states(hooks) == [("ticket.opened", "delivered", 1)]


def test_without_a_choice_an_endpoint_hears_of_all_but_webhooks(hooks: Hooks, receiver: Receiver) -> None:
    hooks.endpoint(receiver.url)
    hooks.site.world.ticket()
    hooks.later(seconds=5)
    types = {got.told["type"] for got in receiver.got}
    assert {"ticket.opened", "message.posted"} <= types
    assert not any(each.startswith("webhooks.") for each in types)


def test_one_event_is_queued_once_however_often_it_is_delivered(hooks: Hooks, receiver: Receiver) -> None:
    hooks.endpoint(receiver.url, events=["ticket.opened"])
    hooks.site.world.ticket()
    hooks.site.work()
    with hooks.site.desk.read() as session:
        event_id = session.scalar(select(Delivery.event_id)) or 0
    sending.queue(hooks.site.desk, TicketOpened(id=event_id, number="1", subject="x", department_id=1, requester_id=1))
    assert len(states(hooks)) == 1


def test_what_fails_is_tried_again_under_the_same_name(hooks: Hooks, receiver: Receiver) -> None:
    receiver.answers += [500, 302]
    row = hooks.endpoint(receiver.url, events=["ticket.opened"])
    hooks.site.world.ticket()
    hooks.later(seconds=5)
    assert (hooks.reload(row).failures, len(receiver.got)) == (1, 1)
    hooks.later(seconds=30)
    hooks.later(minutes=10)
    assert len({got.names["webhook-id"] for got in receiver.got}) == 1
    assert len({got.body for got in receiver.got}) == 1
    assert states(hooks) == [("ticket.opened", "delivered", 3)]
    with hooks.site.desk.read() as session:
        tries = [(each.status, each.problem) for each in session.scalars(select(Attempt).order_by(Attempt.id))]
    assert tries == [(500, "HTTP 500"), (302, "HTTP 302"), (200, "")]
    fresh = hooks.reload(row)
    assert (fresh.failures, fresh.failing_since, fresh.paused_until) == (0, None, None)


def test_an_endpoint_that_fails_does_not_hold_up_another(hooks: Hooks, receiver: Receiver) -> None:
    dead = hooks.endpoint("http://127.0.0.1:9/", name="Dead", events=["ticket.opened"])
    hooks.endpoint(receiver.url, name="Alive", events=["ticket.opened"])
    for _ in range(3):
        hooks.site.world.ticket()
    hooks.later(seconds=5)
    assert len(receiver.got) == 3
    with hooks.site.desk.read() as session:
        assert session.scalar(select(func.count(Attempt.id)).where(Attempt.problem != "")) == 1
    assert hooks.reload(dead).failures == 1


def test_a_busy_receiver_says_how_long_to_wait(hooks: Hooks, receiver: Receiver) -> None:
    receiver.answers.append(429)
    receiver.headers["Retry-After"] = "3600"
    hooks.endpoint(receiver.url, events=["ticket.opened"])
    hooks.site.world.ticket()
    hooks.later(seconds=5)
    hooks.later(minutes=50)
    assert len(receiver.got) == 1
    hooks.later(minutes=11)
    assert len(receiver.got) == 2


def test_after_the_last_try_it_is_given_up_and_can_be_sent_again(
    open_hooks: Callable[..., Hooks], receiver: Receiver
) -> None:
    hooks = open_hooks(disable_after="30d")
    receiver.answers += [500] * (len(sending.WAITS) + 1)
    row = hooks.endpoint(receiver.url, events=["ticket.opened"])
    hooks.site.world.ticket()
    for _ in range(len(sending.WAITS) + 1):
        hooks.later(hours=27)
    assert states(hooks) == [("ticket.opened", "failed", len(sending.WAITS) + 1)]
    endpoints.change(
        hooks.site.desk, hooks.owner, row.uid, EndpointDraft(name="Billing", url=receiver.url, events=row.events)
    )
    assert log.send_failed_again(hooks.site.desk, hooks.owner, row.uid) == 1
    hooks.later(minutes=11)
    assert states(hooks) == [("ticket.opened", "delivered", 1)]
    assert len({got.names["webhook-id"] for got in receiver.got}) == 1


def test_an_endpoint_that_fails_for_days_is_switched_off_with_a_notice(
    open_hooks: Callable[..., Hooks], receiver: Receiver
) -> None:
    hooks = open_hooks(disable_after="2d")
    receiver.answers += [500] * 100
    row = hooks.endpoint(receiver.url, events=["ticket.opened"])
    hooks.site.world.ticket()
    for _ in range(9):
        hooks.later(hours=8)
    off = hooks.reload(row)
    assert (off.is_active, off.off_because) == (False, "failing")
    [mail] = hooks.site.mail.to(hooks.owner.email or "")
    assert b"Billing" in mail.content
    tried = len(receiver.got)
    hooks.site.world.ticket()
    hooks.later(days=1)
    assert len(receiver.got) == tried
    with pytest.raises(Conflict, match="not in use"):
        log.send_failed_again(hooks.site.desk, hooks.owner, row.uid)


def test_an_endpoint_that_is_gone_is_switched_off_at_once(hooks: Hooks, receiver: Receiver) -> None:
    receiver.answers.append(410)
    row = hooks.endpoint(receiver.url, events=["ticket.opened"])
    hooks.site.world.ticket()
    hooks.later(seconds=5)
    assert hooks.reload(row).off_because == "gone"
    hooks.site.work()
    assert len(hooks.site.mail.to(hooks.owner.email or "")) == 1


@pytest.mark.parametrize("url", ["http://127.0.0.1/x", "http://10.0.0.8/", "http://[::1]/", "http://169.254.169.254/"])
def test_an_address_inside_is_refused_unless_it_is_allowed(open_hooks: Callable[..., Hooks], url: str) -> None:
    hooks = open_hooks(allowed=[])
    with pytest.raises(Invalid, match="not on the public internet"):
        hooks.endpoint(url)


def test_what_was_allowed_once_is_checked_at_every_try(
    hooks: Hooks, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooks.endpoint(receiver.url, events=["ticket.opened"])
    monkeypatch.setattr("helpdesk_webhooks.sending.rules", lambda desk: _nothing_inside(desk))
    hooks.site.world.ticket()
    hooks.later(seconds=5)
    assert receiver.got == []
    with hooks.site.desk.read() as session:
        assert "not on the public internet" in (session.scalar(select(Attempt.problem)) or "")


def _nothing_inside(desk: object) -> object:
    from helpdesk_webhooks.settings import Rules

    day = timedelta(days=1)
    return Rules(allowed=(), timeout=timedelta(seconds=5), disable_after=day, keep=day, most=5)


def test_a_redirect_is_not_followed(hooks: Hooks, receiver: Receiver) -> None:
    receiver.answers.append(307)
    receiver.headers["Location"] = receiver.url + "/elsewhere"
    row = hooks.endpoint(receiver.url)
    outcome = log.try_out(hooks.site.desk, hooks.owner, row.uid)
    assert (outcome.ok, outcome.status, len(receiver.got)) == (False, 307, 1)


def test_two_secrets_sign_for_a_day(hooks: Hooks, receiver: Receiver) -> None:
    row = hooks.endpoint(receiver.url)
    old = hooks.secret(row)
    new = endpoints.renew_secret(hooks.site.desk, hooks.owner, row.uid)
    assert (is_secret(old), is_secret(new), old != new) == (True, True, True)
    log.try_out(hooks.site.desk, hooks.owner, row.uid)
    assert receiver.got[-1].is_signed_with(old)
    assert receiver.got[-1].is_signed_with(new)
    hooks.site.clock.advance(hours=25)
    log.try_out(hooks.site.desk, hooks.owner, row.uid)
    assert not receiver.got[-1].is_signed_with(old)
    assert receiver.got[-1].is_signed_with(new)


def test_the_signature_is_that_of_the_specification() -> None:
    from datetime import UTC, datetime

    made = headers(
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, UTC),
        b'{"test": 2432232314}',
    )
    assert made["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_secrets_lie_sealed_in_the_database(hooks: Hooks, receiver: Receiver) -> None:
    row = hooks.endpoint(receiver.url)
    with hooks.site.desk.read() as session:
        kept = session.scalar(select(Endpoint.secrets)) or ""
    assert hooks.secret(row).removeprefix("whsec_") not in kept


def test_a_trial_is_not_tried_again_and_says_nothing_about_the_endpoint(hooks: Hooks, receiver: Receiver) -> None:
    receiver.answers.append(500)
    row = hooks.endpoint(receiver.url, is_active=False)
    assert not log.try_out(hooks.site.desk, hooks.owner, row.uid).ok
    hooks.later(days=2)
    assert (len(receiver.got), hooks.reload(row).failures) == (1, 0)
    with hooks.site.desk.read() as session:
        uid = session.scalar(select(Delivery.uid)) or ""
    with pytest.raises(Conflict, match="trial"):
        log.send_again(hooks.site.desk, hooks.owner, uid)


def test_the_log_forgets(open_hooks: Callable[..., Hooks], receiver: Receiver) -> None:
    hooks = open_hooks(keep="1d")
    hooks.endpoint(receiver.url, events=["ticket.opened"])
    hooks.site.world.ticket()
    hooks.later(seconds=5)
    assert len(states(hooks)) == 1
    hooks.later(days=3)
    assert states(hooks) == []
    with hooks.site.desk.read() as session:
        assert session.scalar(select(func.count(Attempt.id))) == 0


def test_only_who_may_see_all_sees_to_webhooks(hooks: Hooks, receiver: Receiver) -> None:
    agent = hooks.site.world.agent("Ann Agent", "support")
    row = hooks.endpoint(receiver.url)
    draft = EndpointDraft(name="Mine", url=receiver.url)
    for act in (
        lambda: endpoints.make(hooks.site.desk, agent, draft),
        lambda: endpoints.change(hooks.site.desk, agent, row.uid, draft),
        lambda: endpoints.remove(hooks.site.desk, agent, row.uid),
        lambda: endpoints.secret_of(hooks.site.desk, agent, row.uid),
        lambda: endpoints.renew_secret(hooks.site.desk, agent, row.uid),
        lambda: log.try_out(hooks.site.desk, agent, row.uid),
        lambda: log.send_failed_again(hooks.site.desk, agent, row.uid),
    ):
        with pytest.raises(Forbidden):
            act()
    assert receiver.got == []


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"name": " "}, "Write a name"),
        ({"name": "x" * 121}, "Write a name"),
        ({"url": "ftp://example.com"}, "is no address"),
        ({"url": "http://127.0.0.1/" + "x" * 2000}, "at most 2000"),
        ({"events": ["ticket.exploded"]}, "no event ticket.exploded"),
        ({"events": ["webhooks.endpoint_changed"]}, "no event webhooks"),
    ],
)
def test_a_mistake_is_named(hooks: Hooks, fields: dict[str, object], problem: str) -> None:
    with pytest.raises(Invalid, match=problem):
        hooks.endpoint(**{"url": "http://127.0.0.1/", **fields})  # type: ignore[arg-type]  # mistakes, on purpose


def test_there_are_no_more_endpoints_than_allowed(open_hooks: Callable[..., Hooks]) -> None:
    hooks = open_hooks(most=1)
    hooks.endpoint("http://127.0.0.1/")
    with pytest.raises(Refused, match="1 endpoints"):
        hooks.endpoint("http://127.0.0.1/")


def test_removing_an_endpoint_takes_its_log_along(hooks: Hooks, receiver: Receiver) -> None:
    row = hooks.endpoint(receiver.url)
    hooks.site.world.ticket()
    hooks.site.work()
    endpoints.remove(hooks.site.desk, hooks.owner, row.uid)
    assert states(hooks) == []
    hooks.later(minutes=1)
    sending.deliver(hooks.site.desk, 1)
    assert SYSTEM.may("webhooks.manage")
