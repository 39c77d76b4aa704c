"""Mails that are signed or encrypted: S/MIME (RFC 8551), OpenPGP (RFC 3156), and PGP written into the text.

Nothing is checked or opened here; the parts stay files of the mail, byte for byte.
"""

from __future__ import annotations

from typing import Final

from .cms import SIGNED_DATA
from .model import Protection
from .parts import PKCS7, Part
from .transfer import decode_transfer

# Content types of CMS, as object identifiers in DER: enveloped-data and authEnveloped-data.
_ENCRYPTED_DATA: Final = (bytes.fromhex("2a864886f70d010703"), bytes.fromhex("2a864886f70d0109100117"))
_BEGINNING: Final = 64
_ARMOUR: Final = "-----BEGIN PGP "


def find_protection(root: Part, text: str, *, opened: bool = False) -> Protection | None:
    """Return how a mail is protected, given its parts and its text; encryption counts more than a signature.

    `opened` tells that the text was taken out of a signature that encloses it.
    """
    found = [each for part in _all(root) if (each := _of_part(part, opened=opened)) is not None]
    if text.lstrip().startswith(_ARMOUR + "MESSAGE-----"):
        found.append(Protection("encrypted", "OpenPGP", in_text=True))
    elif _ARMOUR + "SIGNED MESSAGE-----" in text:
        found.append(Protection("signed", "OpenPGP", in_text=True))
    return next((each for each in found if each.kind == "encrypted"), found[0] if found else None)


def signed_bytes(root: Part) -> bytes | None:
    """Return what is signed beside its text (multipart/signed, RFC 1847) as a mail of its own, byte for byte.

    It has the headers that say who wrote it, when and about what, and those of the signed part. Other headers are left
    out: the path of the mail is nothing to those who check a signature.
    """
    part = next((each for each in _all(root) if each.type == "multipart/signed"), None)
    if part is None or part.raw("content-type") is None:
        return None
    head = [(name, value) for name, value in root.headers if name in ("from", "date", "subject")]
    head += [(name, value) for name, value in part.headers if name.startswith("content-")]
    end = b"\r\n" if b"\r\n" in part.body else b"\n"
    lines = [
        b"MIME-Version: 1.0",
        *(name.title().encode("ascii") + b":" + value.rstrip(b"\r\n") for name, value in head),
    ]
    return end.join([*lines, b"", part.body])


def _all(root: Part) -> list[Part]:
    parts = [root]
    for part in parts:
        parts.extend(part.children)
    return parts


def _of_part(part: Part, *, opened: bool) -> Protection | None:
    protocol = part.content_type.params.get("protocol", "").lower()
    if part.type == "multipart/signed":
        kinds = " ".join([protocol, *(each.type for each in part.children)])
        if "pkcs7" in kinds:
            return Protection("signed", "S/MIME")
        return Protection("signed", "OpenPGP") if "pgp" in kinds else None
    if part.type == "multipart/encrypted":
        return Protection("encrypted", "OpenPGP")
    name = part.content_type.params.get("name", "") or part.disposition.params.get("filename", "")
    is_envelope = part.type == "application/octet-stream" and name.lower().endswith(".p7m")
    if part.type not in PKCS7 and not is_envelope:
        return None
    kind = part.content_type.params.get("smime-type", "").lower()
    beginning = decode_transfer(part.body[:400], part.encoding)[:_BEGINNING]
    if kind == "certs-only":
        return None
    if any(each in beginning for each in _ENCRYPTED_DATA) or kind in ("enveloped-data", "authenveloped-data"):
        return Protection("encrypted", "S/MIME")
    if SIGNED_DATA in beginning or kind == "signed-data":
        return Protection("signed", "S/MIME", closed=not opened)
    return Protection("encrypted", "S/MIME") if part.type in PKCS7 else None
