"""What other parts keep of a person beside their account: copies of mails, and answers of the API."""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import column, delete, select, table, update
from sqlalchemy.orm import Session

from helpdesk_core.db.base import JSONText
from helpdesk_core.texts import lazy as _l

REMOVED: Final = "(removed)"
LISTS: Final = ("recipients", "cc", "accepted")

# Those parts build on accounts, so that their models cannot be used here.
MAILS: Final = table(
    "outgoing_mails",
    column("id"),
    column("state"),
    column("subject"),
    column("body_text"),
    column("body_html"),
    column("error"),
    *(column(name, JSONText) for name in (*LISTS, "attachment_ids")),
)
KEYS: Final = table("idempotency_keys", column("user_id"))


def forget_traces(session: Session, user_id: int, addresses: Iterable[str]) -> None:
    """Take the addresses out of all mails, remove what was written to nobody else, and forget the API's answers."""
    session.execute(delete(KEYS).where(KEYS.c.user_id == user_id))
    theirs = {address.lower() for address in addresses}
    if not theirs:
        return
    mails = select(MAILS.c.id, MAILS.c.state, *(MAILS.c[name] for name in LISTS))
    for mail in session.execute(mails).all():
        kept = {name: [each for each in getattr(mail, name) or [] if _bare(each) not in theirs] for name in LISTS}
        if all(kept[name] == (getattr(mail, name) or []) for name in LISTS):
            continue
        values: dict[str, Any] = {**kept, "error": None}
        if not kept["recipients"] and not kept["cc"]:
            values |= {"subject": REMOVED, "body_text": REMOVED, "body_html": None, "attachment_ids": []}
            if mail.state == "queued":
                values |= {"state": "dropped", "error": _l("The person was erased before this mail left.")}
        session.execute(update(MAILS).where(MAILS.c.id == mail.id).values(**values))


def _bare(mailbox: str) -> str:
    """Return the address of `Name <address>`."""
    return mailbox.rpartition("<")[2].rstrip(">").lower()
