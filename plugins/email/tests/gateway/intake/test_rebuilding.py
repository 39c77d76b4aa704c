"""Mails that a provider has taken apart, in the forms of its documentation, are whole again."""

import base64
import json
from typing import Any

from werkzeug.datastructures import Headers

from helpdesk_email.intake.handover import Handover
from helpdesk_email.intake.rebuilding import from_mailgun, from_postmark, from_sendgrid
from helpdesk_email.reading import Mail, read_mail

PIXEL = b"\x89PNG\r\n\x1a\n\0\xff"


def form(fields: dict[str, bytes], files: dict[str, tuple[str, str, bytes]] | None = None) -> Handover:
    """Return a form as a provider posts it; files by their field: name, type, content."""
    parts = [
        f'--limit\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value + b"\r\n"
        for name, value in fields.items()
    ]
    for field, (name, kind, content) in (files or {}).items():
        head = f'--limit\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
        parts.append(f"{head}Content-Type: {kind}\r\n\r\n".encode() + content + b"\r\n")
    headers = Headers({"Content-Type": 'multipart/form-data; boundary="limit"'})
    return Handover("https://helpdesk.example/", headers, b"".join(parts) + b"--limit--\r\n", {})


def rebuilt(raw: bytes | None) -> Mail:
    assert raw is not None
    return read_mail(raw)


def test_a_parsed_message_of_mailgun() -> None:
    headers = [
        ["Received", "from mail.example.net by mx.example.com"],
        ["From", "Bob Müller <bob@example.net>"],
        ["To", "Support <support@example.com>"],
        ["Subject", "Re: Принтер"],
        ["Message-Id", "<517ACC75.5010709@mail.example.net>"],
        ["In-Reply-To", "<ticket.10481.m@example.com>"],
        ["References", "<first@example.com>\r\n <ticket.10481.m@example.com>"],
        ["Content-Type", 'multipart/mixed; boundary="------------020601070403020003080006"'],
        ["Mime-Version", "1.0"],
    ]
    fields = {
        "sender": "bounce@example.net",
        "recipient": "support@example.com",
        "from": "Bob Müller <bob@example.net>",
        "subject": "Re: Принтер",
        "body-plain": "Grüße!\r\n\r\nOn Friday you wrote:\r\n> Which?",
        "stripped-text": "Grüße!",
        "body-html": '<p>Grüße!</p><img src="cid:part1.04060802@example.net">',
        "message-headers": json.dumps(headers),
        "content-id-map": json.dumps({"<part1.04060802@example.net>": "attachment-1"}),
        "attachment-count": "2",
    }
    files = {"attachment-1": ("logo.png", "image/png", PIXEL), "attachment-2": ("отчёт.txt", "text/plain", b"a\nb")}
    given = form({name: value.encode() for name, value in fields.items()}, files)
    mail = rebuilt(from_mailgun(given))
    assert (str(mail.from_), mail.subject) == ("Bob Müller <bob@example.net>", "Re: Принтер")
    assert mail.message_id == "<517ACC75.5010709@mail.example.net>"
    assert mail.in_reply_to == ("<ticket.10481.m@example.com>",)
    assert mail.references == ("<first@example.com>", "<ticket.10481.m@example.com>")
    assert mail.text.replace("\r\n", "\n").strip() == "Grüße!\n\nOn Friday you wrote:\n> Which?"
    assert mail.html is not None
    assert "cid:part1.04060802@example.net" in mail.html
    found = [(each.name, each.content_type, each.content, each.content_id) for each in mail.attachments]
    assert found == [
        ("logo.png", "image/png", PIXEL, "part1.04060802@example.net"),
        ("отчёт.txt", "text/plain", b"a\nb", None),
    ]
    assert mail.header("received") == "from mail.example.net by mx.example.com"
    assert from_mailgun(given) == from_mailgun(form({name: value.encode() for name, value in fields.items()}, files))


def test_a_parsed_message_of_sendgrid_in_its_own_charsets() -> None:
    headers = (
        "Received: by mx.example.net with SMTP; Mon, 2 Mar 2026 09:00:00 +0000\nDate: Mon, 2 Mar 2026 09:00:00 +0000\n"
        "From: Carla <carla@example.net>\nTo: support@example.com\nMessage-ID: <sg@mail.example.net>\n"
        "References: <one@example.com>\n\t<two@example.com>\nContent-Type: multipart/mixed; boundary=x\n"
    )
    info = {
        "attachment1": {"filename": "logo.png", "name": "logo.png", "type": "image/png", "content-id": "logo@mail"},
        "attachment2": {"filename": "note.txt", "name": "note.txt", "charset": "utf-8", "type": "text/plain"},
    }
    fields = {
        "headers": headers.encode(),
        "from": b"Carla <carla@example.net>",
        "to": b"support@example.com",
        "subject": "Сайт".encode(),
        "text": "Привет".encode("koi8-r"),
        "html": "<p>Привет</p>".encode("windows-1251"),
        "charsets": json.dumps({"subject": "UTF-8", "text": "koi8-r", "html": "windows-1251"}).encode(),
        "envelope": b'{"to":["support@example.com"],"from":"carla@example.net"}',
        "attachments": b"2",
        "attachment-info": json.dumps(info).encode(),
        "SPF": b"pass",
    }
    files = {"attachment1": ("logo.png", "image/png", PIXEL), "attachment2": ("note.txt", "text/plain", b"note")}
    mail = rebuilt(from_sendgrid(form(fields, files)))
    assert mail.subject == "Сайт"
    assert mail.text.strip() == "Привет"
    assert mail.html is not None
    assert mail.html.strip() == "<p>Привет</p>"
    assert mail.references == ("<one@example.com>", "<two@example.com>")
    assert [(each.name, each.content, each.content_id) for each in mail.attachments] == [
        ("logo.png", PIXEL, "logo@mail"),
        ("note.txt", b"note", None),
    ]


def postmark() -> dict[str, Any]:
    """Return the JSON of Postmark's documentation, with other people in it."""
    return {
        "FromName": "Carla Customer",
        "MessageStream": "inbound",
        "From": "carla@example.net",
        "FromFull": {"Email": "carla@example.net", "Name": "Carla Customer", "MailboxHash": ""},
        "To": '"Support" <hash+SampleHash@inbound.example.com>',
        "ToFull": [{"Email": "hash+SampleHash@inbound.example.com", "Name": "Support", "MailboxHash": "SampleHash"}],
        "Cc": '"First Cc" <first@example.org>, second@example.org',
        "OriginalRecipient": "support@example.com",
        "Subject": "Test subject",
        "MessageID": "73e6d360-66eb-11e1-8e72-a8904824019b",
        "ReplyTo": "reply@example.net",
        "MailboxHash": "SampleHash",
        "Date": "Fri, 1 Aug 2014 16:45:32 -0400",
        "TextBody": "This is a test text body.",
        "HtmlBody": "<html><body><p>This is a test html body.</p></body></html>",
        "StrippedTextReply": "This is the reply text",
        "Tag": "TestTag",
        "Headers": [
            {"Name": "X-Spam-Status", "Value": "No"},
            {"Name": "Message-ID", "Value": "<real@mail.example.net>"},
            {"Name": "In-Reply-To", "Value": "<asked@example.com>"},
            {"Name": "Auto-Submitted", "Value": "auto-replied"},
        ],
        "Attachments": [
            {
                "Name": "test.txt",
                "Content": base64.b64encode(b"This is attachment contents").decode(),
                "ContentType": "text/plain",
                "ContentLength": 27,
                "ContentID": "",
            }
        ],
    }


def test_the_json_of_postmark_without_the_raw_mail() -> None:
    mail = rebuilt(from_postmark(postmark()))
    assert (str(mail.from_), mail.subject) == ("Carla Customer <carla@example.net>", "Test subject")
    assert [each.address for each in mail.cc] == ["first@example.org", "second@example.org"]
    assert [each.address for each in mail.reply_to] == ["reply@example.net"]
    assert (mail.message_id, mail.in_reply_to) == ("<real@mail.example.net>", ("<asked@example.com>",))
    assert mail.header("auto-submitted") == "auto-replied"
    assert mail.text.strip() == "This is a test text body."
    assert [(each.name, each.content) for each in mail.attachments] == [("test.txt", b"This is attachment contents")]
    named = postmark() | {"Headers": []}
    assert rebuilt(from_postmark(named)).message_id == "<73e6d360-66eb-11e1-8e72-a8904824019b@inbound.postmark>"


def test_nothing_in_a_field_makes_further_headers() -> None:
    said = postmark() | {"Subject": "Hello\r\nBcc: all@example.com\r\n\r\nmore"}
    said["Attachments"][0]["Name"] = 'a"\r\nX-Evil: 1.txt'
    raw = from_postmark(said)
    assert raw is not None
    assert b"\nBcc:" not in raw
    assert b"\nX-Evil" not in raw
    assert rebuilt(raw).subject.startswith("Hello Bcc:")


def test_what_is_not_as_documented_does_no_harm() -> None:
    odd = {"TextBody": 7, "HtmlBody": None, "Headers": "x", "Attachments": [{"Content": "=?&"}, 3], "FromFull": []}
    assert rebuilt(from_postmark(odd)).text == ""
    fields = {"body-plain": b"Hi", "message-headers": b"{", "content-id-map": b"[]", "attachment-1": b"x"}
    assert rebuilt(from_mailgun(form(fields))).text.strip() == "Hi"
    fields = {"text": b"Hi", "charsets": b'{"text": "no-such"}', "attachment-info": b'{"a": 1, "attachment9": {}}'}
    assert rebuilt(from_sendgrid(form(fields))).text.strip() == "Hi"
