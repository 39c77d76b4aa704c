"""What is redacted while its mails are written, wait or leave."""

from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest

from helpdesk_core.actor import Actor
from helpdesk_core.attachments.inputs import Upload
from helpdesk_core.hooks import hookimpl
from helpdesk_core.mail import outbox
from helpdesk_core.mail.draft import OutgoingDraft
from helpdesk_core.mail.hooks import outgoing_mail
from helpdesk_core.mail.models import OutgoingMail
from helpdesk_core.mail.outlet import Outlet
from helpdesk_core.mail.send import Sender
from helpdesk_core.mail.transport import MemoryTransport
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.site import World
from helpdesk_core.tickets.conversation import reply
from helpdesk_core.tickets.inputs import NewMessage
from helpdesk_core.tickets.redacting import redact

Composed = Callable[[], list[OutgoingMail]]
Sent = Callable[[], list[EmailMessage]]
SECRET = "The password is hunter2-and-more."
QUOTING = f"> {SECRET}\n\nPlease mend it."


@pytest.fixture
def boss(world: World) -> Actor:
    return world.agent("Boss", role="admin")


class Slow(MemoryTransport):
    """While it takes the first mail, something else happens."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        super().__init__()
        self._meanwhile = [meanwhile]

    def send(self, envelope: Any) -> Any:
        if self._meanwhile:
            self._meanwhile.pop()()
        return super().send(envelope)


@pytest.mark.parametrize("delivered", [False, True])
def test_what_is_redacted_while_a_batch_leaves_does_not_leave_with_it(
    desk: Helpdesk, boss: Actor, ticket: str, carla: Actor, composed: Composed, sent: Sent, delivered: bool
) -> None:
    sent()
    reply(desk, carla, ticket, NewMessage(text="Hello?"))
    said = reply(desk, carla, ticket, NewMessage(text=SECRET)).message
    reply(desk, carla, ticket, NewMessage(text=QUOTING))
    composed()

    def meanwhile() -> None:
        redact(desk, boss, ticket, said.uid, "a password")
        if delivered:
            composed()

    slow = Slow(meanwhile)
    Sender(desk, Outlet(desk, slow)).run()
    assert [b"hunter2" in each.content for each in slow.sent] == [False, False]
    assert b"[Removed: a password]" in slow.sent[1].content
    composed()
    mails = outbox.outbox(desk).mails[:3]
    assert [mail.state for mail in mails] == ["sent", "dropped", "sent"]
    assert mails[1].error == "The message was redacted before this mail left."
    assert not any("hunter2" in mail.body_text for mail in mails)


class Redacting:
    """A plugin in whose time a message is redacted: after the mail was written, before it is queued."""

    def __init__(self, act: Callable[[], object]) -> None:
        self._acts = [act]

    @hookimpl(outgoing_mail)
    def refine(self, draft: OutgoingDraft) -> OutgoingDraft:
        if self._acts:
            self._acts.pop()()
        return draft


def test_what_is_redacted_while_a_mail_is_written_is_not_in_it(
    desk: Helpdesk, boss: Actor, ticket: str, carla: Actor, composed: Composed, sent: Sent
) -> None:
    said = reply(desk, carla, ticket, NewMessage(text=SECRET)).message
    composed()
    reply(desk, carla, ticket, NewMessage(text=QUOTING))
    desk.hooks.register(Redacting(lambda: redact(desk, boss, ticket, said.uid, "a password")), "redacting")
    (mail,) = composed()
    assert "hunter2" not in f"{mail.body_text}{mail.body_html}"
    assert "[Removed: a password]" in mail.body_text
    assert "Please mend it." in mail.body_text


def test_a_file_that_a_redaction_takes_off_a_message_is_not_sent_with_its_mail(
    desk: Helpdesk, boss: Actor, ticket: str, carla: Actor, adam: Actor, composed: Composed, sent: Sent
) -> None:
    said = reply(desk, carla, ticket, NewMessage(text=SECRET)).message
    composed()
    sent()
    whole = Upload(name="mail.eml", content=f"Subject: Help\r\n\r\n{SECRET}".encode(), content_type="message/rfc822")
    plain = Upload(name="plan.txt", content=b"A plan.", content_type="text/plain")
    reply(desk, adam, ticket, NewMessage(text=QUOTING, uploads=(whole, plain)))
    composed()
    redact(desk, boss, ticket, said.uid, "a password")
    (mail,) = sent()
    assert [each.get_filename() for each in mail.iter_attachments()] == ["plan.txt"]
    assert "hunter2" not in message_from_bytes(mail.as_bytes(), policy=policy.default).as_string()
