"""Senders whose mails are dropped: blocking an address or a domain, and taking that back."""

import re
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk_core.api import Actor, Helpdesk
from helpdesk_core.api.errors import Conflict, Invalid, NotFound
from helpdesk_core.api.mail import own_addresses
from helpdesk_core.api.users import domain_of, require_everywhere

from ..senders import normal
from ..texts import texts
from .events import MailPolicyChanged
from .models import Blocked
from .undelivered import MANAGE

_l = texts.lazy
_DOMAIN = re.compile(r"@?((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63})", re.IGNORECASE)


def block(desk: Helpdesk, actor: Actor, written: str) -> Blocked:
    """Block an address, or a domain with all below it (`@example.com` or `example.com`)."""
    require_everywhere(actor, MANAGE)
    value = _value(written)
    with desk.begin(actor) as tx:
        own = own_addresses(desk, tx.session)
        if value in own or value in {f"@{domain_of(each)}" for each in own}:
            raise Invalid({"value": [_l("This is one of our own addresses. Its mails are recognised by themselves.")]})
        if tx.session.scalar(select(Blocked.id).where(Blocked.value == value)) is not None:
            raise Conflict(_l("%(value)s is blocked already.", value=value))
        row = Blocked(value=value, blocked_by=actor.name[:255], blocked_at=tx.now)
        tx.session.add(row)
        tx.record(MailPolicyChanged(kind="blocked", what="added"))
    return row


def unblock(desk: Helpdesk, actor: Actor, uid: str) -> str:
    """Take mails of the sender in again, and return what was blocked; those dropped meanwhile stay as they are."""
    require_everywhere(actor, MANAGE)
    with desk.begin(actor) as tx:
        row = tx.session.scalar(select(Blocked).where(Blocked.uid == uid).with_for_update())
        if row is None:
            raise NotFound(_l("This sender is not blocked any more. Reload the list."))
        tx.session.delete(row)
        tx.record(MailPolicyChanged(kind="blocked", what="removed"))
    return row.value


def blocked_senders(
    session: Session, *, after: int | None = None, limit: int = 50
) -> tuple[Sequence[Blocked], int | None]:
    """Return what is blocked, the newest first, and the `after` of the next page (None on the last one)."""
    query = select(Blocked).order_by(Blocked.id.desc()).limit(limit + 1)
    if after is not None:
        query = query.where(Blocked.id < after)
    rows = session.scalars(query).all()
    return rows[:limit], rows[limit - 1].id if len(rows) > limit else None


def _value(written: str) -> str:
    written = written.strip().lower()
    address = normal(written)
    if address is not None:
        return address
    domain = _DOMAIN.fullmatch(written)
    if domain is None:
        raise Invalid({"value": [_l("Give an address such as ann@example.com, or a domain such as example.com.")]})
    return f"@{domain[1]}"
