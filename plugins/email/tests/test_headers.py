from datetime import UTC, datetime

import pytest

from helpdesk_email.matching import subject_numbers
from helpdesk_email.reading import Address, read_mail
from helpdesk_email.reading.addresses import parse_addresses
from helpdesk_email.reading.params import parse_structured
from helpdesk_email.reading.words import decode_words

from .mails import mail


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"=?utf-8?b?R3LDvMOfZQ==?=", "Grüße"),
        (b"=?utf-8?q?Gr=C3=BC=C3=9Fe_aus?= Wien", "Grüße aus Wien"),
        (b"=?utf-8?b?R3I=?= =?utf-8?b?w7zDn2U=?=", "Grüße"),
        (b"=?utf-8?b?R3LD?=\r\n =?utf-8?b?vMOfZQ?=", "Grüße"),  # a character cut in two, padding lost
        (b"=?utf-8?q?Gr=C3?= =?utf-8?q?=BC=C3=9Fe?=", "Grüße"),
        (b"=?UTF-8?Q?Gr=C3=BC=C3=9Fe mit Leerzeichen?=", "Grüße mit Leerzeichen"),
        (b"=?utf-8?b?R3LDvMOfZQ?=", "Grüße"),
        (b"=?utf-8*de?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        (b"=?iso-8859-1?q?Gr=FC=DFe?=, =?koi8-r?b?8NLJ18XU?=", "Grüße, Привет"),
        (b"=?x-unknown?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        (b"=?utf-8?x?abc?=", "=?utf-8?x?abc?="),
        (b"a=?utf-8?q?=C3=9F?=b", "aßb"),
        ("Grüße".encode(), "Grüße"),
        ("Grüße".encode("cp1252"), "Grüße"),
        (b"=?utf-8?b?R3LDvMOfZQ=", "Grüße"),  # the end is cut off
        (b"=?iso-2022-jp?b?GyRCJDMbKEI=?= =?iso-2022-jp?b?GyRCJHMbKEI=?=", "こん"),
        (b"=?utf-8?b?!!!?=", ""),
    ],
)
def test_encoded_words_are_read_in_every_shape(raw: bytes, text: str) -> None:
    assert decode_words(raw) == text


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (b"Anna <anna@example.org>", [("Anna", "anna@example.org")]),
        (
            b'"Doe, John" <john@example.org>, bob@example.org',
            [("Doe, John", "john@example.org"), ("", "bob@example.org")],
        ),
        (b"=?utf-8?q?Doe,_J=C3=B6rg?= <j@example.org>", [("Doe, Jörg", "j@example.org")]),
        (b'"=?utf-8?q?J=C3=B6rg?=" <j@example.org>', [("Jörg", "j@example.org")]),
        (b"j@example.org (J. Doe)", [("J. Doe", "j@example.org")]),
        (b"Team: a@example.org, B <b@example.org>;", [("", "a@example.org"), ("B", "b@example.org")]),
        (b"undisclosed-recipients:;", []),
        (b"a@example.org; b@example.org", [("", "a@example.org"), ("", "b@example.org")]),
        (b"Anna anna@example.org", [("Anna", "anna@example.org")]),
        (b"<@relay.example.com:anna@example.org>", [("", "anna@example.org")]),
        (b"=?utf-8?b?QW5uYSA8YW5uYUBleGFtcGxlLm9yZz4=?=", [("Anna", "anna@example.org")]),
        (b"<=?utf-8?q?anna=40example.org?=>", [("", "anna@example.org")]),
        (b'"anna@example.org" <anna@example.org>', [("anna@example.org", "anna@example.org")]),
        (b"'Anna' <mailto:anna@example.org>", [("Anna", "anna@example.org")]),
        (b"J\xc3\xb6rg <j@example.org>", [("Jörg", "j@example.org")]),
        (b'"Anna <anna@example.org>', [("Anna", "anna@example.org")]),
        (b"<>", []),
        (b"", []),
    ],
)
def test_addresses_are_found_however_they_are_written(raw: bytes, found: list[tuple[str, str]]) -> None:
    assert [(one.name, one.address) for one in parse_addresses(raw)] == found


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b'attachment; filename="Bericht.pdf"', "Bericht.pdf"),
        (b"attachment; filename*=utf-8''Gr%C3%BC%C3%9Fe.pdf", "Grüße.pdf"),
        (b"attachment; filename*0*=utf-8''Gr%C3; filename*1*=%BC%C3%9Fe; filename*2=.pdf", "Grüße.pdf"),
        (b"attachment; filename*1=b.pdf; filename*0=a", "ab.pdf"),
        (b'attachment; filename="=?utf-8?b?R3LDvMOfZS5wZGY=?="', "Grüße.pdf"),
        (b'attachment; filename="=?utf-8?q?Gr=C3=BC?=\r\n =?utf-8?q?=C3=9Fe.pdf?="', "Grüße.pdf"),
        (b"attachment; filename=two words.pdf", "two words.pdf"),
        (b'attachment; filename="a;b, c.pdf"; size=5', "a;b, c.pdf"),
        ('attachment; filename="Grüße.pdf"'.encode(), "Grüße.pdf"),
        (b"attachment; filename*=Gr%C3%BC%C3%9Fe.pdf", "Grüße.pdf"),
        (b"attachment; filename*=\"utf-8''Gr%C3%BC%C3%9Fe.pdf\"", "Grüße.pdf"),
        (b"attachment; filename=old.pdf; filename*=utf-8''new.pdf", "new.pdf"),
        (b'attachment; filename="cut off', "cut off"),
    ],
)
def test_file_names_are_read_in_every_shape(raw: bytes, name: str) -> None:
    assert parse_structured(raw).params["filename"] == name


def test_the_fields_that_matching_needs_are_kept_as_they_stand() -> None:
    read = read_mail(
        mail(
            "Hi",
            "Message-ID: <1@example.org>",
            "In-Reply-To: Your message <2@example.com>",
            "References: <3@example.com>\r\n <2@example.com> <2@example.com>",
            "Delivered-To: desk@example.com",
            "X-Original-To: sales@example.com",
            "Reply-To: Team <team@example.org>",
            "Return-Path: <>",
            "Date: Mon, 12 May 2024 10:11:12 +0200",
        )
    )
    assert read.message_id == "<1@example.org>"
    assert read.in_reply_to == ("<2@example.com>",)
    assert read.references == ("<3@example.com>", "<2@example.com>")
    assert set(read.envelope_to) == {"desk@example.com", "sales@example.com"}
    assert read.reply_to == (Address("Team", "team@example.org"),)
    assert read.return_path == ""
    assert read.date == datetime(2024, 5, 12, 8, 11, 12, tzinfo=UTC)
    assert read.header("reply-to") == "Team <team@example.org>"


@pytest.mark.parametrize(
    "date", ["", "yesterday", "Mon, 99 May 2024 10:11:12", "Mon, 12 May 99999 10:11:12 +9999", "\0"]
)
def test_a_senseless_date_is_none(date: str) -> None:
    assert read_mail(mail("Hi", f"Date: {date}")).date is None


def test_a_sender_is_found_although_from_is_missing() -> None:
    read = read_mail(b"Sender: bot@example.org\r\nTo: a@example.com\r\n\r\nHi")
    assert read.from_ == Address("", "bot@example.org")


def test_a_stray_line_among_the_headers_does_not_end_them() -> None:
    read = read_mail(b"From: a@example.org\nstray line\nSubject: Printer\n\nHi")
    assert (read.subject, read.text) == ("Printer", "Hi")
    assert read.defects


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r"])
def test_every_kind_of_line_end_is_read(end: bytes) -> None:
    read = read_mail(mail("Line one\r\nLine two", "X-Folded: a\r\n b").replace(b"\r\n", end))
    assert (read.subject, read.text, read.header("x-folded")) == ("Printer", "Line one\nLine two", "a b")


def test_a_text_without_headers_is_all_body() -> None:
    read = read_mail(b"Note: this is only text.\n\nBye")
    assert (read.text, read.headers) == ("Note: this is only text.\n\nBye", ())


@pytest.mark.parametrize(
    ("subject", "numbers"),
    [
        ("Re: [#10481] Printer", ["10481"]),
        ("[rt.example.com #77] Printer", ["77"]),
        ("AW: [Ticket#2026112210000015] Printer", ["2026112210000015"]),
        ("[Ticket ID: 318459] Printer", ["318459"]),
        ("Printer (Case 12-AB)", ["12-AB"]),
        ("[#ABC-123-XYZ9]: Printer", ["ABC-123-XYZ9"]),
        ("[GLPI #0001234] Printer [#5]", ["0001234", "5"]),
        ("Printer #3 (ticket prices) [request for help] (id card)", []),
        ("[video: 3] (in case 4 burns)", []),
    ],
)
def test_subjects_name_tickets_as_many_helpdesks_write_them(subject: str, numbers: list[str]) -> None:
    assert subject_numbers(subject) == numbers
