"""Taking files in, and handing them out to those who may see their message."""

import logging
import re
import unicodedata
from collections.abc import Sequence
from mimetypes import guess_type
from pathlib import PurePosixPath
from typing import BinaryIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk_core.actor import Actor
from helpdesk_core.attachments import hooks
from helpdesk_core.attachments.inputs import StoredFile, Upload
from helpdesk_core.attachments.models import Attachment
from helpdesk_core.db.base import new_uid
from helpdesk_core.errors import Invalid, NotFound, Refused, TooLarge
from helpdesk_core.runtime import Helpdesk, Transaction
from helpdesk_core.texts import lazy as _l

log = logging.getLogger(__name__)

MEGABYTE = 1024 * 1024
MAX_PER_MESSAGE = 100


def store(desk: Helpdesk, actor: Actor, upload: Upload) -> Attachment:
    """Take in a file that its uploader will send with a message later; until then nobody else sees it."""
    (taken,) = take_in(desk, actor, [upload])
    with desk.begin(actor) as tx:
        attachment = _row(tx, actor, taken)
        tx.session.add(attachment)
    return attachment


def take_in(desk: Helpdesk, actor: Actor, uploads: Sequence[Upload]) -> tuple[StoredFile, ...]:
    """Check files and put their bytes into the storage, before a unit of work names them: both may take long.

    Raises what `check` raises, and `Refused` if the storage fails. What nothing names in the end is cleaned away.
    """
    _few_enough(len(uploads))
    return tuple(keep(desk, each) for each in [check(desk, actor, upload) for upload in uploads])


def check(desk: Helpdesk, actor: Actor, upload: Upload) -> Upload:
    """Return the upload with a safe name and type; raise when its size or type is against the policy."""
    name = safe_name(upload.name)
    site = desk.settings.site()
    if len(upload.content) > site.attachment_max_mb * MEGABYTE:
        raise TooLarge(
            _l(
                "“%(name)s” has %(value)s MB; %(attachment_max_mb)s MB are allowed. Make it smaller, or send a link.",
                name=name,
                value=format(len(upload.content) / MEGABYTE, ".1f"),
                attachment_max_mb=site.attachment_max_mb,
            )
        )
    suffix = PurePosixPath(name.lower()).suffix.lstrip(".")
    if suffix and suffix in {each.lower().lstrip(".") for each in site.attachment_forbidden_types}:
        raise Invalid(
            {
                "attachments": [
                    _l(
                        "“%(name)s”: files of the type .%(suffix)s are not accepted. Put it into a ZIP.",
                        name=name,
                        suffix=suffix,
                    )
                ]
            }
        )
    checked = Upload(
        name=name,
        content=upload.content,
        content_type=safe_type(upload.content_type, name),
        content_id=(upload.content_id or "")[:255] or None,
    )
    desk.hooks.veto(hooks.attachment_check, upload=checked, actor=actor)
    return checked


def claim(tx: Transaction, actor: Actor, uids: Sequence[str], files: Sequence[StoredFile]) -> list[Attachment]:
    """Return the attachments for a new message: the actor's own waiting uploads, and files taken in for it."""
    _few_enough(len(uids) + len(files))
    found: list[Attachment] = []
    if uids:
        waiting = select(Attachment).where(Attachment.uid.in_(uids), Attachment.message_id.is_(None))
        # What nobody has uploaded was redacted, or waited too long: it is about to be deleted.
        waiting = waiting.where(Attachment.uploader_id.is_not(None))
        if actor.kind != "system":
            waiting = waiting.where(Attachment.uploader_id == actor.user_id)
        found = list(tx.session.scalars(waiting.with_for_update()))
        if len(found) < len(set(uids)):
            raise Invalid({"attachments": [_l("A file is no longer there, or was sent already. Attach it again.")]})
    return found + [_row(tx, actor, each) for each in files]


def open_attachment(desk: Helpdesk, attachment: Attachment) -> BinaryIO:
    """Open the bytes; whether the actor may see them was asked when the attachment was found."""
    return desk.storage.open(attachment.sha256)


def find_waiting(session: Session, actor: Actor, uid: str) -> Attachment:
    """Return an upload of the actor's own that is not sent yet."""
    attachment = session.scalar(
        select(Attachment).where(
            Attachment.uid == uid, Attachment.message_id.is_(None), Attachment.uploader_id == actor.user_id
        )
    )
    if attachment is None or actor.user_id is None:
        raise NotFound(_l("There is no such file, or you may not see it."))
    return attachment


def safe_name(name: str) -> str:
    """Return a file name without path, control and direction characters, at most 200 characters, suffix kept."""
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    name = re.sub("[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]", "", name).strip(" .") or "file"
    if len(name) > 200:
        suffix = PurePosixPath(name).suffix[:20]
        name = name[: 200 - len(suffix)] + suffix
    return name


def safe_type(content_type: str, name: str) -> str:
    """Return a well-formed media type: the declared one, else what the name suggests."""
    declared = content_type.split(";")[0].strip().lower()
    if not re.fullmatch(r"[a-z0-9.+-]{1,100}/[a-z0-9.+-]{1,100}", declared) or declared == "application/octet-stream":
        declared = guess_type(name)[0] or "application/octet-stream"
    return declared


def _few_enough(count: int) -> None:
    if count > MAX_PER_MESSAGE:
        raise Invalid(
            {
                "attachments": [
                    _l(
                        "A message can carry %(max_per_message)s files at most. Put them into an archive.",
                        max_per_message=MAX_PER_MESSAGE,
                    )
                ]
            }
        )


def keep(desk: Helpdesk, upload: Upload) -> StoredFile:
    """Put the bytes of a file that `check` has let pass into the storage; `Refused` if that fails."""
    try:
        sha256 = desk.storage.put(upload.content)
    except (Exception, SystemExit) as error:  # a full disk, or whatever a plugin's store may raise
        log.exception("the file of an upload cannot be kept")
        text = _l(
            "“%(upload)s” cannot be kept just now. Try again in a few minutes, or leave it out.", upload=upload.name
        )
        raise Refused(text) from error
    return StoredFile(
        name=upload.name,
        content_type=upload.content_type,
        size=len(upload.content),
        sha256=sha256,
        content_id=upload.content_id,
    )


def _row(tx: Transaction, actor: Actor, file: StoredFile) -> Attachment:
    return Attachment(
        uid=new_uid(),
        uploader_id=actor.user_id,
        name=file.name,
        content_type=file.content_type,
        size=file.size,
        sha256=file.sha256,
        content_id=file.content_id,
        created_at=tx.now,
    )
