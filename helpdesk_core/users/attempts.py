"""How often somebody may try: counted in the database, so that every process and a restart know."""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from helpdesk_core.actor import ANONYMOUS, SYSTEM
from helpdesk_core.errors import RateLimited
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.texts import lazy_n
from helpdesk_core.users.models import LoginSession, SignInAttempt

Purpose = Literal["password", "link", "address", "ticket"]
By = Literal["address and ip", "ip", "address"]
KEPT: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `tries` failures within `window`, counted by address, by where they come from, or by both together."""

    by: By
    tries: int
    window: timedelta


LIMITS: Final[dict[Purpose, tuple[Limit, ...]]] = {
    # A hundred an hour on one account is OWASP ASVS 2.2.1; it counts only for places that never got in (see below).
    "password": (
        Limit("address and ip", 10, timedelta(minutes=15)),
        Limit("ip", 100, timedelta(minutes=15)),
        Limit("address", 100, timedelta(hours=1)),
    ),
    "link": (
        Limit("address", 5, timedelta(hours=1)),
        Limit("ip", 30, timedelta(hours=1)),
    ),
    # Links to prove an address: counted for the account that asks, and for the address, which may be a stranger's.
    "address": (Limit("address", 5, timedelta(days=1)),),
    # What visitors ask is confirmed to an address that nobody has proved.
    "ticket": (
        Limit("address", 5, timedelta(hours=1)),
        Limit("ip", 10, timedelta(hours=1)),
    ),
}


def count_attempt(desk: Helpdesk, purpose: Purpose, address: str, ip: str | None) -> int:
    """Note a try before it is made, and return its id; `RateLimited`, and nothing noted, after too many failures.

    Noted first, as a failure, so that tries made at the same moment count as well. Without an `ip` only the address
    counts.
    """
    place = ip_key(ip)
    with desk.begin(ANONYMOUS) as tx:
        for limit in LIMITS[purpose]:
            wait = _wait(tx.session, limit, purpose, address, place, tx.now)
            if wait is not None:
                raise RateLimited(_message(wait), retry_after=wait)
        attempt = SignInAttempt(purpose=purpose, address=address, ip=place, succeeded=False, created_at=tx.now)
        tx.session.add(attempt)
        tx.session.flush()
        return attempt.id


def note_success(session: Session, attempt_id: int) -> None:
    """Note that the try got in, and forgive the failures before it from the same place."""
    attempt = session.get(SignInAttempt, attempt_id)
    if attempt is None:
        return
    attempt.succeeded = True
    session.execute(
        delete(SignInAttempt).where(
            SignInAttempt.address == attempt.address,
            SignInAttempt.ip == attempt.ip,
            SignInAttempt.purpose == attempt.purpose,
            SignInAttempt.succeeded.is_(False),
            SignInAttempt.id != attempt.id,
        )
    )


def forget_old(desk: Helpdesk) -> None:
    """Delete sessions that are over and attempts that are a month old; for a daily job."""
    with desk.begin(SYSTEM) as tx:
        tx.session.execute(delete(LoginSession).where(LoginSession.expires_at < tx.now))
        tx.session.execute(delete(SignInAttempt).where(SignInAttempt.created_at < tx.now - KEPT))


def ip_key(ip: str | None) -> str:
    """Return what counts as one place: an IPv4 address, or the network of 64 bits that one IPv6 customer has."""
    try:
        address = ipaddress.ip_address(ip or "")
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((int(address), 64), strict=False).network_address)
    return str(address)


def _wait(session: Session, limit: Limit, purpose: Purpose, address: str, place: str, now: datetime) -> int | None:
    """Return how many seconds to wait, or None if the limit is not reached."""
    if limit.by != "address" and not place:
        return None
    tries = (
        select(func.count(), func.min(SignInAttempt.created_at))
        .where(SignInAttempt.purpose == purpose, SignInAttempt.created_at > now - limit.window)
        .where(SignInAttempt.succeeded.is_(False), *_same(limit.by, address, place))
    )
    count, oldest = session.execute(tries).one()
    if count < limit.tries:
        return None
    if limit.by == "address" and purpose == "password" and _got_in_before(session, address, place):
        return None
    return max(1, round((oldest + limit.window - now).total_seconds()))


def _got_in_before(session: Session, address: str, place: str) -> bool:
    """Strangers who guess at an account must not lock out the person whom it belongs to."""
    before = select(SignInAttempt.id).where(
        SignInAttempt.purpose == "password", SignInAttempt.succeeded, *_same("address and ip", address, place)
    )
    return bool(place) and session.scalar(before.limit(1)) is not None


def _same(by: By, address: str, place: str) -> list[ColumnElement[bool]]:
    same = {"address": SignInAttempt.address == address, "ip": SignInAttempt.ip == place}
    return [same[each] for each in by.split(" and ")]


def _message(seconds: int) -> str:
    minutes = -(-seconds // 60)
    return lazy_n(
        "Too many attempts. Wait %(num)s minute and try again.",
        "Too many attempts. Wait %(num)s minutes and try again.",
        minutes,
    )
