"""Mail that providers hand over by HTTP, in the forms that they document.

What is refused behind the right address is answered with 503, since providers throw a mail away after 4xx.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from helpdesk_core.api import Actor
from helpdesk_core.testing.plugins import PluginSite, plugin_site
from helpdesk_core.testing.prepared import Databases
from helpdesk_email.intake.doors import DoorDraft, address_of, create_door, find_door
from helpdesk_email.intake.models import Door
from helpdesk_email.intake.sns import SIGNED, Sns
from helpdesk_email.plugin import EmailPlugin
from helpdesk_email.storing import NotStored

from ..gateways import tickets, written

RAW = written("Gr\u00fc\u00dfe", subject="By HTTP", to="Support <support@example.com>") + b"\xff\xfe raw bytes\r\n"


@pytest.fixture
def site(tmp_path: Path, databases: Databases) -> Iterator[PluginSite]:
    with plugin_site("email", folder=tmp_path, databases=databases) as opened:
        opened.world.department("support", address="support@example.com")
        opened.world.department("sales", address="sales@example.com")
        yield opened


@pytest.fixture(autouse=True)
def departments() -> None:
    """This module makes its own."""


@pytest.fixture
def plugin(site: PluginSite) -> EmailPlugin:
    plugin = site.desk.plugins.plugin("email")
    assert isinstance(plugin, EmailPlugin)
    return plugin


@pytest.fixture
def owner(site: PluginSite) -> Actor:
    return site.world.actor(site.world.user("Olga", is_owner=True))


class Provider:
    """Somebody who hands mail over at a door."""

    def __init__(self, site: PluginSite, owner: Actor, name: str, signing_key: str = "") -> None:
        self.site = site
        door = create_door(site.desk, owner, DoorDraft(name=name, provider=name, signing_key=signing_key))
        self.uid, self.address = door.uid, address_of(site.desk, door)

    def post(self, *, path: str = "", **given: Any) -> int:
        answer = self.site.app.test_client().post(self.address.removeprefix("http://helpdesk.example") + path, **given)
        self.said = answer.get_json() or {}
        return answer.status_code

    @property
    def door(self) -> Door:
        with self.site.desk.read() as session:
            return find_door(session, self.uid)


def bytes_of(plugin: EmailPlugin) -> list[bytes]:
    return [plugin.gateway.archive.get(row.sha256) for row in plugin.gateway.log()]


def multipart(fields: dict[str, bytes]) -> dict[str, Any]:
    """Return a form as providers send it: fields without file names, in their own bytes."""
    parts = [
        f'--limit\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value + b"\r\n"
        for name, value in fields.items()
    ]
    return {"data": b"".join(parts) + b"--limit--\r\n", "content_type": 'multipart/form-data; boundary="limit"'}


def mailgun(now: datetime, key: str = "key", **other: bytes) -> dict[str, bytes]:
    stamp = str(int(now.timestamp()))
    signature = hmac.new(key.encode(), f"{stamp}token".encode(), hashlib.sha256).hexdigest()
    fields = {"timestamp": stamp, "token": "token", "signature": signature}
    fields |= {"sender": "carla@example.net", "recipient": "sales@example.com"}
    return {name: value.encode() for name, value in fields.items()} | {"body-mime": RAW} | other


def test_mailgun(site: PluginSite, plugin: EmailPlugin, owner: Actor) -> None:
    provider = Provider(site, owner, "mailgun", "key")
    assert provider.post(**multipart(mailgun(site.clock()))) == 200
    assert provider.post(data=mailgun(site.clock())) == 200, "Mailgun sends either kind of form"
    assert bytes_of(plugin) == [RAW]
    assert {each.department.key for each in tickets(site.desk)} == {"sales", "support"}
    assert provider.post(**multipart(mailgun(site.clock(), key="another"))) == 503
    assert provider.post(**multipart(mailgun(site.clock() - timedelta(days=2)))) == 503
    without = {name: value for name, value in mailgun(site.clock()).items() if name != "body-mime"}
    assert provider.post(**multipart(without)) == 503
    assert "has to end in /mime" in provider.said["detail"]
    assert provider.door.last_error is not None
    assert provider.door.taken_count == 2


def test_sendgrid(site: PluginSite, plugin: EmailPlugin, owner: Actor) -> None:
    envelope = json.dumps({"to": ["support@example.com"], "from": "carla@example.net"}).encode()
    provider = Provider(site, owner, "sendgrid")
    assert provider.post(**multipart({"email": RAW, "envelope": envelope})) == 200
    assert bytes_of(plugin) == [RAW]
    assert provider.post(**multipart({"envelope": envelope})) == 503
    assert "POST the raw, full MIME message" in provider.said["detail"]


def test_sendgrid_with_signatures(site: PluginSite, plugin: EmailPlugin, owner: Actor) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    public = base64.b64encode(private.public_key().public_bytes(serialization.Encoding.DER, form)).decode()
    provider = Provider(site, owner, "sendgrid", public)
    given = multipart({"email": RAW})
    signature = base64.b64encode(private.sign(b"1700000000" + given["data"], ec.ECDSA(hashes.SHA256())))
    headers = {
        "X-Twilio-Email-Event-Webhook-Signature": signature.decode(),
        "X-Twilio-Email-Event-Webhook-Timestamp": "1700000000",
    }
    assert provider.post(**given) == 503
    assert provider.post(**multipart({"email": RAW + b"more"}), headers=headers) == 503
    assert provider.post(**given, headers=headers) == 200
    assert bytes_of(plugin) == [RAW]


def test_postmark(site: PluginSite, plugin: EmailPlugin, owner: Actor) -> None:
    raw = written("Gr\u00fc\u00dfe", to="list@example.net")
    provider = Provider(site, owner, "postmark")
    given = {"RawEmail": raw.decode(), "OriginalRecipient": "sales@example.com", "Subject": "Printer"}
    assert provider.post(json=given) == 200
    assert bytes_of(plugin) == [raw]
    assert [each.department.key for each in tickets(site.desk)] == ["sales"]
    parsed = {
        "From": "carla@example.net",
        "Subject": "Taken apart",
        "TextBody": "Hi",
        "OriginalRecipient": "x@example.org",
    }
    assert provider.post(json=parsed) == provider.post(json=parsed) == 200
    assert [each.subject for each in tickets(site.desk)] == ["Printer", "Taken apart"]
    assert provider.post(json={"Subject": "nothing else"}) == 503
    assert provider.post(data=b"{", content_type="application/json") == 503


def test_mandrill(site: PluginSite, plugin: EmailPlugin, owner: Actor) -> None:
    provider = Provider(site, owner, "mandrill", "webhook key")
    raws = [written(subject=f"Mail {number}") for number in range(2)]
    events = [{"event": "inbound", "msg": {"raw_msg": raw.decode(), "email": "support@example.com"}} for raw in raws]
    form = {"mandrill_events": json.dumps([*events, {"event": "send", "msg": {}}])}

    def signed(key: bytes) -> dict[str, str]:
        text = provider.address + "mandrill_events" + form["mandrill_events"]
        return {"X-Mandrill-Signature": base64.b64encode(hmac.digest(key, text.encode(), "sha1")).decode()}

    assert provider.post(data=form, headers=signed(b"another key")) == 503
    assert provider.post(data=form, headers=signed(b"webhook key")) == 200
    assert provider.said == {"stored": 2}
    assert sorted(bytes_of(plugin)) == sorted(raws)
    path = provider.address.removeprefix("http://helpdesk.example")
    assert site.app.test_client().head(path).status_code == 200


class Amazon:
    """Signs messages as Amazon SNS does, and has what is at its addresses."""

    CERTIFICATE = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem"

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(65537, 2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
        made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(self.key.public_key())
        made = made.serial_number(1).not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        made = made.not_valid_after(datetime(2040, 1, 1, tzinfo=UTC))
        self.certificate = made.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        self.asked: list[str] = []

    def get(self, url: str) -> bytes:
        self.asked.append(url)
        return self.certificate if url == self.CERTIFICATE else b""

    def message(self, kind: str, message: str, version: str = "2", **more: str) -> dict[str, str]:
        said = {"Type": kind, "Message": message, "MessageId": "1", "Timestamp": "2026-03-02T09:00:00Z"}
        said |= {"TopicArn": "arn:aws:sns:eu-west-1:1:mail", **more}
        text = "".join(f"{name}\n{said[name]}\n" for name in SIGNED[kind] if name in said)
        hashed = hashes.SHA256() if version == "2" else hashes.SHA1()
        signature = base64.b64encode(self.key.sign(text.encode(), padding.PKCS1v15(), hashed)).decode()
        return {"SigningCertURL": self.CERTIFICATE, **said, "SignatureVersion": version, "Signature": signature}


def received(content: str, encoding: str) -> str:
    return json.dumps(
        {
            "notificationType": "Received",
            "mail": {"source": "carla@example.net"},
            "receipt": {"recipients": ["sales@example.com"], "action": {"type": "SNS", "encoding": encoding}},
            "content": content,
        }
    )


def test_amazon(site: PluginSite, plugin: EmailPlugin, owner: Actor) -> None:
    amazon = Amazon()
    plugin.doors.sns = Sns(amazon.get)
    provider = Provider(site, owner, "amazon")

    def post(message: dict[str, str]) -> int:
        return provider.post(data=json.dumps(message), content_type="text/plain; charset=UTF-8")

    subscribe = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=t"
    assert post(amazon.message("SubscriptionConfirmation", "Confirm", SubscribeURL=subscribe, Token="t")) == 200
    assert amazon.asked == [amazon.CERTIFICATE, subscribe]
    assert provider.door.topic == "arn:aws:sns:eu-west-1:1:mail"
    encoded = received(base64.b64encode(RAW).decode(), "BASE64")
    assert post(amazon.message("Notification", encoded)) == 200
    plain = written("Gr\u00fc\u00dfe", subject="Plain")
    assert post(amazon.message("Notification", received(plain.decode(), "UTF-8"), version="1", Subject="Mail")) == 200
    assert sorted(bytes_of(plugin)) == sorted([RAW, plain])
    assert post(amazon.message("Notification", encoded) | {"Message": received("x", "UTF-8")}) == 503
    assert post(amazon.message("Notification", encoded, TopicArn="arn:aws:sns:eu-west-1:2:other")) == 503
    elsewhere = {"SigningCertURL": "https://sns.eu-west-1.amazonaws.com.example.net/a.pem"}
    assert post(amazon.message("Notification", encoded) | elsewhere) == 503
    assert post(amazon.message("Notification", received("", "UTF-8"))) == 503
    assert amazon.asked == [amazon.CERTIFICATE, subscribe], "a certificate is fetched once, and from Amazon only"


def test_anything_that_can_send_a_mail_by_http(site: PluginSite, plugin: EmailPlugin, owner: Actor) -> None:
    provider = Provider(site, owner, "generic")
    query = "?sender=carla@example.net&recipient=support@example.com&recipient=sales@example.com"
    assert provider.post(path=query, data=RAW, content_type="message/rfc822") == 200
    assert bytes_of(plugin) == [RAW]
    assert len(tickets(site.desk)) == 2
    assert provider.post(path=query, data=RAW, content_type="message/rfc822") == 200
    assert len(tickets(site.desk)) == 2, "the same mail twice is one"
    assert provider.post(data=b"") == 503


def test_a_mail_that_cannot_be_stored_is_to_be_sent_again(
    site: PluginSite, plugin: EmailPlugin, owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise NotStored("The disk is full.")

    provider = Provider(site, owner, "generic")
    monkeypatch.setattr(plugin.gateway, "store", fail)
    assert provider.post(data=RAW) == 503
    assert provider.door.last_error == "The disk is full."
    monkeypatch.undo()
    assert provider.post(data=RAW) == 200
    assert provider.door.last_error is None


def test_only_the_whole_secret_address_of_the_right_provider_takes_mail(
    site: PluginSite, plugin: EmailPlugin, owner: Actor
) -> None:
    provider = Provider(site, owner, "generic")
    path = provider.address.removeprefix("http://helpdesk.example")
    client = site.app.test_client()
    wrong = (path[:-1], path.replace("generic", "postmark"), path.replace("generic", "nobody"), f"{path}/mime/x")
    assert [client.post(each, data=RAW).status_code for each in wrong] == [404, 404, 404, 404]
    assert plugin.gateway.log() == []
    key = path.rpartition("/")[2]
    assert key not in provider.door.sealed + provider.door.key_hash


def test_a_large_mail_in_a_form_is_taken(site: PluginSite, plugin: EmailPlugin, owner: Actor) -> None:
    large = written("a line of text\r\n" * 400_000)
    assert len(large) > 6_000_000
    assert Provider(site, owner, "sendgrid").post(**multipart({"email": large})) == 200
    assert [row.size for row in plugin.gateway.log()] == [len(large)]
