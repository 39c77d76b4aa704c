from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from threading import Event as Flag
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk_core.actor import SYSTEM
from helpdesk_core.events.delivery import Deliverer
from helpdesk_core.events.models import EventRow
from helpdesk_core.hooks import hookimpl
from helpdesk_core.mail import outbox
from helpdesk_core.mail.events import MailFailed, MailSent
from helpdesk_core.mail.hooks import mail_failed, mail_sent, mail_transport
from helpdesk_core.mail.mailbox import Mailbox
from helpdesk_core.mail.models import OutgoingMail
from helpdesk_core.mail.outlet import Outlet
from helpdesk_core.mail.send import DOWN_WAIT, LEASE, WAITS, Sender
from helpdesk_core.mail.smtp import SmtpTransport
from helpdesk_core.mail.transport import FolderTransport, MemoryTransport, NullTransport, Transport
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.site import TestClock, World
from tests.mail.drafts import DRAFT
from tests.mail.servers import Post, free_port, smtp_server

Queue = Callable[..., str]


def mail_of(desk: Helpdesk, uid: str) -> OutgoingMail:
    with desk.read() as session:
        return outbox.find_mail(session, uid)


def sender(desk: Helpdesk, transport: Transport, **options: Any) -> Sender:
    return Sender(desk, Outlet(desk, transport), **options)


def event_types(desk: Helpdesk) -> list[str]:
    with desk.read() as session:
        return list(session.scalars(select(EventRow.type).where(EventRow.type.like("mail.%"))))


def test_a_queued_mail_leaves_once_and_in_cyrillic_as_written(desk: Helpdesk, queued: Queue) -> None:
    uid = queued(cc=(Mailbox("", "cc@example.net"),))
    post = Post()
    with smtp_server(post) as port:
        sending = sender(desk, SmtpTransport("127.0.0.1", port))
        assert (sending.run(), sending.run()) == (1, 0)
    ((envelope_from, recipients, content),) = post.arrived
    mail = message_from_bytes(content, policy=policy.default)
    assert (envelope_from, recipients) == ("support@example.com", ["ivan@example.net", "cc@example.net"])
    assert mail["Subject"] == DRAFT.subject
    assert mail["From"].addresses[0].display_name == "Анна via Поддержка"
    row = mail_of(desk, uid)
    assert (row.state, row.accepted, row.error) == ("sent", ["ivan@example.net", "cc@example.net"], None)
    assert row.sent_at is not None
    assert event_types(desk) == ["mail.sent"]


def test_a_permanent_refusal_is_kept_with_its_reason_and_not_tried_again(
    desk: Helpdesk, world: World, queued: Queue
) -> None:
    ticket = world.ticket().ticket
    uid = queued(ticket_id=ticket.id)
    with smtp_server(Post(refuse_recipients={"ivan@example.net": "550 5.1.1 No such user"})) as port:
        sending = sender(desk, SmtpTransport("127.0.0.1", port))
        assert (sending.run(), sending.run()) == (1, 0)
    row = mail_of(desk, uid)
    assert (row.state, row.error) == ("failed", "ivan@example.net: 550 5.1.1 No such user")
    with desk.read() as session:
        failed = session.scalars(select(EventRow).where(EventRow.type == "mail.failed")).one()
    assert (failed.ticket_id, failed.seq) == (ticket.id, ticket.event_count + 1)
    assert "ivan" not in str(failed.data)


def test_a_temporary_refusal_is_tried_again_with_growing_waits_and_the_same_message_id(
    desk: Helpdesk, queued: Queue, clock: TestClock
) -> None:
    uid = queued()
    post = Post(refuse_data=["451 Greylisted", "451 Greylisted"])
    with smtp_server(post) as port:
        sending = sender(desk, SmtpTransport("127.0.0.1", port))
        sending.run()
        row = mail_of(desk, uid)
        assert (row.state, row.attempts, row.error) == ("queued", 1, "451 Greylisted")
        assert sending.run() == 0
        clock.advance(minutes=1.1)
        assert sending.run() == 1
        clock.advance(minutes=1.1)
        assert sending.run() == 0
        clock.advance(minutes=5)
        assert sending.run() == 1
    assert mail_of(desk, uid).state == "sent"
    assert b"Message-ID: <one@helpdesk.example>" in post.arrived[0][2]


def test_only_those_who_were_not_reached_are_tried_again(desk: Helpdesk, queued: Queue, clock: TestClock) -> None:
    uid = queued(cc=(Mailbox("", "cc@example.net"), Mailbox("", "gone@example.net")))
    post = Post(refuse_recipients={"cc@example.net": "450 Busy", "gone@example.net": "550 Gone"})
    with smtp_server(post) as port:
        sending = sender(desk, SmtpTransport("127.0.0.1", port))
        sending.run()
        del post.refuse_recipients["cc@example.net"]
        clock.advance(minutes=2)
        sending.run()
    assert [recipients for _, recipients, _ in post.arrived] == [["ivan@example.net"], ["cc@example.net"]]
    row = mail_of(desk, uid)
    assert (row.state, row.accepted) == ("sent", ["ivan@example.net", "cc@example.net"])
    assert row.error == "gone@example.net: 550 Gone"
    assert event_types(desk) == ["mail.sent", "mail.failed"]


def test_a_connection_that_drops_after_data_gives_the_same_mail_once_more(
    desk: Helpdesk, queued: Queue, clock: TestClock
) -> None:
    queued()
    post = Post(hang_up_after_data=1)
    with smtp_server(post) as port:
        sending = sender(desk, SmtpTransport("127.0.0.1", port))
        sending.run()
        clock.advance(minutes=2)
        sending.run()
    first, second = (content for _, _, content in post.arrived)
    assert first.split(b"Message-ID: ")[1].split(b"\r\n")[0] == second.split(b"Message-ID: ")[1].split(b"\r\n")[0]


def test_a_server_that_takes_few_mails_on_a_connection_gets_them_all(desk: Helpdesk, queued: Queue) -> None:
    uids = [queued() for _ in range(5)]
    post = Post(most_per_connection=2)
    with smtp_server(post) as port:
        sender(desk, SmtpTransport("127.0.0.1", port)).run()
    assert [mail_of(desk, uid).state for uid in uids] == ["sent"] * 5
    assert post.connections == 3


def test_when_the_server_is_away_the_mails_wait_and_only_the_first_loses_a_try(
    desk: Helpdesk, queued: Queue, clock: TestClock
) -> None:
    uids = [queued() for _ in range(3)]
    port = free_port()
    sending = sender(desk, SmtpTransport("127.0.0.1", port, timeout=2))
    assert sending.run() == 1
    assert [(mail_of(desk, uid).state, mail_of(desk, uid).attempts) for uid in uids] == [
        ("queued", 1),
        ("queued", 0),
        ("queued", 0),
    ]
    assert "refused" in (mail_of(desk, uids[0]).error or "")
    queued()
    assert sending.run() == 0, "it rests"
    clock.advance(seconds=DOWN_WAIT.total_seconds() + 1)
    assert sending.run() == 1


def test_a_mail_is_given_up_after_some_days(desk: Helpdesk, queued: Queue, clock: TestClock) -> None:
    uid = queued()
    with smtp_server(Post(refuse_data=["451 no"] * 20)) as port:
        sending = sender(desk, SmtpTransport("127.0.0.1", port))
        for wait in WAITS:
            assert sending.run() == 1
            clock.advance(seconds=wait.total_seconds() + 1)
        sending.run()
    assert mail_of(desk, uid).state == "failed"
    assert timedelta(days=4) < sum(WAITS, timedelta()) < timedelta(days=6)


def test_what_a_vanished_worker_was_sending_is_queued_again(desk: Helpdesk, queued: Queue, clock: TestClock) -> None:
    class Killed(BaseException):
        """The process dies here."""

    class Deadly(MemoryTransport):
        def send(self, envelope: Any) -> Any:
            raise Killed

    uid = queued()
    with pytest.raises(Killed):
        sender(desk, Deadly()).run()
    memory = MemoryTransport()
    assert sender(desk, memory).run() == 0
    clock.advance(seconds=LEASE.total_seconds() + 1)
    heir = sender(desk, memory)
    heir.run()
    assert mail_of(desk, uid).attempts == 1
    clock.advance(minutes=2)
    heir.run()
    assert len(memory.sent) == 1


def test_a_sender_that_is_asked_to_stop_gives_the_rest_back(desk: Helpdesk, queued: Queue) -> None:
    uids = [queued() for _ in range(3)]
    stop = Flag()

    class Stopping(MemoryTransport):
        def send(self, envelope: Any) -> Any:
            stop.set()
            return super().send(envelope)

    assert sender(desk, Stopping(), stopping=stop.is_set).run() == 1
    assert [mail_of(desk, uid).state for uid in uids] == ["sent", "queued", "queued"]


def test_a_mail_that_cannot_be_made_fails_alone(desk: Helpdesk, queued: Queue, world: World) -> None:
    broken, good = queued(), queued()
    with desk.begin(SYSTEM) as tx:
        outbox.find_mail(tx.session, broken).recipients = ["not an address"]
    memory = MemoryTransport()
    assert sender(desk, memory).run() == 2
    assert [mail_of(desk, uid).state for uid in (broken, good)] == ["failed", "sent"]


def test_with_a_transport_that_sends_nothing_mails_are_dropped(desk: Helpdesk, queued: Queue) -> None:
    uid = queued()
    sender(desk, NullTransport()).run()
    assert mail_of(desk, uid).state == "dropped"
    assert event_types(desk) == []


class OwnWay:
    """A plugin that sends a department's mail its own way."""

    def __init__(self) -> None:
        self.memory = MemoryTransport()

    @hookimpl(mail_transport)
    def way(self, mail: OutgoingMail) -> Transport | None:
        return self.memory if mail.template == "special" else None


def test_a_plugin_may_bring_the_way_out(desk: Helpdesk, queued: Queue, memory: MemoryTransport) -> None:
    own = OwnWay()
    desk.hooks.register(own, "own")
    queued()
    queued(template="special")
    sender(desk, memory).run()
    assert (len(memory.sent), len(own.memory.sent)) == (1, 1)


class DownWay:
    """A plugin whose way out does not answer, and may fall back to the site's."""

    def __init__(self) -> None:
        self.server = SmtpTransport("127.0.0.1", free_port(), falls_back=True)

    @hookimpl(mail_transport)
    def way(self) -> Transport:
        return self.server


@pytest.mark.parametrize("name", ["folder", "none", "memory"])
def test_mail_falls_back_only_to_a_way_out_that_delivers(
    desk: Helpdesk, queued: Queue, tmp_path: Path, memory: MemoryTransport, name: str
) -> None:
    ways = {"folder": FolderTransport(tmp_path / "out"), "none": NullTransport(), "memory": memory}
    desk.hooks.register(DownWay(), "down")
    first, second = queued(), queued(message_id="<two@helpdesk.example>")
    sender(desk, ways[name]).run()
    found = [mail_of(desk, uid).state for uid in (first, second)]
    assert found == (["sent", "sent"] if name == "memory" else ["queued", "queued"])
    assert len(memory.sent) == (2 if name == "memory" else 0)
    assert not list((tmp_path / "out").glob("*"))


def test_where_neither_way_out_works_only_the_mail_that_was_tried_loses_a_try(desk: Helpdesk, queued: Queue) -> None:
    desk.hooks.register(DownWay(), "down")
    uids = [queued(), queued(message_id="<two@helpdesk.example>")]
    assert sender(desk, SmtpTransport("127.0.0.1", free_port())).run() == 1
    assert [(mail_of(desk, uid).state, mail_of(desk, uid).attempts) for uid in uids] == [("queued", 1), ("queued", 0)]


def test_the_settings_choose_the_way_out_and_a_change_is_taken_up(desk: Helpdesk) -> None:
    outlet = Outlet(desk)
    assert isinstance(outlet.transport(), MemoryTransport)
    assert outlet.transport() is outlet.transport()


def test_several_senders_at_once_send_each_mail_once(desk: Helpdesk, queued: Queue) -> None:
    for _ in range(60):
        queued()
    memory = MemoryTransport()
    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(_drain, sender(desk, memory)) for _ in range(3)]:
            done.result()
    _drain(sender(desk, memory))
    assert len({envelope.uid for envelope in memory.sent}) == len(memory.sent) == 60


def _drain(sending: Sender) -> None:
    while sending.run():
        pass


class Listener:
    """A plugin that hears what becomes of mails."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []

    @hookimpl(mail_sent)
    def sent(self, event: MailSent) -> None:
        self.heard.append(("sent", event.mail))

    @hookimpl(mail_failed)
    def failed(self, event: MailFailed) -> None:
        self.heard.append(("failed", event.mail))


def test_plugins_hear_which_mails_left_and_which_were_given_up(desk: Helpdesk, queued: Queue) -> None:
    listener = Listener()
    desk.hooks.register(listener, "listener")
    good, bad = queued(), queued(to=(Mailbox("", "gone@example.net"),))
    with smtp_server(Post(refuse_recipients={"gone@example.net": "550 Gone"})) as port:
        sender(desk, SmtpTransport("127.0.0.1", port)).run()
    Deliverer(desk, "test").run()
    assert listener.heard == [("sent", good), ("failed", bad)]
