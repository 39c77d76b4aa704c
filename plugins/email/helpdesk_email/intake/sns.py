"""Messages of Amazon SNS: is one really from there, and confirming a subscription.

Documented under "Verifying the signatures of Amazon SNS messages" in the SNS developer guide.
"""

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import urlopen

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from helpdesk_core.api.errors import Forbidden, Unavailable

from ..texts import texts

_l = texts.lazy

Get = Callable[[str], bytes]
TIMEOUT: Final = 10.0
SIGNED: Final = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
_HOST: Final = re.compile(r"sns\.[a-z0-9-]+\.amazonaws\.com(\.cn)?")


def get(url: str) -> bytes:
    """Return what is at an address of Amazon's."""
    with urlopen(url, timeout=TIMEOUT) as answer:  # noqa: S310 - `of_amazon` has looked at the address
        content: bytes = answer.read(1_000_000)
    return content


class Sns:
    """Checks messages; certificates are fetched once."""

    def __init__(self, get: Get = get) -> None:
        self._get = get
        self._certificates: dict[str, x509.Certificate] = {}

    def check(self, message: Mapping[str, Any]) -> None:
        """Raise `Forbidden` unless Amazon has signed the message; `Unavailable` if that cannot be found out now."""
        names = SIGNED.get(str(message.get("Type")))
        if names is None:
            raise Forbidden(_l("This is not a message of Amazon SNS."))
        key = self._certificate(of_amazon(str(message.get("SigningCertURL")))).public_key()
        hashed = {"1": hashes.SHA1(), "2": hashes.SHA256()}.get(str(message.get("SignatureVersion")))  # noqa: S303 - version 1 is so
        text = "".join(f"{name}\n{message[name]}\n" for name in names if message.get(name) is not None)
        try:
            assert isinstance(key, rsa.RSAPublicKey)
            assert hashed is not None
            key.verify(base64.b64decode(str(message.get("Signature"))), text.encode(), padding.PKCS1v15(), hashed)
        except (InvalidSignature, ValueError, AssertionError):
            raise Forbidden(_l("The signature of this message is not Amazon's.")) from None

    def confirm(self, message: Mapping[str, Any]) -> None:
        """Tell Amazon that this address wants the topic's messages."""
        try:
            self._get(of_amazon(str(message.get("SubscribeURL"))))
        except OSError as error:
            why = _l("The subscription could not be confirmed: %(why)s. Amazon asks again.", why=str(error))
            raise Unavailable(why) from error

    def _certificate(self, url: str) -> x509.Certificate:
        if url not in self._certificates:
            try:
                self._certificates[url] = x509.load_pem_x509_certificate(self._get(url))
            except (OSError, ValueError) as error:
                why = _l("Amazon's certificate cannot be fetched: %(why)s. Amazon sends again.", why=str(error))
                raise Unavailable(why) from error
        return self._certificates[url]


def of_amazon(url: str) -> str:
    """Return the address if it is one of Amazon SNS itself; else `Forbidden`."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not _HOST.fullmatch(parts.netloc):
        raise Forbidden(_l("The message names an address that is not Amazon's."))
    return url
