"""Administrators are told by mail what has gone wrong with mail, once, and that it is well again."""

from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage

from sqlalchemy import update

from helpdesk_core.api import SYSTEM, Actor, Helpdesk
from helpdesk_core.testing.site import TestClock, World
from helpdesk_email.intake.alerts import ENOUGH, tell_changes
from helpdesk_email.intake.health import complaints, troubles
from helpdesk_email.intake.mailboxes import MailboxDraft, create_mailbox, keep_secrets
from helpdesk_email.intake.models import Mailbox

Sent = Callable[[], list[EmailMessage]]


def broken(desk: Helpdesk, *, failures: int) -> None:
    with desk.begin(SYSTEM) as tx:
        later = tx.now + timedelta(days=1)  # so that nobody fetches it meanwhile
        values = {"failures": failures, "last_error": "No route to host", "next_at": later}
        tx.session.execute(update(Mailbox).values(values))


def test_each_change_is_told_once(desk: Helpdesk, world: World, sent: Sent) -> None:
    owner = world.actor(world.user("Olga Owner", address="olga@example.com", is_owner=True, locale="de"))
    draft = MailboxDraft(name="Support", host="imap.example.com", username="support", password="x")
    create_mailbox(desk, owner, draft)
    broken(desk, failures=0)
    tell_changes(desk)
    assert sent() == []
    for failures in (2, 3, 4):
        broken(desk, failures=failures)
        tell_changes(desk)
    (mail,) = sent()
    assert mail["To"] == "Olga Owner <olga@example.com>"
    assert "No route to host" in mail.get_content()
    assert "/admin/health" in mail.get_content()
    broken(desk, failures=0)
    for _ in range(ENOUGH - 1):
        tell_changes(desk)
    assert sent() == []
    for _ in range(3):
        tell_changes(desk)
    (mail,) = sent()
    assert "No route to host" in mail.get_content()
    assert "Das Postfach „Support“" in mail.get_content()
    assert "could not be fetched" not in mail.get_content()
    assert troubles(desk) == []


def test_an_access_that_ends_soon_is_a_trouble(desk: Helpdesk, owner: Actor, clock: TestClock) -> None:
    draft = MailboxDraft(name="Support", host="imap.gmail.com", login="google", username="support@example.com")
    mailbox = create_mailbox(desk, owner, draft)
    assert complaints(desk) == ["The account of the mailbox “Support” is not connected."]
    ends = clock().replace(day=20)
    keep_secrets(desk, mailbox.id, {"refresh_token": "r", "refresh_ends_at": ends}, actor=SYSTEM)
    assert complaints(desk) == []
    clock.advance(days=13)
    assert any("ends on 2026-03-20" in each for each in complaints(desk))


def test_a_mailbox_that_waits_for_its_next_try_is_not_called_forgotten(
    desk: Helpdesk, owner: Actor, clock: TestClock
) -> None:
    create_mailbox(desk, owner, MailboxDraft(name="Support", host="imap.example.com", username="support", password="x"))
    with desk.begin(SYSTEM) as tx:
        tried = {"tried_at": tx.now, "next_at": tx.now + timedelta(hours=1)}
        tx.session.execute(update(Mailbox).values(failures=9, last_error="No route to host", **tried))
    clock.advance(minutes=59)
    assert [each.key.rpartition(":")[2] for each in troubles(desk)] == ["fails"]
    clock.advance(minutes=17)
    assert [each.key.rpartition(":")[2] for each in troubles(desk)] == ["fails", "silent"]
