"""Passwords and tokens of mailboxes, and keys of doors: sealed with the site's secret key wherever they are kept."""

from datetime import datetime
from typing import Any

from helpdesk_core.api import Helpdesk
from helpdesk_core.api.errors import Refused
from helpdesk_core.api.settings import CannotOpen, Seal

from ..texts import texts

OWNER = "email"


def seal(desk: Helpdesk, uid: str, values: dict[str, Any]) -> str:
    """Return the values as text that only this site can read, and only for the row of that uid."""
    return Seal(desk.secret).close(OWNER, uid, {key: _plain(value) for key, value in values.items() if value})


def unseal(desk: Helpdesk, uid: str, sealed: str | None) -> dict[str, Any]:
    """Return the values again; `Refused` if the site's secret key is another one now."""
    if not sealed:
        return {}
    try:
        values: dict[str, Any] = Seal(desk.secret).open(OWNER, uid, sealed)
    except CannotOpen:
        raise Refused(
            texts.lazy(
                "What was stored here was sealed with another secret key. Enter the password or connect the account "
                "again."
            )
        ) from None
    return values


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
