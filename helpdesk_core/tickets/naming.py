"""What statuses, types and priorities share: names, and the keys that the API and rules know them by."""

import re
import unicodedata
from typing import Final, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk_core.errors import Invalid, NotFound
from helpdesk_core.texts import lazy as _l
from helpdesk_core.tickets.models import Priority, Status, TicketType

KEY: Final = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?")
Word = TypeVar("Word", Status, TicketType, Priority)
WORDS: Final = {Status: _l("status"), TicketType: _l("type"), Priority: _l("priority")}


def find_word(session: Session, kind: type[Word], key: str) -> Word:
    """Return the one with that key; `NotFound` if there is none."""
    found = session.scalar(select(kind).where(kind.key == key))
    if found is None:
        raise NotFound(
            _l(
                "There is no %(word)s “%(key)s”; it may have been deleted. Reload the list.",
                word=WORDS[kind],
                key=key,
            )
        )
    return found


def require_key(key: str) -> dict[str, list[str]]:
    """Return what is wrong with a key that somebody wrote; an empty one is made later."""
    if key and not KEY.fullmatch(key):
        return {"key": [_l("A key has up to 64 small letters, digits, - and _, such as “on-hold”.")]}
    return {}


def require_free_key(session: Session, kind: type[Word], key: str) -> None:
    """Raise `Invalid` if the key is somebody else's."""
    if key and session.scalar(select(kind.id).where(kind.key == key)) is not None:
        raise Invalid(
            {"key": [_l("There is a %(word)s “%(key)s” already. Choose another key.", word=WORDS[kind], key=key)]}
        )


def free_key(session: Session, kind: type[Word], name: str, otherwise: str) -> str:
    """Return a key made of the name that nothing has yet; from `otherwise` where the name has no Latin letters."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    stem = re.sub("[^a-z0-9]+", "-", plain).strip("-")[:50].strip("-") or otherwise
    taken = set(session.scalars(select(kind.key)))
    number, key = 2, stem
    while key in taken:
        number, key = number + 1, f"{stem}-{number}"
    return key
