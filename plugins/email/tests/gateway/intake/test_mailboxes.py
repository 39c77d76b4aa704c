"""Fetching over IMAP and POP3 from a real Dovecot."""

import imaplib
import re
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from helpdesk_core.api import Actor, Helpdesk
from helpdesk_core.api.errors import Unavailable
from helpdesk_email.intake import fetching, imap
from helpdesk_email.intake.fetching import Look, try_connection
from helpdesk_email.intake.imap import ImapSession
from helpdesk_email.intake.mailboxes import MailboxDraft, change_mailbox, draft_of
from helpdesk_email.intake.models import Mailbox, Taken
from helpdesk_email.intake.pop3 import Pop3Session
from helpdesk_email.intake.sessions import MailboxFailed, NotGiven, words
from helpdesk_email.models import Received
from helpdesk_email.receiving import Gateway
from helpdesk_email.storing import NotStored

from ..gateways import messages, tickets, written
from .conftest import Add
from .servers import Dovecot
from .waiting import until

Fetch = Callable[[Mailbox], Look]
State = Callable[[Mailbox], Mailbox]
BOTH = pytest.mark.parametrize("protocol", ["imap", "pop3"])


def mails(count: int, begin: int = 0) -> list[bytes]:
    return [written(f"This is {number}.", subject=f"Mail {number}") for number in range(begin, begin + count)]


def subjects(desk: Helpdesk) -> list[str]:
    return sorted(each.subject for each in tickets(desk))


@BOTH
def test_mail_becomes_tickets_and_what_is_left_on_the_server_is_taken_once(
    desk: Helpdesk, mail_server: Dovecot, user: str, add: Add, fetch: Fetch, state: State, protocol: str
) -> None:
    mail_server.put(user, mails(3))
    mailbox = add(protocol=protocol, afterwards="leave")
    assert fetch(mailbox) == Look(taken=3)
    mail_server.put(user, mails(2, begin=3))
    assert [fetch(mailbox).taken, fetch(mailbox).taken] == [2, 0]
    assert subjects(desk) == [f"Mail {number}" for number in range(5)]
    assert len(mail_server.mails(user)) == 5
    if protocol == "imap":
        assert "Seen" not in "".join(mail_server.flags(user))
    assert (state(mailbox).taken_count, state(mailbox).last_error) == (5, None)


def test_the_stored_bytes_are_those_on_the_server(
    gateway: Gateway, mail_server: Dovecot, user: str, add: Add, fetch: Fetch
) -> None:
    raw = written("x" * 9000 + "\r\n.\r\n..two dots\r\n\u00e4", subject="Long lines and dots")
    mail_server.put(user, [raw])
    fetch(add(protocol="imap"))
    fetch(add(protocol="pop3", name="The same by POP3"))
    rows = gateway.log()
    assert {gateway.archive.get(row.sha256) for row in rows} == {raw}
    assert len(rows) == 1, "the same bytes for the same recipients are one mail"


@BOTH
def test_mail_is_deleted_once_it_is_stored(
    desk: Helpdesk, mail_server: Dovecot, user: str, add: Add, fetch: Fetch, protocol: str
) -> None:
    mail_server.put(user, mails(3))
    mailbox = add(protocol=protocol, afterwards="delete")
    assert fetch(mailbox).taken == 3
    assert mail_server.mails(user) == []
    assert fetch(mailbox).taken == 0
    assert len(tickets(desk)) == 3
    with desk.read() as session:
        assert session.scalar(select(func.count()).select_from(Taken)) == 0


def test_mail_is_marked_as_read_or_moved(mail_server: Dovecot, user: str, add: Add, fetch: Fetch) -> None:
    mail_server.put(user, mails(2))
    fetch(add(afterwards="flag"))
    assert ["Seen" in each for each in mail_server.flags(user)] == [True, True]
    mail_server.put(user, mails(1, begin=2))
    fetch(add(afterwards="move", move_to="Done & gone", name="Second"))
    assert mail_server.mails(user) == []
    assert len(mail_server.mails(user, '"Done &- gone"')) == 3


def test_only_mails_of_ours_are_removed(mail_server: Dovecot, user: str, add: Add, fetch: Fetch) -> None:
    mail_server.put(user, mails(2))
    client = mail_server.client(user)
    client.store("1", "+FLAGS", r"(\Deleted)")  # somebody who uses the mailbox has not yet purged it
    client.logout()
    mailbox = add(afterwards="flag")
    fetch(mailbox)
    assert len(mail_server.mails(user)) == 2


@BOTH
def test_nothing_is_told_to_the_server_before_the_mail_is_stored(
    desk: Helpdesk,
    gateway: Gateway,
    mail_server: Dovecot,
    user: str,
    add: Add,
    fetch: Fetch,
    state: State,
    protocol: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_arguments: object) -> None:
        raise NotStored("The disk is full.")

    mail_server.put(user, mails(3))
    mailbox = add(protocol=protocol, afterwards="delete")
    monkeypatch.setattr(gateway, "store", fail)
    with pytest.raises(Unavailable):
        fetch(mailbox)
    assert len(mail_server.mails(user)) == 3
    assert "The disk is full." in (state(mailbox).last_error or "")
    monkeypatch.undo()
    assert fetch(mailbox).taken == 3
    assert len(tickets(desk)) == 3
    assert mail_server.mails(user) == []


@BOTH
def test_what_the_server_was_not_told_for_a_crash_is_told_the_next_time(
    desk: Helpdesk,
    mail_server: Dovecot,
    user: str,
    add: Add,
    fetch: Fetch,
    protocol: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def break_off(*_arguments: object) -> None:
        raise MailboxFailed("The connection is gone.")

    mail_server.put(user, mails(2))
    mailbox = add(protocol=protocol, afterwards="delete")
    monkeypatch.setattr(ImapSession if protocol == "imap" else Pop3Session, "settle", break_off)
    with pytest.raises(MailboxFailed):
        fetch(mailbox)
    monkeypatch.undo()
    assert len(mail_server.mails(user)) == 2
    assert fetch(mailbox).taken == 0
    assert mail_server.mails(user) == []
    with desk.read() as session:
        assert session.scalar(select(func.count()).select_from(Received)) == 2


def test_other_numbers_after_the_folder_was_made_anew_bring_no_mail_twice_and_lose_none(
    desk: Helpdesk, mail_server: Dovecot, user: str, add: Add, fetch: Fetch, state: State
) -> None:
    mail_server.put(user, mails(3))
    mailbox = add(afterwards="leave")
    fetch(mailbox)
    before = state(mailbox).generation
    shutil.rmtree(mail_server.folder / "mail" / user)
    until(lambda: int(time.time()) > (before or 0))  # Dovecot takes the second for UIDVALIDITY
    mail_server.put(user, mails(3))  # other Message-IDs: other mails with old numbers
    there = state(mailbox)
    fetch(mailbox)
    assert state(mailbox).generation != before, "Dovecot gave the folder the same UIDVALIDITY"
    assert there.last_uid == 3
    assert len(tickets(desk)) == 6
    assert fetch(mailbox).taken == 0


@BOTH
def test_mail_from_before_the_mailbox_was_added_stays_out_if_asked(
    desk: Helpdesk, mail_server: Dovecot, user: str, add: Add, fetch: Fetch, protocol: str
) -> None:
    mail_server.put(user, mails(2))
    mailbox = add(protocol=protocol, only_new=True, afterwards="delete")
    assert fetch(mailbox).taken == 0
    mail_server.put(user, mails(1, begin=2))
    assert fetch(mailbox).taken == 1
    assert subjects(desk) == ["Mail 2"]
    assert len(mail_server.mails(user)) == 2


def test_a_mail_that_the_server_does_not_give_holds_up_no_other_and_is_asked_for_again(
    desk: Helpdesk,
    mail_server: Dovecot,
    user: str,
    add: Add,
    fetch: Fetch,
    state: State,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    right = ImapSession.fetch

    def wrong(session: ImapSession, keys: list[str]) -> object:
        if any(key.endswith(":2") for key in keys):
            raise NotGiven("NO internal error")
        return right(session, keys)

    mail_server.put(user, mails(3))
    mailbox = add(afterwards="delete")
    monkeypatch.setattr(ImapSession, "fetch", wrong)
    assert fetch(mailbox) == Look(taken=2, refused=1)
    assert "would not hand out 1" in (state(mailbox).last_error or "")
    assert fetch(mailbox) == Look(taken=0, refused=1)
    monkeypatch.undo()
    assert fetch(mailbox) == Look(taken=1)
    assert subjects(desk) == ["Mail 0", "Mail 1", "Mail 2"]
    assert mail_server.mails(user) == []


@BOTH
def test_many_fetchers_at_once_make_every_mail_one_ticket(
    desk: Helpdesk,
    gateway: Gateway,
    mail_server: Dovecot,
    user: str,
    add: Add,
    protocol: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fetching, "PORTION", 4)
    mail_server.put(user, mails(12))
    mailbox = add(protocol=protocol, afterwards="delete" if protocol == "imap" else "leave")
    ready, problems = threading.Barrier(3), []

    def run() -> None:
        session = fetching.open_session(desk, mailbox)
        try:
            ready.wait(60)
            fetching.Fetcher(desk, gateway, mailbox.id).look(session)
        except MailboxFailed as error:
            problems.append(str(error))
        finally:
            session.close()

    # POP3 lets one session in at a time (RFC 1939, 3), so these share one server only where it allows that.
    threads = [threading.Thread(target=run) for _each in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    gateway.process_all([row.id for row in gateway.log(state="stored")])
    assert problems == []
    assert subjects(desk) == sorted(f"Mail {number}" for number in range(12))
    assert {len(messages(desk, each)) for each in tickets(desk)} == {1}


def test_encrypted_connections_check_the_certificate(
    desk: Helpdesk, mail_server: Dovecot, user: str, add: Add, fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail_server.put(user, mails(1))
    tls = add(security="tls", port=mail_server.imaps, host="localhost", name="TLS")
    start = add(security="starttls", host="localhost", name="STARTTLS")
    pop3 = add(security="starttls", host="localhost", name="POP3", protocol="pop3")
    for mailbox in (tls, start, pop3):
        with pytest.raises(MailboxFailed, match="its certificate is not trusted"):
            fetch(mailbox)
    monkeypatch.setenv("SSL_CERT_FILE", str(mail_server.certificate))
    assert [fetch(tls).taken, try_connection(desk, start), try_connection(desk, pop3)] == [1, 1, 1]


@pytest.mark.parametrize(("protocol", "other"), [("imap", "pop3"), ("pop3", "imap")])
def test_a_port_of_another_protocol_is_told_without_the_words_of_python(
    mail_server: Dovecot, add: Add, fetch: Fetch, protocol: str, other: str
) -> None:
    mailbox = add(protocol=protocol, port=getattr(mail_server, other))
    with pytest.raises(MailboxFailed) as raised:
        fetch(mailbox)
    assert re.search(r"talks another protocol|ready", str(raised.value))
    assert not re.search(r"None|b'|error", str(raised.value))


def test_a_mail_that_the_server_leaves_out_while_it_says_ok_is_asked_for_again(
    desk: Helpdesk, mail_server: Dovecot, user: str, add: Add, fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail_server.put(user, mails(3))
    mailbox = add(afterwards="delete")
    real = imap._literals
    monkeypatch.setattr(imap, "_literals", lambda data: (each for each in real(data) if each[0] != 2))
    assert fetch(mailbox) == Look(taken=2, refused=1)
    monkeypatch.undo()
    assert fetch(mailbox) == Look(taken=1)
    assert subjects(desk) == ["Mail 0", "Mail 1", "Mail 2"]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"password": "wrong"}, r"refuses the sign-in: \[AUTHENTICATIONFAILED\] Authentication failed\. Check"),
        (
            {"protocol": "pop3", "password": "wrong"},
            r"refuses the sign-in: -ERR \[AUTH\] Authentication failed\. Check",
        ),
        ({"folder": "Nowhere"}, "no folder “Nowhere”"),
        ({"port": 9}, "fails: nothing answers at this port"),
    ],
)
def test_what_is_wrong_is_said(add: Add, fetch: Fetch, state: State, given: dict[str, object], says: str) -> None:
    mailbox = add(**given)
    with pytest.raises(MailboxFailed, match=says):
        fetch(mailbox)
    now = state(mailbox)
    assert re.search(says, now.last_error or "")
    assert (now.failures, now.succeeded_at) == (1, None)


def test_the_password_is_sealed_and_goes_to_no_other_server(
    desk: Helpdesk, owner: Actor, mail_server: Dovecot, add: Add, state: State
) -> None:
    from dataclasses import replace

    from helpdesk_core.api.errors import Invalid

    mailbox = add()
    assert "nothing" not in (state(mailbox).sealed or "")
    kept = change_mailbox(desk, owner, mailbox.uid, replace(draft_of(mailbox), name="Another name"))
    assert kept.sealed == state(mailbox).sealed
    with pytest.raises(Invalid, match="Enter the password"):
        change_mailbox(desk, owner, mailbox.uid, replace(draft_of(mailbox), host="elsewhere.example.com"))


def test_a_draft_that_does_not_fit_is_refused_with_every_reason(desk: Helpdesk, owner: Actor) -> None:
    from helpdesk_core.api.errors import Invalid
    from helpdesk_email.intake.mailboxes import create_mailbox

    draft = MailboxDraft(protocol="pop3", host="a b", afterwards="move", interval=1, address="nobody", port=70_000)
    with pytest.raises(Invalid) as raised:
        create_mailbox(desk, owner, draft)
    expected = {"name", "host", "port", "username", "afterwards", "move_to", "interval", "address", "password"}
    assert set(raised.value.problems) == expected


def test_mail_counts_as_sent_to_the_address_of_its_mailbox(
    desk: Helpdesk, mail_server: Dovecot, user: str, add: Add, fetch: Fetch, tmp_path: Path
) -> None:
    mail_server.put(user, [written(to="undisclosed@example.net")])
    fetch(add(address="Sales@Example.com"))
    assert [each.department.key for each in tickets(desk)] == ["sales"]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (imaplib.IMAP4.abort("Too many connections"), "Too many connections"),
        (imaplib.IMAP4.abort("command: LOGIN => [UNAVAILABLE] Maintenance"), "[UNAVAILABLE] Maintenance"),
        (imaplib.IMAP4.abort("command: FETCH => socket error: EOF"), "the connection broke"),
        (ConnectionResetError(104, "Connection reset by peer"), "the connection broke"),
        (OSError(113, "No route to host"), "No route to host"),
    ],
)
def test_an_error_says_what_the_server_or_the_network_says(error: Exception, said: str) -> None:
    assert words(error) == said
