"""What the library makes of a mail, as plain data for people and programs who ask."""

from __future__ import annotations

from typing import Any

from .automatic import find_automatic
from .bounces import find_bounce
from .read import read_mail
from .replies import strip_reply


def explain(raw: bytes, file: str = "") -> dict[str, Any]:
    """The decisions about a mail, with exactly these keys: `file, from, to, subject, attachments` (names)`, text, html,
    stripped_reply, is_auto, is_bounce, failed_recipients, reason, error`. Never raises; `error` is None unless
    reading went wrong.
    """
    mail = read_mail(raw)
    bounce = find_bounce(mail)
    automatic = None if bounce else find_automatic(mail)
    from_html = mail.text_from_html and mail.html is not None
    reason = None
    if bounce is not None:
        reason = bounce.reason
    elif automatic is not None:
        reason = automatic.reason
    return {
        "file": file,
        "from": mail.from_.address if mail.from_ else None,
        "to": [address.address for address in mail.to],
        "subject": mail.subject,
        "attachments": [attachment.name for attachment in mail.attachments],
        "text": mail.text,
        "html": mail.html,
        "stripped_reply": strip_reply(mail.html or "" if from_html else mail.text, html=from_html).reply,
        "is_auto": automatic is not None,
        "is_bounce": bounce is not None,
        "failed_recipients": list(bounce.recipients) if bounce else [],
        "reason": reason,
        "error": None,
    }
