"""The forms in which providers hand mail over by HTTP, each with the proof of origin that it documents."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from helpdesk_core.api.errors import Forbidden, Invalid

from ..storing import Envelope
from ..texts import texts
from .handover import Handover, as_object
from .rebuilding import from_mailgun, from_postmark, from_sendgrid
from .sns import Sns

_l = texts.lazy
Mails = list[tuple[bytes, Envelope]]
FRESH: Final = timedelta(hours=24)
"""A signature older than that is not taken; providers that try again sign anew."""
WRONG: Final = _l("The signature does not fit. Check the signing key of this address in the helpdesk.")


@dataclass(frozen=True, slots=True)
class Proof:
    """What a door knows to check a handover with."""

    signing_key: str
    topic: str
    now: datetime
    sns: Sns


@dataclass(frozen=True, slots=True)
class Provider:
    """How a provider is called and read; `signs` is `must`, `may` or `no`; `ending` closes its address."""

    title: str
    read: Callable[[Handover, Proof], Mails]
    signs: str = "no"
    ending: str = ""


def mailgun(given: Handover, proof: Proof) -> Mails:
    """Read a route's forward, raw (its address ends in `mime`) or parsed, signed with the HTTP webhook signing key."""
    stamp, token = given.text("timestamp"), given.text("token")
    signature = hmac.new(proof.signing_key.encode(), (stamp + token).encode(), hashlib.sha256).hexdigest()
    if not token or not hmac.compare_digest(signature.encode(), given.text("signature").encode()):
        raise Forbidden(WRONG)
    if not stamp.isdecimal() or abs(proof.now.timestamp() - int(stamp)) > FRESH.total_seconds():
        raise Forbidden(_l("The signature is too old. Check the clock of this machine."))
    raw = given.fields.get("body-mime") or from_mailgun(given)
    if not raw:
        raise Invalid(_l("The field body-mime is missing. The address in Mailgun's route has to end in /mime."))
    return [(raw, _envelope("mailgun", given.text("sender"), given.text("recipient").split(",")))]


def sendgrid(given: Handover, proof: Proof) -> Mails:
    """Read Inbound Parse, raw (“POST the raw, full MIME message”) or parsed; signed if a security policy says so."""
    if proof.signing_key:
        _check_twilio(given, proof.signing_key)
    raw = given.fields.get("email") or from_sendgrid(given)
    if not raw:
        raise Invalid(_l("The field email is missing. Tick “POST the raw, full MIME message” at SendGrid."))
    envelope = as_object(given.text("envelope") or "{}", _l("The field envelope"))
    return [(raw, _envelope("sendgrid", envelope.get("from"), envelope.get("to")))]


def postmark(given: Handover, proof: Proof) -> Mails:
    """Read an inbound webhook, with “Include raw email content in JSON payload” or without."""
    said = given.json.get("RawEmail")
    raw = _as_bytes(said) if isinstance(said, str) and said else from_postmark(given.json)
    if not raw:
        raise Invalid(_l("RawEmail is missing. Tick “Include raw email content in JSON payload” at Postmark."))
    return [(raw, _envelope("postmark", None, [given.json.get("OriginalRecipient")]))]


def mandrill(given: Handover, proof: Proof) -> Mails:
    """Read inbound events; the signature covers the address and every field."""
    text = given.address + "".join(name + given.text(name) for name in sorted(given.fields))
    signature = base64.b64encode(hmac.digest(proof.signing_key.encode(), text.encode(), "sha1"))
    if not hmac.compare_digest(signature, given.headers.get("X-Mandrill-Signature", "").encode()):
        raise Forbidden(WRONG)
    try:
        events = json.loads(given.text("mandrill_events"))
    except ValueError:
        events = None
    if not isinstance(events, list):
        raise Invalid(_l("The field mandrill_events is not a list."))
    mails: Mails = []
    for event in events:
        said = event.get("msg") if isinstance(event, dict) and event.get("event") == "inbound" else None
        if isinstance(said, dict) and isinstance(said.get("raw_msg"), str):
            envelope = _envelope("mandrill", said.get("sender"), [said.get("email")])
            mails.append((_as_bytes(said["raw_msg"]), envelope))
    return mails


def amazon(given: Handover, proof: Proof) -> Mails:
    """Read what a receipt rule of SES publishes to SNS; nothing for messages about the topic itself."""
    message = given.json
    proof.sns.check(message)
    if proof.topic and message.get("TopicArn") != proof.topic:
        raise Forbidden(_l("This address belongs to another topic."))
    if message["Type"] == "SubscriptionConfirmation":
        proof.sns.confirm(message)
    if message["Type"] != "Notification":
        return []
    said = as_object(str(message.get("Message")), _l("The message"))
    if said.get("notificationType") != "Received":
        return []
    content = said.get("content")
    if not isinstance(content, str) or not content:
        raise Invalid(
            _l("The notification has no content. Use the action “Publish to SNS topic” with Base64 encoding.")
        )
    receipt, mail = _mapping(said.get("receipt")), _mapping(said.get("mail"))
    encoded = str(_mapping(receipt.get("action")).get("encoding", "")).upper() == "BASE64"
    try:
        raw = base64.b64decode(content, validate=False) if encoded else _as_bytes(content)
    except ValueError:
        raise Invalid(_l("The content is not Base64.")) from None
    return [(raw, _envelope("amazon", mail.get("source"), receipt.get("recipients")))]


def generic(given: Handover, proof: Proof) -> Mails:
    """Read a mail that is the body itself (message/rfc822); `?sender=` and `?recipient=` say what the envelope does."""
    if not given.body.strip():
        raise Invalid(_l("The body is empty. Send the mail itself as the body."))
    sender = next(iter(given.query.get("sender", ())), None)
    return [(given.body, _envelope("http", sender, given.query.get("recipient")))]


PROVIDERS: Final[Mapping[str, Provider]] = {
    "mailgun": Provider("Mailgun", mailgun, signs="must", ending="/mime"),
    "sendgrid": Provider("Twilio SendGrid", sendgrid, signs="may"),
    "postmark": Provider("Postmark", postmark),
    "amazon": Provider("Amazon SES and SNS", amazon),
    "mandrill": Provider("Mailchimp Transactional (Mandrill)", mandrill, signs="must"),
    "generic": Provider("Anything that can send a mail by HTTP", generic),
}


def _check_twilio(given: Handover, key: str) -> None:
    stamp = given.headers.get("X-Twilio-Email-Event-Webhook-Timestamp", "")
    signature = given.headers.get("X-Twilio-Email-Event-Webhook-Signature", "")
    try:
        public = serialization.load_der_public_key(base64.b64decode(key))
        assert isinstance(public, ec.EllipticCurvePublicKey)
        public.verify(base64.b64decode(signature), stamp.encode() + given.body, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError, AssertionError):
        raise Forbidden(WRONG) from None


def _envelope(source: str, sender: Any, recipients: Any) -> Envelope:
    listed = recipients if isinstance(recipients, Iterable) and not isinstance(recipients, str) else [recipients]
    kept = tuple(each.strip() for each in listed if isinstance(each, str) and each.strip())
    return Envelope(sender=sender if isinstance(sender, str) and sender else None, recipients=kept, source=source)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _as_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
