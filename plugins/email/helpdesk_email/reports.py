"""What machines say about a ticket: delivery reports and automatic replies, kept as internal notes."""

import re
from dataclasses import replace

from helpdesk_core.api.i18n import joined
from helpdesk_core.api.tickets import NewMessage

from .content import Content, message_of
from .reading import Automatic, Bounce, Mail
from .sentences import lazy_of
from .texts import texts

_l = texts.lazy

_ID = re.compile(rb"<[^<>\s]{3,250}@[^<>\s]{1,250}>")
_LOOKED_AT = 64 * 1024
_RETURNED = (
    "message/rfc822",
    "text/rfc822-headers",
    "message/rfc822-headers",
    "message/global",
    "message/global-headers",
)


def returned_ids(mail: Mail) -> tuple[str, ...]:
    """Return the Message-IDs in what a delivery report returns of the mail that was not delivered."""
    pieces = [part.content[:_LOOKED_AT] for part in mail.attachments if part.content_type in _RETURNED]
    pieces.append(mail.text[:_LOOKED_AT].encode("utf-8", "replace"))
    found = [each.decode("ascii", "ignore") for piece in pieces for each in _ID.findall(piece)]
    return tuple(dict.fromkeys(found))[:50]


def bounce_text(bounce: Bounce) -> str:
    """Return what could not be delivered to whom, and what the servers say."""
    lines = [f"{each.address}: {each.diagnostic}" for each in bounce.failures[:10] if each.diagnostic]
    return joined((_failure(bounce), *lines), "\n\n")


def bounce_note(mail: Mail, content: Content, bounce: Bounce, uid: str, text: str, *, notify: bool) -> NewMessage:
    """Return the note that says so."""
    plain = message_of(mail, content, uid, notify=notify, stripped=True)
    details = {
        **plain.details,
        "bounce": {"recipients": list(bounce.recipients[:20]), "reason": bounce.reason, "permanent": bounce.permanent},
    }
    return replace(plain, text=text, files=(), details=details)


def automatic_note(mail: Mail, content: Content, automatic: Automatic, uid: str) -> NewMessage:
    """Return the note that holds an automatic reply; it changes nobody's turn and is told to nobody by mail."""
    plain = message_of(mail, content, uid, notify=False)
    return replace(plain, details={**plain.details, "automatic": as_detail(automatic)})


def as_detail(automatic: Automatic) -> dict[str, str]:
    """Return what a message keeps about being automatic."""
    return {"kind": automatic.kind, "reason": automatic.reason}


def _failure(bounce: Bounce) -> str:
    to = ", ".join(bounce.recipients[:10]) or _l("(unknown address)")
    values = {"addresses": to, "why": lazy_of(bounce.reason)}
    if bounce.complaint:
        return _l("%(addresses)s has reported a mail of this ticket as spam (%(why)s).", **values)
    if not bounce.permanent:
        return _l("A mail has not yet been delivered to %(addresses)s: %(why)s.", **values)
    return _l("A mail could not be delivered to %(addresses)s: %(why)s.", **values)
