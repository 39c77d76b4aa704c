from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from helpdesk_core.actor import SYSTEM, Actor
from helpdesk_core.mail import outbox
from helpdesk_core.mail.models import OutgoingMail
from helpdesk_core.mail.outlet import Outlet
from helpdesk_core.mail.retention import KEPT, tidy
from helpdesk_core.mail.send import Sender
from helpdesk_core.mail.transport import MemoryTransport
from helpdesk_core.rest.models import IdempotencyKey
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.site import TestClock, World
from helpdesk_core.tickets.conversation import reply
from helpdesk_core.tickets.inputs import NewMessage
from helpdesk_core.tickets.redacting import redact
from helpdesk_core.users.accounts import find_by_address
from helpdesk_core.users.privacy import erase_user
from helpdesk_core.users.recovery import request_password_link

Composed = Callable[[], list[OutgoingMail]]


def send_all(desk: Helpdesk) -> None:
    sender = Sender(desk, Outlet(desk, MemoryTransport()))
    while sender.run():
        pass


def test_redacting_a_message_takes_it_out_of_the_outbox_and_stops_what_has_not_left(
    desk: Helpdesk, world: World, ticket: str, adam: Actor, carla: Actor, composed: Composed
) -> None:
    send_all(desk)
    boss = world.agent("Boss", role="admin")
    sent, waiting = (reply(desk, carla, ticket, NewMessage(text="My password is hunter2.")) for _ in range(2))
    composed()
    first, _second = outbox.outbox(desk, state="queued").mails[::-1]
    with desk.begin(SYSTEM) as tx:
        outbox.find_mail(tx.session, first.uid).state = "sent"
    for posted in (sent, waiting):
        redact(desk, boss, ticket, posted.message.uid, "a password")
    composed()
    mails = [mail for mail in outbox.outbox(desk).mails if mail.template == "staff_message"]
    assert {mail.state for mail in mails} == {"sent", "dropped"}
    assert not any("hunter2" in f"{mail.body_text}{mail.body_html}" for mail in mails)


def test_erasing_a_person_forgets_what_was_mailed_in_their_tickets_and_to_whom(
    desk: Helpdesk, world: World, ticket: str, carla: Actor, composed: Composed
) -> None:
    send_all(desk)
    erase_user(desk, world.agent("Boss", role="admin"), carla.uid or "")
    composed()
    for mail in outbox.outbox(desk).mails:
        assert "carla" not in f"{mail.recipients}{mail.cc}{mail.accepted}{mail.body_text}{mail.body_html}".lower()


def test_erasing_a_person_takes_them_out_of_the_mails_of_others(
    desk: Helpdesk, world: World, ticket: str, adam: Actor, composed: Composed
) -> None:
    send_all(desk)
    with desk.read() as session:
        copied = find_by_address(session, "cc@example.net")
    assert copied is not None
    request_password_link(desk, "cc@example.net", ip=None)
    reply(desk, adam, ticket, NewMessage(text="It is up again."))
    composed()
    erase_user(desk, world.agent("Boss", role="admin"), copied.uid)
    mails = outbox.outbox(desk).mails
    assert not any("cc@" in f"{mail.recipients}{mail.cc}{mail.accepted}" for mail in mails)
    link = next(mail for mail in mails if mail.recipients == [])
    assert (link.state, link.body_text, link.cc) == ("dropped", "(removed)", [])
    answer = next(mail for mail in mails if mail.template == "reply")
    assert (answer.state, answer.recipients) == ("queued", ["Carla Customer <carla@example.net>"])
    assert "It is up again." in answer.body_text


@pytest.mark.parametrize("how", ["erase", "redact"])
def test_the_answers_that_the_api_keeps_go_with_what_they_repeat(
    desk: Helpdesk, world: World, ticket: str, carla: Actor, adam: Actor, composed: Composed, how: str
) -> None:
    boss, posted = world.agent("Boss", role="admin"), reply(desk, carla, ticket, NewMessage(text="hunter2"))
    with desk.begin(SYSTEM) as tx:
        for actor in (carla, adam):
            row = IdempotencyKey(user_id=actor.user_id, key="k", request_hash="", headers={}, body="hunter2")
            row.created_at = tx.now
            tx.session.add(row)
    if how == "erase":
        erase_user(desk, boss, carla.uid or "")
    else:
        redact(desk, boss, ticket, posted.message.uid, "a password")
    composed()
    with desk.read() as session:
        assert session.scalars(select(IdempotencyKey.user_id)).all() == [adam.user_id]


def test_a_link_that_opens_an_account_is_forgotten_after_a_day_and_any_mail_after_three_months(
    desk: Helpdesk, ticket: str, carla: Actor, composed: Composed, clock: TestClock
) -> None:
    request_password_link(desk, "carla@example.net", ip=None)
    (mail,) = composed()
    send_all(desk)
    clock.advance(hours=25)
    tidy(desk)
    with desk.read() as session:
        assert "password" not in outbox.find_mail(session, mail.uid).body_text
    assert outbox.counts(desk)["sent"] > 1
    clock.advance(seconds=(KEPT + timedelta(hours=1)).total_seconds())
    tidy(desk)
    assert outbox.counts(desk)["sent"] == 0


def test_what_has_not_left_is_never_tidied_away(
    desk: Helpdesk, ticket: str, composed: Composed, clock: TestClock
) -> None:
    clock.advance(days=365)
    before = outbox.counts(desk)["queued"]
    tidy(desk)
    assert outbox.counts(desk)["queued"] == before > 0
