"""The LMTP server, spoken to by a client of the standard library and by a real Postfix."""

import re
import smtplib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from helpdesk_core.api import Helpdesk
from helpdesk_email.intake import lmtp
from helpdesk_email.receiving import Gateway
from helpdesk_email.storing import NotStored

from ..gateways import tickets, written
from .waiting import until


@pytest.fixture
def settings() -> dict[str, object]:
    return {"max_size_mb": 1, "sender_budget": 0}


@contextmanager
def served(desk: Helpdesk, gateway: Gateway, path: Path) -> Iterator[None]:
    """Serve at a socket, as the command does, until the test is over."""
    import asyncio

    ready, ended = threading.Event(), threading.Event()
    loops: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    def run() -> None:
        async def main() -> None:
            stop = asyncio.Event()
            loops.append((asyncio.get_running_loop(), stop))
            async with lmtp.serving(desk, gateway, host="", port=0, socket=path) as _address:
                ready.set()
                await stop.wait()

        asyncio.run(main())
        ended.set()

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(60)
    try:
        yield
    finally:
        loop, stop = loops[0]
        loop.call_soon_threadsafe(stop.set)
        thread.join(60)
        assert ended.is_set()


@pytest.fixture
def client(desk: Helpdesk, gateway: Gateway, tmp_path: Path) -> Iterator[smtplib.LMTP]:
    with served(desk, gateway, tmp_path / "lmtp"), smtplib.LMTP(str(tmp_path / "lmtp")) as opened:
        yield opened


def answers(client: smtplib.LMTP, recipients: list[str], raw: bytes, sender: str = "carla@example.net") -> list[str]:
    """Hand a mail over, and return the answers to its recipients and then to its data, without the library's help."""
    client.ehlo_or_helo_if_needed()
    client.docmd("RSET")
    assert client.docmd(f"MAIL FROM:<{sender}>")[0] == 250
    said = [f"rcpt {client.docmd(f'RCPT TO:<{each}>')[0]}" for each in recipients]
    code, _text = client.docmd("DATA")
    if code != 354:
        return [*said, f"data {code}"]
    client.send(re.sub(rb"(?m)^\.", b"..", raw) + b"\r\n.\r\n")
    return said + [f"data {client.getreply()[0]}" for _each in range(said.count("rcpt 250"))]


def test_a_mail_is_answered_once_for_each_recipient_and_becomes_tickets(
    desk: Helpdesk, gateway: Gateway, client: smtplib.LMTP
) -> None:
    raw = written(". a dot, and a very long line: " + "x" * 100_000, to="undisclosed@example.net")
    said = answers(client, ["support@example.com", "sales@example.com", "no-address"], raw)
    assert said == ["rcpt 250", "rcpt 250", "rcpt 553", "data 250", "data 250"]
    until(lambda: len(tickets(desk)) == 2)
    (row,) = gateway.log()
    assert row.source == "lmtp"
    assert row.envelope_recipients == ["sales@example.com", "support@example.com"]
    assert gateway.archive.get(row.sha256).rstrip() == raw.rstrip()


def test_the_answer_comes_only_when_the_mail_is_stored_and_is_try_again_if_it_cannot_be(
    desk: Helpdesk, gateway: Gateway, client: smtplib.LMTP, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_arguments: object) -> None:
        raise NotStored("The database is away.")

    monkeypatch.setattr(gateway, "store", away)
    two = ["support@example.com", "sales@example.com"]
    assert answers(client, two, written())[2:] == ["data 451", "data 451"]
    assert gateway.log() == []
    monkeypatch.undo()
    assert answers(client, two, written())[2:] == ["data 250", "data 250"]
    assert len(gateway.log()) == 1


def test_what_is_too_large_is_refused_for_every_recipient_and_the_session_goes_on(
    gateway: Gateway, client: smtplib.LMTP
) -> None:
    client.ehlo_or_helo_if_needed()
    assert client.docmd("MAIL FROM:<carla@example.net> SIZE=9000000")[0] == 552
    two = ["support@example.com", "sales@example.com"]
    large = written("a line\r\n" * 200_000)
    assert answers(client, two, large)[2:] == ["data 552", "data 552"]
    assert answers(client, two[:1], written())[1:] == ["data 250"]
    assert [row.size < 10_000 for row in gateway.log()] == [True]


def test_null_senders_and_odd_addresses_are_taken(gateway: Gateway, client: smtplib.LMTP) -> None:
    assert answers(client, ["support@example.com"], written(), sender="") == ["rcpt 250", "data 250"]
    assert answers(client, ["support@example.com"], written(), sender="a..b@example.net") == ["rcpt 250", "data 250"]
    assert [row.envelope_sender for row in gateway.log()] == ["a..b@example.net", None]


def test_a_client_that_hangs_up_in_the_middle_leaves_nothing(
    gateway: Gateway, client: smtplib.LMTP, tmp_path: Path
) -> None:
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(tmp_path / "lmtp"))
        line.recv(1000)
        for word in ("LHLO x", "MAIL FROM:<a@example.net>", "RCPT TO:<support@example.com>", "DATA"):
            line.sendall(f"{word}\r\n".encode())
            line.recv(1000)
        line.sendall(b"Subject: half a mail\r\n\r\nThis is")
    assert answers(client, ["support@example.com"], written(subject="Whole")) == ["rcpt 250", "data 250"]
    assert len(gateway.log()) == 1
