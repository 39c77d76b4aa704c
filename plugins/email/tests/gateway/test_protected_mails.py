"""Signed and encrypted mails on their way: they find their ticket, stay as they are, and staff see what they are."""

import shutil
import subprocess
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

from helpdesk_core.api import Actor, Helpdesk
from helpdesk_core.api.tickets import NewMessage, reply
from helpdesk_core.app import create_app
from helpdesk_core.testing.browser import Browser
from helpdesk_email.receiving import Gateway
from helpdesk_email.storing import Envelope

from .gateways import messages, tickets, written

SECRET = b"-----BEGIN PGP MESSAGE-----\r\n\r\nhQIOA076g5OuwfIO  \r\n=J8xa\r\n-----END PGP MESSAGE-----\r\n"


def encrypted(subject: str = "...", **headers: str) -> bytes:
    """Return a mail of Carla's that is encrypted with PGP, as RFC 3156 has it."""
    lines = {
        "From": "Carla Customer <carla@example.net>",
        "To": "support@example.com",
        "Subject": subject,
        "Message-ID": "<secret@mail.example.net>",
        "MIME-Version": "1.0",
        "Content-Type": 'multipart/encrypted; protocol="application/pgp-encrypted"; boundary="limit"',
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items()).encode()
    version = b"Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n"
    content = b'Content-Type: application/octet-stream; name="encrypted.asc"\r\n\r\n' + SECRET
    return head + b"\r\n--limit\r\n" + version + b"\r\n--limit\r\n" + content + b"\r\n--limit--\r\n"


def test_an_encrypted_answer_lands_on_its_ticket_with_its_parts_as_they_came(
    desk: Helpdesk, gateway: Gateway, adam: Actor, sent: Callable[[], list[EmailMessage]]
) -> None:
    gateway.receive(written(), Envelope(recipients=("support@example.com",)))
    (ticket,) = tickets(desk)
    sent()
    reply(desk, adam, ticket.number or "", NewMessage(text="Which printer?"))
    (asked,) = sent()
    gateway.receive(encrypted(In_Reply_To=str(asked["Message-ID"])))
    gateway.receive(encrypted(f"Re: [#{ticket.number}] ...", Message_ID="<other@mail.example.net>"))
    assert len(tickets(desk)) == 1
    first, second = messages(desk, ticket)[-2:]
    for each in (first, second):
        assert each.kind == "public"
        assert each.details["protection"]["kind"] == "encrypted"
        assert each.body_text == "(What this mail says is in the attached file.)"
        assert "encrypted.asc" in [file.name for file in each.attachments]
    (file,) = (file for file in first.attachments if file.name == "encrypted.asc")
    with desk.storage.open(file.sha256) as stream:
        assert stream.read() == SECRET


def test_staff_are_told_that_a_mail_is_encrypted(desk: Helpdesk, gateway: Gateway, adam: Actor) -> None:
    gateway.receive(encrypted())
    (ticket,) = tickets(desk)
    browser = Browser(create_app(desk))
    browser.login("adam@example.com", "correct horse battery")
    page = browser.get(f"/desk/tickets/{ticket.number}")
    assert "Encrypted (OpenPGP). What it says is in the attached file, kept as it came." in page.words


def openssl(*arguments: str | Path) -> bytes:
    """Return what openssl says."""
    program = shutil.which("openssl")
    assert program is not None
    return subprocess.run([program, *arguments], check=True, capture_output=True).stdout


def test_what_is_signed_beside_its_text_is_kept_byte_for_byte(desk: Helpdesk, gateway: Gateway, tmp_path: Path) -> None:
    key, certificate, text = tmp_path / "key.pem", tmp_path / "certificate.pem", tmp_path / "text"
    text.write_bytes("Content-Type: text/plain; charset=utf-8\r\n\r\nGrüße  \r\nSay it twice.\r\n".encode())
    new = ("-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Carla")
    openssl("req", *new, "-keyout", key, "-out", certificate)
    signed = openssl("smime", "-sign", "-in", text, "-signer", certificate, "-inkey", key, "-crlfeol")
    head = "From: Carla <carla@example.net>\r\nTo: support@example.com\r\nReferences: <ticket.10001.m.x.y@a>\r\n"
    gateway.receive(f"{head}Subject: Größe\r\nMessage-ID: <signed@mail.example.net>\r\n".encode() + signed)
    (message,) = messages(desk, tickets(desk)[0])
    (file,) = (each for each in message.attachments if each.name == "signed.eml")
    with desk.storage.open(file.sha256) as stream:
        kept = stream.read()
    assert b"ticket.10001" not in kept
    (tmp_path / "signed.eml").write_bytes(kept)
    shown = openssl("smime", "-verify", "-in", tmp_path / "signed.eml", "-CAfile", certificate)
    assert "Grüße" in shown.decode()
