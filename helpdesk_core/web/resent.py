"""Forms that come a second time: the same content is the same message, other content must not be lost."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import request
from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk_core.attachments.inputs import Upload
from helpdesk_core.attachments.models import Attachment
from helpdesk_core.db.base import canonical_json
from helpdesk_core.texts import lazy as _l
from helpdesk_core.tickets.content import clean_text
from helpdesk_core.tickets.models import HeldReply, Message, Ticket
from helpdesk_core.web.context import current_desk
from helpdesk_core.web.security import FIELD

MARK: Final = "form"
"""Under this name the details of a message keep `content_mark` of the form that made it."""

OTHER_CONTENT: Final = _l(
    "This form was sent before with other content, and that was kept. What stands here now is not sent yet: "
    "send it if it should arrive as well."
)

_FILES: Final = ("attachments", "kept")
_NOT_SAID: Final = frozenset((FIELD, "form_uid", "read_to", "cc_was", "insert", "preview", "keep", *_FILES))
"""Fields that are the page's own, not what a person says; files count by what is in them."""


@dataclass(frozen=True, slots=True)
class SentBefore:
    """What the same form made when it was sent for the first time; `mark` is None where it is not known."""

    number: str
    author_id: int | None
    mark: str | None = None
    text: str = ""

    def says(self, mark: str) -> bool:
        """Tell whether the form at hand, whose `content_mark` is given, says the same."""
        if self.mark is None:
            return self.text == clean_text(request.form.get("body", ""))
        return hmac.compare_digest(self.mark, mark)


def sent_before(session: Session, uid: str, *, internal: bool = False) -> SentBefore | None:
    """Return what the form has made already, or None; whether to tell of it is for the caller to judge.

    `internal` asks for notes and for replies that are held as well.
    """
    query = (
        select(Ticket.number, Message.author_id, Message.details, Message.body_text)
        .join(Message, Message.ticket_id == Ticket.id)
        .where(Message.uid == uid)
    )
    row = session.execute(query if internal else query.where(Message.kind == "public")).first()
    if row is not None:
        return SentBefore(row[0] or "", row[1], _mark_in(row[2]), row[3])
    if not internal:
        return None
    held = session.execute(
        select(Ticket.number, HeldReply.author_id, HeldReply.draft)
        .join(HeldReply, HeldReply.ticket_id == Ticket.id)
        .where(HeldReply.uid == uid)
    ).first()
    if held is None:
        return None
    return SentBefore(held[0] or "", held[1], _mark_in(held[2]["details"]), clean_text(held[2]["text"]))


def content_mark(session: Session, uploads: Sequence[Upload]) -> str:
    """Return what tells the content of the form at hand from any other: its fields, and what is in its files.

    Keyed with the site's secret, because an address that was erased could else be guessed from it.
    """
    fields = sorted(
        [name, said]
        for name, texts in request.form.lists()
        if name not in _NOT_SAID
        for text in texts
        if (said := clean_text(text).strip())
    )
    kept = [uid for name in _FILES for uid in request.form.getlist(name)]
    files = [hashlib.sha256(upload.content).hexdigest() for upload in uploads]
    if kept:
        files += session.scalars(select(Attachment.sha256).where(Attachment.uid.in_(kept)))
    content = canonical_json({"fields": fields, "files": sorted(files)}).encode("utf-8", "surrogatepass")
    key = hashlib.sha256(b"form:" + current_desk().secret).digest()
    return hmac.digest(key, content, "sha256").hex()


def _mark_in(details: Mapping[str, Any]) -> str | None:
    mark = details.get(MARK)
    return mark if isinstance(mark, str) else None
