"""What a form brought: files, the mark by which it is taken once only, and what is wrong with it."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from flask import g, request
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from helpdesk_core.actor import Actor
from helpdesk_core.attachments.inputs import Upload
from helpdesk_core.attachments.models import Attachment
from helpdesk_core.attachments.service import store
from helpdesk_core.db.base import new_uid
from helpdesk_core.errors import Conflict, Forbidden, HelpdeskError, Invalid, RateLimited, Refused, TooLarge
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.texts import lazy as _l
from helpdesk_core.web.localisation import said
from helpdesk_core.web.oversize import left_out

EXPECTED: Final = (Invalid, Refused, Conflict, TooLarge, RateLimited, Forbidden)
"""Errors that a form answers by showing itself again, with all that was typed."""

FORM_UID: Final = "form_uid"
"""The hidden field that makes a form count once; it becomes the uid of the message that the form makes."""


UNUSABLE: Final = _l("This has a character that no text can have (NUL). Take it out.")


def problems_of(error: HelpdeskError, names: Mapping[str, str] | None = None) -> dict[str, list[str]]:
    """Return what is wrong, by field of the form; what belongs to no field of it stands under an empty name.

    `names` maps the fields of the service to those of the form where the two differ.
    """
    if not isinstance(error, Invalid):
        return {"": [said(error)]}
    found: dict[str, list[str]] = {}
    for field, texts in error.problems.items():
        found.setdefault((names or {}).get(field, field if field in request.form else ""), []).extend(texts)
    return found


def form_uid() -> str:
    """Return the mark of the form that was sent, or a new one for a form to be shown."""
    fresh: str | None = g.get("fresh_form_uid")
    if fresh is not None:
        return fresh
    given = request.form.get(FORM_UID, "")
    return given if re.fullmatch(r"[A-Za-z0-9_-]{22}", given) else new_uid()


def begin_anew() -> None:
    """Let the form that is shown again count as another one: with its old mark it would be taken for sent."""
    g.fresh_form_uid = new_uid()


def refuse_unusable(form: MultiDict[str, str]) -> None:
    """Raise `Invalid` for the fields of a form that have NUL in them, as the API does."""
    wrong = {name: [UNUSABLE] for name, texts in form.lists() if any("\0" in text for text in texts)}
    if wrong:
        raise Invalid(wrong)


def received_files(field: str = "files") -> tuple[Upload, ...]:
    """Return the files that were chosen in a field of the form; `refuse_left_out` tells of those left out."""
    if left_out():
        return ()
    return tuple(
        Upload(name=file.filename, content=file.read(), content_type=file.mimetype)
        for file in request.files.getlist(field)
        if file.filename
    )


def keep_files(desk: Helpdesk, actor: Actor, uploads: Sequence[Upload]) -> tuple[list[Attachment], list[str]]:
    """Store files of a form that must be shown again, so that nobody has to choose them twice.

    Returns the stored ones, and what is wrong with the others.
    """
    stored: list[Attachment] = []
    problems: list[str] = []
    for upload in uploads:
        try:
            stored.append(store(desk, actor, upload))
        except (Invalid, Refused, TooLarge) as error:
            problems.append(said(error))
    return stored, problems


def waiting_files(session: Session, actor: Actor, uids: Sequence[str]) -> list[Attachment]:
    """Return those of the files that were kept for the actor and are not sent yet."""
    if not uids or actor.user_id is None:
        return []
    query = select(Attachment).where(
        Attachment.uid.in_(uids), Attachment.message_id.is_(None), Attachment.uploader_id == actor.user_id
    )
    return list(session.scalars(query.order_by(Attachment.id)))
