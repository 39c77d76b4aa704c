"""Forgetting files that belong to no message: uploads never sent, what was redacted, and bytes that no row names."""

import logging
from datetime import timedelta
from itertools import islice
from typing import Final

from sqlalchemy import delete, select, update

from helpdesk_core.actor import SYSTEM
from helpdesk_core.attachments.models import Attachment
from helpdesk_core.attachments.storage import Listed
from helpdesk_core.runtime import Helpdesk

log = logging.getLogger(__name__)

KEPT_FOR: Final = timedelta(days=2)
"""How long an upload may wait for its message; a draft is not sent for days."""
BEING_WRITTEN: Final = timedelta(hours=1)
"""Bytes put this recently may belong to a row that is not committed yet: they wait for the next run."""
MOST: Final = 1000
"""How many bytes without a row are forgotten in one run."""
_DIGITS: Final = "0123456789abcdef"


def forget_orphans(desk: Helpdesk) -> None:
    """Delete bytes that belong to no message, then their rows; for a daily job.

    A row is kept until its bytes are gone (or are another row's too), so that what could not be deleted is tried
    again. Raises what the storage raised last, after trying everything.
    """
    failed = _forget_rows(desk)
    _forget_unnamed(desk)
    if failed is not None:
        raise failed


def _forget_rows(desk: Helpdesk) -> Exception | None:
    nobodys = Attachment.message_id.is_(None) & Attachment.uploader_id.is_(None)
    unsent = Attachment.message_id.is_(None) & (Attachment.created_at < desk.now() - KEPT_FOR)
    with desk.begin(SYSTEM) as tx:  # from here on they cannot be sent any more
        tx.session.execute(update(Attachment).where(unsent).values(uploader_id=None))
        rows = tx.session.execute(select(Attachment.id, Attachment.sha256).where(nobodys)).all()
    ids: dict[str, list[int]] = {}
    for id_, name in rows:
        ids.setdefault(name, []).append(id_)
    failed: Exception | None = None
    for name in sorted(ids):
        with desk.read() as session:
            in_use = session.scalar(select(Attachment.id).where(Attachment.sha256 == name, ~nobodys).limit(1))
        try:
            gone = in_use is not None or desk.storage.delete(name, desk.now() - BEING_WRITTEN)
        except Exception as error:  # whatever a plugin's store may raise; the other files need not wait for it
            log.exception("the file %s cannot be deleted; it is tried again on the next run", name)
            failed, gone = error, False
        if gone:
            with desk.begin(SYSTEM) as tx:
                tx.session.execute(delete(Attachment).where(Attachment.id.in_(ids[name])))
    return failed


def _forget_unnamed(desk: Helpdesk) -> None:
    """Delete bytes that no row names: their message was refused, or the process died, after they were put.

    Each run looks at a sixteenth of the storage, by the day, so that a large one costs little; at most `MOST` go.
    """
    if not isinstance(desk.storage, Listed):
        return
    before = desk.now() - KEPT_FOR
    names = desk.storage.names(_DIGITS[desk.now().toordinal() % 16], before)
    forgotten = 0
    while forgotten < MOST and (batch := list(islice(names, 500))):
        with desk.read() as session:
            named = set(session.scalars(select(Attachment.sha256).where(Attachment.sha256.in_(batch))))
        for name in batch:
            if name not in named:
                desk.storage.delete(name, before)
                forgotten += 1
