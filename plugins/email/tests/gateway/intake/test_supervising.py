"""The worker fetches by itself: told by IDLE, else now and then; a broken mailbox holds no other."""

import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from helpdesk_core.api import Actor, Helpdesk
from helpdesk_core.api.hooks import health
from helpdesk_core.testing.site import TestClock
from helpdesk_email.intake.mailboxes import hurry
from helpdesk_email.intake.models import Mailbox
from helpdesk_email.intake.supervising import Supervisor, next_try

from ..gateways import tickets, written
from .conftest import Add
from .servers import Dovecot
from .waiting import until

State = Callable[[Mailbox], Mailbox]


def test_new_mail_is_taken_at_once_where_the_server_tells_of_it(
    desk: Helpdesk, supervisor: Supervisor, mail_server: Dovecot, user: str, add: Add, state: State
) -> None:
    mail_server.put(user, [written(subject="Before")])
    mailbox = add(interval=86_400)
    assert supervisor.tick() == 1
    until(lambda: len(tickets(desk)) == 1)
    until(lambda: state(mailbox).succeeded_at)
    assert supervisor.tick() == 0, "it is held"
    mail_server.put(user, [written(subject="While waiting")])
    until(lambda: len(tickets(desk)) == 2)
    supervisor.close()
    assert state(mailbox).lease is None
    assert state(mailbox).last_error is None


def test_without_idle_it_is_looked_into_at_its_interval(
    desk: Helpdesk, supervisor: Supervisor, mail_server: Dovecot, user: str, add: Add, state: State, clock: TestClock
) -> None:
    mailbox = add(interval=300, idle=False)
    for turn in range(1, 3):
        mail_server.put(user, [written(subject=f"Mail {turn}")])
        assert supervisor.tick() == 1
        until(lambda turn=turn: len(tickets(desk)) == turn)  # type: ignore[misc]  # bound here
        until(lambda: state(mailbox).lease is None)
        assert supervisor.tick() == 0, "it is not due"
        clock.advance(seconds=301)


def test_a_mailbox_that_hangs_or_fails_holds_up_no_other(
    desk: Helpdesk, supervisor: Supervisor, mail_server: Dovecot, user: str, add: Add, state: State
) -> None:
    mail_server.put(user, [written(subject="Comes through")])
    with socket.create_server(("127.0.0.1", 0)) as mute:  # takes connections and never says anything
        hanging = add(name="Hanging", port=mute.getsockname()[1])
        failing = add(name="Failing", password="wrong")
        working = add(name="Working", idle=False)
        assert supervisor.tick() == 3
        until(lambda: len(tickets(desk)) == 1 and state(working).succeeded_at)
        until(lambda: state(failing).failures == 1)
        assert "refuses the sign-in" in (state(failing).last_error or "")
        assert state(hanging).lease is not None
    until(lambda: state(hanging).failures == 1)


def test_whoever_fails_is_tried_again_after_ever_longer_waits_and_the_admin_is_told(
    desk: Helpdesk, supervisor: Supervisor, owner: Actor, add: Add, state: State, clock: TestClock
) -> None:
    mailbox = add(password="wrong", interval=60)
    for failures in range(1, 4):
        assert supervisor.tick() == 1
        until(lambda failures=failures: state(mailbox).failures == failures)  # type: ignore[misc]  # bound here
        until(lambda: state(mailbox).lease is None)
        due = state(mailbox).next_at
        assert due is not None
        assert due - clock() <= timedelta(seconds=60 * 2 ** (failures - 1))
        assert supervisor.tick() == 0
        clock.advance(seconds=60 * 2 ** (failures - 1) + 1)
    (said,) = desk.hooks.collect(health)
    assert "could not be fetched 3 times" in said
    assert "refuses the sign-in" in said
    hurry(desk, owner, mailbox.uid)
    assert state(mailbox).failures == 0
    assert supervisor.tick() == 1


def test_nobody_fetches_is_said_too(desk: Helpdesk, add: Add, clock: TestClock) -> None:
    add()
    assert list(desk.hooks.collect(health)) == []
    clock.advance(hours=1)
    (said,) = desk.hooks.collect(health)
    assert "Is a worker running?" in said


def test_waits_grow_to_an_hour() -> None:
    now = datetime(2026, 3, 2, 9, tzinfo=UTC)
    waits = [(next_try(now, 60, failures) - now).total_seconds() for failures in (1, 2, 3, 4, 50)]
    assert waits == [60, 120, 240, 480, 3600]


def test_two_supervisors_share_the_mailboxes(
    desk: Helpdesk, supervisor: Supervisor, mail_server: Dovecot, user: str, add: Add, state: State
) -> None:
    other = Supervisor(desk, supervisor.gateway)
    mail_server.put(user, [written()])
    mailbox = add(idle=False)
    started: list[int] = []
    threads = [threading.Thread(target=lambda each=each: started.append(each.tick())) for each in (supervisor, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sum(started) == 1
    until(lambda: state(mailbox).lease is None)
    assert len(tickets(desk)) == 1
    other.close()


@pytest.fixture(autouse=True)
def stopped(supervisor: Supervisor) -> Iterator[None]:
    """Let no thread outlive its test."""
    yield
    supervisor.close(timeout=90)
