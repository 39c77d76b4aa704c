"""Hostile and broken mails: nothing raises, nothing takes long."""

import random
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk_email.reading import clean_html, explain, read_mail

from .mails import HEADERS, mail, multipart, report

LIMIT = 2.0
MUTATIONS = 3000

SEEDS = (
    mail("Grüße, 你\n\nOn 1 May 2024, Bob <bob@example.net> wrote:\n> Hi\n", "Content-Type: text/plain; charset=utf-8"),
    mail("R3LDvMOfZQ==", "Content-Transfer-Encoding: base64", "Content-Type: text/html; charset=iso-2022-jp"),
    multipart(
        "mixed",
        (
            "Content-Type: text/plain; format=flowed\r\n\r\n> a \r\nb \r\nbegin 644 x\r\n#86)C\r\n`\r\nend",
            "Content-Type: text/html\r\n\r\n<table><tr><td>x<blockquote>y<img src=cid:a>",
            "Content-Type: image/png; name*0*=utf-8''a%20; name*1=b.png\r\nContent-ID: <a>\r\n\r\nx",
            "Content-Type: message/rfc822\r\n\r\nSubject: =?utf-8?q?inner?=\r\n\r\nHi",
            "Content-Type: application/ms-tnef\r\nContent-Transfer-Encoding: base64\r\n\r\neJ8+IgEAAQWQBgAIAAAA5A==",
        ),
        "Subject: =?utf-8?b?R3I=?= =?gb2312?q?=C4=E3?=",
        "Cc: Team: a@example.org, \"B\" <b@example.org>;",
    ),
    report("<bob@example.net>: 550 unknown user", "Final-Recipient: rfc822; bob@example.net\r\nAction: failed\r\n"),
)  # fmt: skip
PIECES = (
    b"\0", b"\r", b"\n", b"\r\n\r\n", b'"', b"<", b">", b"(", b";", b"=", b"=?utf-8?b?", b"?=", b"--limit",
    b"--limit--", b"\xff", b"\x1b$B", b"charset=utf-7", b"charset=idna", b"filename*0*=", b"\xed\xa0\x80",
    b"<blockquote>" * 30, b"Content-Type: multipart/mixed; boundary=limit\r\n", b"From: a@example.org\r\n",
    b"\x78\x9f\x3e\x22", "e\u0323\u0301\u0301".encode() * 9,
)  # fmt: skip


def mutate(raw: bytes, chance: random.Random) -> bytes:
    """The mail with a few wounds: bytes changed, pieces put in, cut out, or repeated."""
    data = bytearray(raw)
    for _ in range(chance.randint(1, 10)):
        place = chance.randrange(len(data) + 1)
        wound = chance.randrange(4)
        if wound == 0:
            data[place:place] = chance.choice(PIECES)
        elif wound == 1:
            del data[place : place + chance.randint(1, 150)]
        elif wound == 2:
            data[place : place + 1] = bytes([chance.randrange(256)])
        else:
            data[place:place] = data[place : place + chance.randint(1, 60)] * chance.randint(1, 15)
    return bytes(data)


def check(raw: bytes) -> float:
    """Read a mail in every way, check what can be checked of any mail, and return the processor's seconds it took."""
    begun = time.thread_time()
    found = explain(raw)
    if found["html"]:
        clean_html(found["html"])
    taken = time.thread_time() - begun
    assert found["error"] is None
    for text in (found["text"], found["subject"], found["stripped_reply"], *found["attachments"]):
        assert "\0" not in text
        text.encode("utf-8")
    assert all(found["attachments"])
    return taken


@pytest.mark.parametrize("seed", SEEDS)
def test_mutated_mails_are_read_in_time(seed: bytes) -> None:
    chance = random.Random(20240512)
    slowest = max(check(mutate(seed, chance)) for _ in range(MUTATIONS // len(SEEDS)))
    assert slowest < LIMIT


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=600))
def test_any_bytes_are_a_mail(raw: bytes) -> None:
    check(raw)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_a_subject_and_a_body(text: str) -> None:
    assert check(f"Subject: {text}\r\n\r\n{text}".encode("utf-8", "replace")) < LIMIT


def nested(depth: int) -> bytes:
    levels = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n" for n in range(depth))
    return f"{HEADERS}{levels}Content-Type: text/plain\r\n\r\nHi".encode()


def in_header(name: str, value: str) -> bytes:
    return mail("Hi", f"{name}: {value}")


HTML = "Content-Type: text/html"
DAEMON = "Sender: MAILER-DAEMON@example.net"
HOSTILE: dict[str, Callable[[], bytes]] = {
    "parts nested thousands deep": lambda: nested(5000),
    "a hundred thousand parts": lambda: mail("--a\r\n\r\nx\r\n" * 100_000, "Content-Type: multipart/mixed; boundary=a"),
    "a hundred thousand headers": lambda: mail("Hi", *(f"X-{n}: y" for n in range(100_000))),
    "a header of a million lines": lambda: in_header("X-Long", "\r\n y" * 500_000),
    "addresses that never end": lambda: in_header("Cc", '"\\' * 200_000),
    "comments that never end": lambda: in_header("Cc", "((" * 200_000),
    "encoded words that never end": lambda: in_header("Comments", "=?utf-8?b?" * 50_000),
    "parameters without end": lambda: in_header("Content-Type", "text/plain; " + "a*0*=x; " * 100_000),
    "spaces in parameters": lambda: in_header("Content-Type", "text/plain; a" + " ;" * 200_000),
    "tags nested deep": lambda: mail("<div>" * 200_000 + "x", HTML),
    "quotes nested deep": lambda: mail("<blockquote>x" * 30_000, HTML),
    "a tag with endless attributes": lambda: mail("<p " + " ".join(f"a{n}=1" for n in range(30_000)) + ">", HTML),
    "a million ampersands": lambda: mail("&" * 1_000_000, HTML),
    "one endless line": lambda: mail("a" * 1_000_000),
    "one endless quote": lambda: mail(">" * 1_000_000),
    "endless rules": lambda: mail("* " * 400_000 + "\n" + "-\n" * 200_000),
    "lines that look like attributions": lambda: mail("On 1 May 2024 10:10 x:\n" * 20_000),
    "attributions with quotes": lambda: mail("On 1/1/2024 a@example.org wrote:\n> x\ny\n" * 20_000),
    "lines that look like headers": lambda: mail("From: x\n" * 50_000),
    "files that never begin": lambda: mail("begin 644 x\n" * 50_000),
    "accents without end": lambda: mail("e" + "\u0301\u0323" * 100_000, "Content-Type: text/plain; charset=utf-8"),
    "soft line breaks without end": lambda: mail("a \r\n" * 100_000, "Content-Type: text/plain; format=flowed"),
    "a report of one word": lambda: mail("could not be delivered " + "a" * 1_000_000, DAEMON),
    "a report of addresses": lambda: mail("could not be delivered\n" + "a@b " * 200_000, DAEMON),
}  # fmt: skip


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
def test_mails_made_to_stop_the_reader_do_not(make: Callable[[], bytes]) -> None:
    assert check(make()) < LIMIT


def test_what_was_left_out_is_said() -> None:
    assert any("too deeply" in defect for defect in read_mail(nested(100)).defects)
