from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk_core.errors import Invalid
from helpdesk_core.mail.mailbox import Mailbox
from helpdesk_core.mail.mime import File, Letter, compile_mail, is_ascii

LETTER = Letter(
    sender=Mailbox("Adam Agent via Support", "support@example.com"),
    to=[Mailbox("Carla", "carla@example.net")],
    subject="Re: Site down [#10001]",
    date=datetime(2026, 3, 2, 9, tzinfo=UTC),
    message_id="<one@help.example.com>",
    text="It is up again.",
)


def read(content: bytes) -> EmailMessage:
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert message.defects == []
    return message


def test_a_plain_mail_has_what_rfc_5322_asks_for() -> None:
    message = read(compile_mail(LETTER))
    assert message["From"] == "Adam Agent via Support <support@example.com>"
    assert message["To"] == "Carla <carla@example.net>"
    assert message["Subject"] == "Re: Site down [#10001]"
    assert message["Date"].datetime == LETTER.date
    assert message["Message-ID"] == "<one@help.example.com>"
    assert message["MIME-Version"] == "1.0"
    assert message["Cc"] is None
    assert message.get_content().splitlines() == ["It is up again."]


@pytest.mark.parametrize("cyrillic", ["Не работает почта на сервере с очень длинной темой, " * 6 + "[#10001]", "Ї"])
def test_cyrillic_survives_in_subject_names_text_and_attachment_names(cyrillic: str) -> None:
    name = "Анна «Админ» Петрова-Водкина-Заболоцкая через отдел технической поддержки"
    file_name = 'Счёт за ноябрь "2026", очень длинное имя файла, которое ни в одну строку не помещается.pdf'
    content = compile_mail(
        replace(
            LETTER,
            subject=cyrillic,
            sender=Mailbox(name, "support@example.com"),
            to=[Mailbox('Иван, "ООО" (офис)', "ivan@example.net"), Mailbox("", "b@example.net")],
            text="Привет!\n" + "ё" * 3000,
            html="<p>Привет!</p>",
            files=[File(file_name, "application/pdf", b"\x00\xff")],
        )
    )
    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert b"\n" not in content.replace(b"\r\n", b"")
    message = read(content)
    assert message["Subject"] == cyrillic
    # The parser of `email` leaves a space between two encoded words of a name; its older function does not.
    sender = message_from_bytes(content)["From"]
    assert str(make_header(decode_header(sender))) == f"{name} <support@example.com>"
    assert [address.display_name for address in message["To"].addresses] == ['Иван, "ООО" (офис)', ""]
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().split() == ["Привет!", "ё" * 3000]
    (attachment,) = message.iter_attachments()
    assert (attachment.get_filename(), attachment.get_content()) == (file_name, b"\x00\xff")


def test_long_message_ids_are_left_whole_and_in_plain_sight() -> None:
    ids = [f"<{'a' * 70}{number}@{'b' * 40}.example.com>" for number in range(12)]
    content = compile_mail(replace(LETTER, in_reply_to=ids[-1], references=ids))
    assert b"=?" not in content
    message = read(content)
    assert message["References"].split() == ids
    assert message["In-Reply-To"] == ids[-1]


def test_a_long_ascii_subject_is_folded_between_words_and_reads_the_same() -> None:
    subject = "word " * 60 + "end"
    content = compile_mail(replace(LETTER, subject=subject))
    assert max(map(len, content.split(b"\r\n"))) <= 78
    assert read(content)["Subject"] == subject


INJECTION = "x\r\nBcc: victim@example.org\r\n\r\nbody\n\u2028\x85more"


def test_nothing_that_people_write_adds_a_header() -> None:
    content = compile_mail(
        replace(
            LETTER,
            sender=Mailbox(INJECTION, "support@example.com"),
            to=[Mailbox(INJECTION, "carla@example.net\r\nBcc: victim@example.org")],
            reply_to=Mailbox(INJECTION, "a@example.com\nX-Evil: 1"),
            subject=INJECTION,
            message_id="<a@b>\r\nX-Evil: 1",
            in_reply_to="<a@b>\r\nX-Evil: 1",
            references=["<a@b>\r\nX-Evil: 1"],
            headers={
                "X-Good": INJECTION,
                "X-Evil: 1\r\nX-Evil": "1",
                "Bcc": "victim@example.org",
                "Content-Type": "a/b",
            },
            files=[File(INJECTION, "text/plain\r\nX-Evil: 1", b"")],
        )
    )
    message = message_from_bytes(content, policy=policy.default)
    assert {name.lower() for name in message.keys()} == {  # noqa: SIM118 - a message is no mapping
        *("from", "to", "reply-to", "subject", "date", "message-id", "in-reply-to", "references", "x-good"),
        *("mime-version", "content-type"),
    }
    for part in message.walk():
        assert "X-Evil" not in part


@given(st.text(), st.text(), st.text())
def test_any_text_reads_back_as_itself_on_one_line(subject: str, name: str, file_name: str) -> None:
    subject, name, file_name = ("".join(c for c in text if c.isprintable()) for text in (subject, name, file_name))
    content = compile_mail(
        replace(LETTER, subject=subject, to=[Mailbox.of(name, "a@example.com")], files=[File(file_name, "a/b", b"x")])
    )
    head = content.split(b"\r\n\r\n")[0]
    assert head.isascii()
    message = message_from_bytes(content, policy=policy.default)
    assert str(message["Subject"] or "").split() == subject.split()
    assert message["To"].addresses[0].addr_spec == "a@example.com"


def test_an_image_that_the_html_shows_travels_with_it_and_others_are_attached() -> None:
    message = read(
        compile_mail(
            replace(
                LETTER,
                html='<p><img src="cid:pic@x"></p>',
                files=[
                    File("pic.png", "image/png", b"png", content_id="pic@x"),
                    File("other.png", "image/png", b"png", content_id="other@x"),
                ],
            )
        )
    )
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
        "image/png",
    ]
    inline = next(part for part in message.walk() if part["Content-ID"])
    assert (inline["Content-ID"], inline.get_content_disposition()) == ("<pic@x>", "inline")
    assert [part.get_filename() for part in message.iter_attachments()] == ["other.png"]


def test_a_mail_as_attachment_is_carried_as_it_is() -> None:
    original = b"From: a@example.com\n\nbare line ends\n"
    message = read(compile_mail(replace(LETTER, files=[File("mail.eml", "message/rfc822", original)])))
    (attachment,) = message.iter_attachments()
    assert attachment.get_content() == original


@pytest.mark.parametrize(
    ("text", "mailbox"),
    [
        ("carla@example.net", Mailbox("", "carla@example.net")),
        ("Carla <b> C. <Carla@Example.NET>", Mailbox("Carla b C.", "carla@example.net")),
        ("Анна <anna@пошта.example>", Mailbox("Анна", "anna@xn--80a1acn3a.example")),
    ],
)
def test_mailboxes_are_read_back_as_they_were_written(text: str, mailbox: Mailbox) -> None:
    assert Mailbox.parse(text) == mailbox
    assert Mailbox.parse(str(mailbox)) == mailbox


@pytest.mark.parametrize("text", ["", "nobody", "a@example.com\r\nBcc: b@example.com", "a b@example.com", "<>"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        Mailbox.parse(text)


def test_an_address_in_another_script_is_written_as_utf_8() -> None:
    mailbox = Mailbox.of("Анна", "анна@example.com")
    assert not is_ascii([mailbox])
    assert "<анна@example.com>".encode() in compile_mail(replace(LETTER, to=[mailbox]))
