"""What the steps ask for every single mail, asked once for all mails that share a unit of work.

Whatever the unit itself changes is kept up to date here; what others change meanwhile meets the keys of the tables, and
the mails are then processed one by one.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk_core.api import Actor, Helpdesk
from helpdesk_core.api.users import User, domain_of

from .desk.models import Blocked, Suppressed
from .models import Filing
from .reading import Address, Mail
from .senders import normal, people_of

MOST_LABELS = 20


@dataclass
class Foreseen:
    """What is known about some senders and mails; about others everything has to be asked."""

    senders: frozenset[str] = frozenset()
    """Normalised addresses of whom the rest is known."""
    blocked: frozenset[str] = frozenset()
    suppressed: frozenset[str] | None = None
    """None if a delivery report among the mails may change it."""
    people: dict[str, tuple[User | None, Actor | None]] = field(default_factory=dict)
    """Who is behind senders' addresses; without those whom another of the mails may bring in."""
    mail_keys: frozenset[str] = frozenset()
    filings: dict[tuple[str, str], Filing] = field(default_factory=dict)
    """What copies of the mails have left, by key of the mail and place."""
    unwritten: list[Filing] = field(default_factory=list)
    """Those of the filings that are to be written at the end, all at once."""

    @classmethod
    def of(
        cls, desk: Helpdesk, session: Session, mails: Iterable[Mail], keys: Iterable[str], *, reports: bool
    ) -> "Foreseen":
        """Ask about mails and their keys; six queries, however many there are.

        `reports` tells that a delivery report is among them.
        """
        there = list(mails)
        senders = _addresses(each.from_ for each in there if each.from_ is not None)
        addressed = _addresses(one for each in there for one in (*each.to, *each.cc))
        wanted = {value for each in senders for value in blockable(each)}
        people = dict(people_of(desk, session, senders))
        people |= dict.fromkeys(senders - addressed - people.keys(), (None, None))
        suppressed = None
        if not reports:
            found = session.scalars(select(Suppressed.address).where(Suppressed.address.in_(senders)))
            suppressed = frozenset(found)
        mail_keys = frozenset(keys)
        filings = session.scalars(select(Filing).where(Filing.mail_key.in_(mail_keys)))
        return cls(
            senders=senders,
            blocked=frozenset(session.scalars(select(Blocked.value).where(Blocked.value.in_(wanted)))),
            suppressed=suppressed,
            people=people,
            mail_keys=mail_keys,
            filings={(each.mail_key, each.place): each for each in filings},
        )


def _addresses(written: Iterable[Address]) -> frozenset[str]:
    return frozenset(address for each in written if (address := normal(each.address)) is not None)


def blockable(address: str) -> list[str]:
    """Return what of an address can be blocked: itself, its domain, and those above it."""
    labels = domain_of(address).split(".")
    return [address, *(f"@{'.'.join(labels[at:])}" for at in range(min(len(labels), MOST_LABELS)))]
