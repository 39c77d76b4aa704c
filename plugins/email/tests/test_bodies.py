import base64
import struct

import pytest

from helpdesk_email.reading import read_mail
from helpdesk_email.reading.tnef import _RTF_DICTIONARY, SIGNATURE, decompress_rtf

from .mails import mail, multipart

TEXT = "Content-Type: text/plain; charset=utf-8\r\n\r\n"
HTML = "Content-Type: text/html; charset=utf-8\r\n\r\n"


def test_text_is_preferred_and_html_is_kept() -> None:
    read = read_mail(multipart("alternative", [TEXT + "Hi Anna", HTML + "<p>Hi <b>Anna</b></p>"]))
    assert read.text.strip() == "Hi Anna"
    assert read.html is not None
    assert "<b>Anna</b>" in read.html
    assert not read.text_from_html


def test_html_alone_becomes_readable_text() -> None:
    body = "<style>p{color:red}</style><p>Hi&nbsp;Anna,</p><ul><li>one<li>two</ul>"
    body += "<blockquote>old</blockquote><a href=x>end</a>"
    read = read_mail(mail(body, "Content-Type: text/html; charset=utf-8"))
    assert read.text == "Hi Anna,\n\n- one\n- two\n\n> old\n\nend"
    assert read.text_from_html


def test_text_before_and_after_a_picture_is_one_body() -> None:
    picture = 'Content-Type: image/png; name="a.png"\r\nContent-Disposition: inline\r\n\r\nx'
    read = read_mail(multipart("mixed", [TEXT + "Before", picture, TEXT + "After"]))
    assert read.text == "Before\n\nAfter"
    assert [(file.name, file.inline) for file in read.attachments] == [("a.png", True)]


def test_a_text_file_is_a_file_and_not_the_body() -> None:
    log = 'Content-Type: text/plain; name="log.txt"\r\nContent-Disposition: attachment\r\n\r\nerror'
    read = read_mail(multipart("mixed", [TEXT + "See the log", log]))
    assert read.text.strip() == "See the log"
    assert [(file.name, file.content.strip(), file.size) for file in read.attachments] == [("log.txt", b"error", 5)]


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("base64", b"R3LDvMOfZQ"),
        ("base64", b"R3L\r\nDvM*OfZQ==\r\n"),
        ("BASE64;", b"R3LDvA==w59l"),
        ("quoted-printable", b"Gr=C3=BC=\r\n=C3=9Fe"),
        ("Quoted_Printable", b"Gr=c3=bc=C3=9Fe"),
        ("8bit", "Grüße".encode()),
        ("nonsense", "Grüße".encode()),
        ("", "Grüße".encode()),
    ],
)
def test_transfer_encodings_are_read_leniently(encoding: str, body: bytes) -> None:
    raw = mail(body, "Content-Type: text/plain; charset=utf-8", f"Content-Transfer-Encoding: {encoding}")
    assert read_mail(raw).text.strip() == "Grüße"


def test_uuencoded_files_are_taken_out_of_the_text() -> None:
    read = read_mail(mail("See:\nbegin 644 a.txt\n%:&5L;&\\\n`\nend\nBye\n"))
    assert [(file.name, file.content) for file in read.attachments] == [("a.txt", b"hello")]
    assert read.text == "See:\nBye\n"


def test_words_that_look_like_uuencode_stay_text() -> None:
    assert read_mail(mail("We\nbegin 644 things\nand\nend\n")).text == "We\nbegin 644 things\nand\nend\n"


def test_soft_line_breaks_are_joined_within_a_quote_level() -> None:
    raw = mail("> one \r\n> two\r\nthree \r\nfour\r\n-- \r\nAnna", "Content-Type: text/plain; format=flowed")
    assert read_mail(raw).text == "> one two\nthree four\n-- \nAnna"


def test_an_enclosed_mail_is_a_file_named_after_its_subject() -> None:
    inner = "Content-Type: message/rfc822\r\n\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe/1?=\r\n\r\nHi"
    read = read_mail(multipart("mixed", [TEXT + "See below", inner]))
    assert [file.name for file in read.attachments] == ["Grüße 1.eml"]
    assert read.attachments[0].content.startswith(b"Subject:")


def test_a_missing_boundary_is_guessed() -> None:
    raw = mail(f"--x\r\n{TEXT}Hi\r\n--x\r\n{HTML}<p>Hi</p>\r\n--x--\r\n", "Content-Type: multipart/alternative")
    read = read_mail(raw)
    assert read.text.strip() == "Hi"
    assert read.html is not None


def test_a_mail_without_its_last_boundary_is_read_to_the_end() -> None:
    raw = mail(f"--x\r\n{TEXT}Hi\r\n--x\r\n{TEXT}there", 'Content-Type: multipart/mixed; boundary="x"')
    assert read_mail(raw).text == "Hi\n\nthere"


def test_signed_and_encrypted_parts_are_kept_as_they_are() -> None:
    signature = "Content-Type: application/pgp-signature; name=signature.asc\r\n\r\n-----BEGIN PGP SIGNATURE-----"
    read = read_mail(multipart("signed", [TEXT + "Hi", signature]))
    assert read.text.strip() == "Hi"
    assert [file.name for file in read.attachments] == ["signature.asc"]


def test_a_calendar_invitation_is_a_file() -> None:
    read = read_mail(multipart("alternative", [TEXT + "Hi", "Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR"]))
    assert [file.name for file in read.attachments] == ["part-1.ics"]


def test_pictures_of_the_html_keep_their_content_id() -> None:
    picture = "Content-Type: image/png\r\nContent-ID: <logo@example.org>\r\n\r\nx"
    read = read_mail(multipart("related", [HTML + '<img src="cid:logo@example.org">', picture]))
    assert [(file.content_id, file.inline) for file in read.attachments] == [("logo@example.org", True)]


def test_an_unreadable_wrapper_is_kept_as_a_file() -> None:
    part = "Content-Type: application/ms-tnef; name=winmail.dat\r\n\r\nnonsense"
    read = read_mail(multipart("mixed", [TEXT + "Hi", part]))
    assert [file.name for file in read.attachments] == ["winmail.dat"]
    assert any("winmail.dat" in defect for defect in read.defects)


def attribute(number: int, value: bytes) -> bytes:
    return struct.pack("<BHHI", 1, number, 0, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)


def test_outlooks_wrapper_is_unpacked() -> None:
    stream = SIGNATURE + b"\x01\x00"
    stream += attribute(0x9007, struct.pack("<II", 1251, 0))
    stream += attribute(0x800C, "Привет\0".encode("cp1251"))
    stream += attribute(0x9002, b"\0" * 14)
    stream += attribute(0x8010, b"LONGFI~1.TXT\0")
    stream += attribute(0x800F, b"content")
    name = "Отчёт за май.txt\0".encode("utf-16-le")
    long_name = struct.pack("<IHHII", 1, 0x1F, 0x3707, 1, len(name)) + name + b"\0" * (-len(name) % 4)
    stream += attribute(0x9005, long_name)
    encoded = base64.encodebytes(stream).decode()
    part = f"Content-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\n{encoded}"
    read = read_mail(multipart("mixed", [part]))
    assert read.text == "Привет"
    assert [(file.name, file.content) for file in read.attachments] == [("Отчёт за май.txt", b"content")]


def test_compressed_rtf_is_read_with_the_dictionary_of_the_format() -> None:
    assert len(_RTF_DICTIONARY) == 207
    # The example of [MS-OXRTFCP], section 3.1.1.
    packed = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
    )
    assert decompress_rtf(packed) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
