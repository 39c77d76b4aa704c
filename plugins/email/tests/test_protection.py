"""Signed and encrypted mails: seen as such, read where they can be, and kept byte for byte."""

import base64
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk_email.reading import Protection, read_mail
from helpdesk_email.reading.cms import signed_content

from .mails import mail, multipart

TEXT = "Content-Type: text/plain; charset=utf-8\r\n\r\n"
WORDS = b"Content-Type: text/plain; charset=utf-8\r\n\r\nMy site is down.\r\n"
DATA, SIGNED, ENVELOPED = (bytes.fromhex(f"2a864886f70d0107{last}") for last in ("01", "02", "03"))
ARMOUR = "-----BEGIN PGP MESSAGE-----\nVersion: 1\n\nhQIOA076g5OuwfIOEAgAsnA\n=J8xa\n-----END PGP MESSAGE-----\n"


def der(tag: int, *content: bytes) -> bytes:
    """Return an element of DER."""
    inside = b"".join(content)
    size = len(inside)
    head = bytes([size]) if size < 0x80 else b"\x82" + size.to_bytes(2, "big")
    return bytes([tag]) + head + inside


def ber(tag: int, *content: bytes) -> bytes:
    """Return an element of BER that does not say how long it is, as programs write that sign while they send."""
    return bytes([tag, 0x80]) + b"".join(content) + b"\0\0"


def signed(content: bytes) -> bytes:
    """Return a signed message of CMS, in one piece; signers and certificates are left out."""
    inner = der(0x30, der(0x06, DATA), der(0xA0, der(0x04, content)))
    return der(0x30, der(0x06, SIGNED), der(0xA0, der(0x30, der(0x02, b"\x01"), der(0x31), inner, der(0x31))))


def streamed(content: bytes) -> bytes:
    """Return a signed message of CMS, in pieces."""
    pieces = [der(0x04, content[at : at + 7]) for at in range(0, len(content), 7)]
    inner = ber(0x30, der(0x06, DATA), ber(0xA0, ber(0x24, *pieces)))
    return ber(0x30, der(0x06, SIGNED), ber(0xA0, ber(0x30, der(0x02, b"\x01"), der(0x31), inner, der(0x31))))


def enveloped() -> bytes:
    return der(0x30, der(0x06, ENVELOPED), der(0xA0, der(0x30, der(0x02, b"\0"), der(0x31, b"secret" * 40))))


def smime(content: bytes, kind: str = "application/pkcs7-mime", **params: str) -> bytes:
    given = "".join(f'; {name.replace("_", "-")}="{value}"' for name, value in params.items())
    return mail(base64.encodebytes(content), f"Content-Type: {kind}{given}", "Content-Transfer-Encoding: base64")


@pytest.mark.parametrize("make", [signed, streamed])
@pytest.mark.parametrize(
    ("kind", "params"),
    [
        ("application/pkcs7-mime", {"smime_type": "signed-data", "name": "smime.p7m"}),
        ("application/x-pkcs7-mime", {}),
        ("application/octet-stream", {"name": "smime.p7m"}),
    ],
)
def test_a_mail_inside_of_its_signature_is_read_and_the_whole_stays_a_file(
    make: Callable[[bytes], bytes], kind: str, params: dict[str, str]
) -> None:
    whole = make(WORDS)
    read = read_mail(smime(whole, kind, **params))
    assert read.text.strip() == "My site is down."
    assert read.protection == Protection("signed", "S/MIME")
    assert [each.content for each in read.attachments] == [whole]


def test_files_inside_of_a_signature_are_files_of_the_mail() -> None:
    file = 'Content-Type: text/csv\r\nContent-Disposition: attachment; filename="a.csv"\r\n\r\na,b'
    inside = multipart("mixed", [TEXT + "Look.", file])
    read = read_mail(smime(signed(inside)))
    assert read.text.strip() == "Look."
    assert "a.csv" in [each.name for each in read.attachments]


def test_an_encrypted_mail_is_one_whatever_it_calls_itself() -> None:
    for params in ({"smime_type": "enveloped-data"}, {"smime_type": "signed-data"}, {}):
        read = read_mail(smime(enveloped(), **params))
        assert read.protection == Protection("encrypted", "S/MIME")
        assert read.text == ""
        assert [each.content for each in read.attachments] == [enveloped()]


def test_certificates_and_other_files_are_no_protection() -> None:
    assert read_mail(smime(signed(b""), smime_type="certs-only")).protection is None
    assert read_mail(smime(b"anything", "application/octet-stream", name="a.p7m")).protection is None
    assert read_mail(multipart("signed", [TEXT + "Hi"])).protection is None


def test_a_damaged_signed_mail_says_that_its_text_cannot_be_read() -> None:
    read = read_mail(smime(signed(WORDS)[:40], smime_type="signed-data"))
    assert read.protection == Protection("signed", "S/MIME", closed=True)
    assert not read.protection.is_readable


@pytest.mark.parametrize(("kind", "standard"), [("pkcs7-signature", "S/MIME"), ("pgp-signature", "OpenPGP")])
def test_a_signature_beside_the_text_stays_byte_for_byte(kind: str, standard: str) -> None:
    signature = (
        f"Content-Type: application/{kind}; name=signature\r\n\r\n-----BEGIN-----\r\n  odd \r\n\r\n-----END-----"
    )
    read = read_mail(multipart("signed", [TEXT + "Hi Anna", signature]))
    assert read.text.strip() == "Hi Anna"
    assert read.protection is not None
    assert (read.protection.kind, read.protection.standard) == ("signed", standard)
    assert read.protection.is_readable
    assert [each.content for each in read.attachments] == [b"-----BEGIN-----\r\n  odd \r\n\r\n-----END-----"]


def test_a_mail_encrypted_with_pgp_keeps_both_parts() -> None:
    parts = [
        "Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1",
        f'Content-Type: application/octet-stream; name="encrypted.asc"\r\n\r\n{ARMOUR}',
    ]
    read = read_mail(multipart("encrypted", parts))
    assert read.protection == Protection("encrypted", "OpenPGP")
    assert [each.content for each in read.attachments] == [b"Version: 1", ARMOUR.encode()]


def test_pgp_in_the_text_is_seen_and_the_text_left_alone() -> None:
    read = read_mail(mail(ARMOUR))
    assert read.protection == Protection("encrypted", "OpenPGP", in_text=True)
    assert read.text == ARMOUR
    clear = f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA1\n\nHi\n{ARMOUR.replace('MESSAGE', 'SIGNATURE')}"
    assert read_mail(mail(clear)).protection == Protection("signed", "OpenPGP", in_text=True)


@given(st.binary(max_size=300), st.integers(0, 200), st.binary(min_size=1, max_size=4))
def test_damaged_bytes_never_stop_the_reading(content: bytes, at: int, change: bytes) -> None:
    for whole in (signed(content), streamed(content)):
        signed_content(whole[:at] + change + whole[at + len(change) :])
        signed_content(whole[:at])
    signed_content(content)


def test_elements_nested_without_end_are_refused_soon() -> None:
    deep = b"\x24\x80" * 100_000
    assert signed_content(ber(0x30, der(0x06, SIGNED), b"\xa0\x80\x30\x80\x30\x80\xa0\x80" + deep)) is None
    octets = b"x"
    for _ in range(100):
        octets = der(0x24, octets)
    inner = der(0x30, der(0x06, DATA), der(0xA0, octets))
    assert signed_content(der(0x30, der(0x06, SIGNED), der(0xA0, der(0x30, inner)))) is None
