"""Signing mail with DKIM (RFC 6376, RFC 8463): relaxed canonicalisation, RSA-SHA256 and Ed25519-SHA256.

Only the signing half, on top of `cryptography`: the usual library (dkimpy) does RSA in plain Python and needs a DNS
library that nothing here would ask. Tests check the signatures with it.
"""

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from helpdesk_core.api.errors import Refused

from ..texts import texts

_l = texts.lazy
SIGNED = (
    "from", "to", "cc", "reply-to", "subject", "date", "message-id", "in-reply-to", "references", "mime-version",
    "content-type", "content-transfer-encoding", "auto-submitted", "list-unsubscribe", "list-unsubscribe-post",
)  # fmt: skip
"""Headers that are signed where they are there."""
OVERSIGNED = ("from", "to", "cc", "subject", "date")
"""Signed once more than they are there, so that nobody can add another one."""
SMALLEST_RSA = 1024
LINE = 70
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:((?:[^\r]|\r(?!\n)|\r\n[ \t])*)\r\n")
_BLANKS = re.compile(rb"[ \t]+")
PrivateKey = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class Signer:
    """A key with the name under which the domain publishes its other half."""

    domain: str
    selector: str
    key: PrivateKey

    @property
    def algorithm(self) -> str:
        """Return its name in the header."""
        return "rsa-sha256" if isinstance(self.key, rsa.RSAPrivateKey) else "ed25519-sha256"

    def sign(self, mail: bytes, now: datetime) -> bytes:
        """Return the mail (CRLF line ends) with a DKIM-Signature on top."""
        head, _empty, body = mail.partition(b"\r\n\r\n")
        found = [(match[1].lower(), match[2]) for match in _FIELD.finditer(head + b"\r\n")]
        names = _names([name.decode("ascii") for name, _value in found])
        digest = base64.b64encode(hashlib.sha256(relaxed_body(body)).digest()).decode("ascii")
        tags = "; ".join(
            (
                f"v=1; a={self.algorithm}; c=relaxed/relaxed; d={self.domain}; s={self.selector}",
                f"t={int(now.timestamp())}",
                f"h={':'.join(names)}",
                f"bh={digest}",
                "b=",
            )
        )
        header = _folded(tags)  # folded first: the blanks of folding are signed along
        signed = relaxed_headers(found, names) + b"dkim-signature:" + _relaxed(header.encode("ascii"))
        signature = base64.b64encode(self._sign(signed)).decode("ascii")
        lines = "\r\n ".join(["", *(signature[at : at + LINE] for at in range(0, len(signature), LINE))])
        return f"DKIM-Signature: {header}{lines}\r\n".encode("ascii") + mail

    def _sign(self, data: bytes) -> bytes:
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        return self.key.sign(hashlib.sha256(data).digest())

    @property
    def record(self) -> str:
        """Return what the domain has to publish at `<selector>._domainkey.<domain>` as TXT."""
        public = self.key.public_key()
        if isinstance(public, rsa.RSAPublicKey):
            kind, form = "rsa", serialization.PublicFormat.SubjectPublicKeyInfo
            raw = public.public_bytes(serialization.Encoding.DER, form)
        else:
            kind, raw = "ed25519", public.public_bytes_raw()
        return f"v=DKIM1; k={kind}; p={base64.b64encode(raw).decode('ascii')}"


def load_key(pem: bytes) -> PrivateKey:
    """Return the private key of a PEM text; `Refused`, with the mend, if it is none that can sign mail."""
    try:
        key = serialization.load_pem_private_key(pem.strip(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise Refused(
            _l("This is no private key in PEM form without a passphrase. Make one with “openssl genrsa 2048”.")
        ) from None
    if isinstance(key, rsa.RSAPrivateKey):
        if key.key_size < SMALLEST_RSA:
            raise Refused(_l("This key is too short to be believed. Make one with “openssl genrsa 2048”."))
        return key
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key
    raise Refused(_l("Mail is signed with RSA or Ed25519. Make a key with “openssl genrsa 2048”."))


def new_key() -> bytes:
    """Return a new private key (RSA, 2048 bits) in PEM form."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def relaxed_body(body: bytes) -> bytes:
    """Return the body in its relaxed form (RFC 6376, 3.4.4)."""
    lines = [_BLANKS.sub(b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    while lines and not lines[-1]:
        lines.pop()
    return b"".join(line + b"\r\n" for line in lines)


def relaxed_headers(found: Sequence[tuple[bytes, bytes]], names: Sequence[str]) -> bytes:
    """Return the headers of these names in their relaxed form; of several with one name the last comes first."""
    left: dict[str, list[bytes]] = {}
    for name, value in found:
        left.setdefault(name.decode("ascii"), []).append(value)
    return b"".join(
        name.encode("ascii") + b":" + _relaxed(left[name].pop()) + b"\r\n" for name in names if left.get(name)
    )


def _relaxed(value: bytes) -> bytes:
    return _BLANKS.sub(b" ", value.replace(b"\r\n", b"")).strip(b" ")


def _names(there: Sequence[str]) -> list[str]:
    names = [name for name in SIGNED for _ in range(there.count(name))]
    return names + list(OVERSIGNED)


def _folded(header: str) -> str:
    """Fold between tags, and between the names of the headers, where blanks may stand (RFC 6376, 3.5)."""
    lines, line = [], ""
    for word in re.findall(r"[^:; ]+[:;]? ?|[:; ]+", header):
        if line and len(line) + len(word) > LINE:
            lines.append(line.rstrip())
            line = ""
        line += word
    return "\r\n ".join([*lines, line])
