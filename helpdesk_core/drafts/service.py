"""Keeping what somebody writes until it is sent, on whatever device they go on writing."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from helpdesk_core.actor import SYSTEM, Actor
from helpdesk_core.db.base import canonical_json
from helpdesk_core.drafts.models import Draft
from helpdesk_core.errors import Forbidden, Invalid, TooLarge
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.texts import lazy as _l

KEPT_FOR: Final = timedelta(days=30)
"""How long a draft waits for its writer to come back."""
MOST: Final = 500_000
"""How many characters a draft may have, all fields together."""

Content = Mapping[str, Sequence[str]]


def keep_draft(desk: Helpdesk, actor: Actor, name: str, content: Content) -> None:
    """Keep the fields of a form under its name, in place of what was kept before; an empty mapping forgets them.

    Raises `Forbidden` for anybody without an account, `Invalid` for a name that no form has, `TooLarge`.
    """
    if actor.kind != "user" or actor.read_only or actor.user_id is None:
        raise Forbidden(_l("Sign in, so that drafts can be kept for you."))
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", name):
        raise Invalid(_l("A draft's name is 1 to 64 letters, digits, dots, - and _."))
    fields = {key: list(values) for key, values in content.items()}
    if len(canonical_json(fields)) > MOST:
        raise TooLarge(_l("A draft can have %(most)s characters. Send the text as a file instead.", most=MOST))
    with desk.begin(actor) as tx:
        row = tx.session.get(Draft, (actor.user_id, name))
        if not fields:
            if row is not None:
                tx.session.delete(row)
            return
        if row is not None:
            row.content, row.updated_at = fields, tx.now
            return
        try:
            with tx.savepoint():
                tx.session.add(Draft(user_id=actor.user_id, name=name, content=fields, updated_at=tx.now))
                tx.session.flush()
        except IntegrityError:
            pass  # written in another window in the same moment; the next change there or here is kept


def find_draft(session: Session, actor: Actor, name: str) -> Draft | None:
    """Return what the actor has begun in that form, or None."""
    if actor.kind != "user" or actor.user_id is None:
        return None
    return session.scalar(select(Draft).where(Draft.user_id == actor.user_id, Draft.name == name))


def drop_draft(desk: Helpdesk, actor: Actor, name: str) -> None:
    """Forget a draft, because it is sent or not wanted; none is no error."""
    if actor.kind != "user" or actor.read_only or actor.user_id is None:
        return
    with desk.begin(actor) as tx:
        tx.session.execute(delete(Draft).where(Draft.user_id == actor.user_id, Draft.name == name))


def forget_old_drafts(desk: Helpdesk) -> None:
    """Forget drafts that nobody came back to; for a daily job."""
    with desk.begin(SYSTEM) as tx:
        tx.session.execute(delete(Draft).where(Draft.updated_at < desk.now() - KEPT_FOR))
