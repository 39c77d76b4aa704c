from collections.abc import Callable
from typing import Any

import pytest

from helpdesk_core.actor import SYSTEM
from helpdesk_core.errors import Conflict, NotFound
from helpdesk_core.mail import outbox
from helpdesk_core.mail.outlet import Outlet
from helpdesk_core.mail.send import Sender
from helpdesk_core.mail.transport import MemoryTransport, Transport
from helpdesk_core.runtime import Helpdesk

Queue = Callable[..., str]


def sender(desk: Helpdesk, transport: Transport, **options: Any) -> Sender:
    return Sender(desk, Outlet(desk, transport), **options)


def test_the_outbox_shows_mails_newest_first_page_by_page(desk: Helpdesk, queued: Queue) -> None:
    uids = [queued() for _ in range(5)]
    first = outbox.outbox(desk, limit=3)
    assert [mail.uid for mail in first.mails] == uids[:1:-1]
    second = outbox.outbox(desk, limit=3, after=first.next)
    assert [mail.uid for mail in second.mails] == uids[1::-1]
    assert second.next is None
    assert outbox.outbox(desk, state="failed").mails == []
    assert outbox.counts(desk)["queued"] == 5


def test_a_failed_mail_can_be_tried_again_and_a_sent_one_cannot(desk: Helpdesk, queued: Queue) -> None:
    failed, good = queued(), queued(message_id="<two@helpdesk.example>")
    with desk.begin(SYSTEM) as tx:
        row = outbox.find_mail(tx.session, failed)
        row.state, row.attempts = "failed", 11
    memory = MemoryTransport()
    sending = sender(desk, memory)
    sending.run()
    outbox.retry(desk, SYSTEM, failed)
    sending.run()
    assert len(memory.sent) == 2
    with pytest.raises(Conflict):
        outbox.retry(desk, SYSTEM, good)
    with pytest.raises(NotFound):
        outbox.retry(desk, SYSTEM, "unknown")
    with desk.read() as session:
        found = outbox.find_by_message_id(session, "<two@helpdesk.example>")
    assert found is not None
    assert found.uid == good
