"""Making, changing and removing endpoints, and their secrets."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk_core.api import Actor, Helpdesk, Transaction
from helpdesk_core.api.db import new_uid
from helpdesk_core.api.errors import Invalid, NotFound, Refused
from helpdesk_core.api.outgoing import AddressRefused, NoReply, check_url
from helpdesk_core.api.settings import CannotOpen, Seal
from helpdesk_core.api.tickets import clean_line
from helpdesk_core.api.users import require_everywhere

from .events import EndpointChanged
from .models import Endpoint
from .settings import ID, rules
from .signing import new_secret
from .texts import lazy

MANAGE: Final = "webhooks.manage"
OLD_SECRET_LASTS: Final = timedelta(days=1)
"""So long both secrets sign, after a new one was made."""
LONGEST_NAME, LONGEST_URL = 120, 2000
ABOUT_TICKETS: Final = ("ticket.", "message.", "participant.")
"""What most endpoints are for; these types come first."""


@dataclass(frozen=True, kw_only=True)
class EndpointDraft:
    """An endpoint as it is entered; no `events` means all there are and will be."""

    name: str
    url: str
    events: Sequence[str] = ()
    is_active: bool = True


def event_types(desk: Helpdesk) -> list[str]:
    """Return the types of events that endpoints can ask for, in order; what only others derive from never happens."""
    found = (each for each in desk.event_types if "." in each and not is_own(each))
    return sorted(found, key=lambda each: (not each.startswith(ABOUT_TICKETS), each))


def is_own(event_type: str) -> bool:
    """Tell whether an event is about webhooks: telling them of it would go round in circles."""
    return event_type.startswith(f"{ID}.")


def all_endpoints(session: Session) -> Sequence[Endpoint]:
    """Return the endpoints by name."""
    return session.scalars(select(Endpoint).order_by(Endpoint.name, Endpoint.id)).all()


def find_endpoint(session: Session, uid: str, *, lock: bool = False) -> Endpoint:
    """Return the endpoint with that uid; `NotFound` if there is none."""
    query = select(Endpoint).where(Endpoint.uid == uid)
    row = session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise NotFound(lazy("There is no such endpoint."))
    return row


def make(desk: Helpdesk, actor: Actor, draft: EndpointDraft) -> Endpoint:
    """Make an endpoint with a secret of its own; `Invalid` names every mistake by field."""
    require_everywhere(actor, MANAGE)
    values = _checked(desk, draft)
    with desk.begin(actor) as tx:
        most = rules(desk).most
        if (tx.session.scalar(select(func.count(Endpoint.id))) or 0) >= most:
            raise Refused(lazy("There are %(most)s endpoints, as many as the settings allow. Remove one.", most=most))
        row = Endpoint(uid=new_uid(), created_at=tx.now, updated_at=tx.now, **values)
        row.secrets = _seal(desk).close(ID, row.uid, {"now": new_secret()})
        tx.session.add(row)
        _record(tx, row, "made")
    return row


def change(desk: Helpdesk, actor: Actor, uid: str, draft: EndpointDraft) -> Endpoint:
    """Change an endpoint; one that is switched on again begins anew, and what waited for it goes out."""
    require_everywhere(actor, MANAGE)
    values = _checked(desk, draft)
    with desk.begin(actor) as tx:
        row = find_endpoint(tx.session, uid, lock=True)
        if (draft.is_active and not row.is_active) or row.url != values["url"]:
            row.failures, row.failing_since, row.paused_until, row.off_because = 0, None, None, ""
        for name, value in values.items():
            setattr(row, name, value)
        row.updated_at = tx.now
        _record(tx, row, "changed")
    return row


def remove(desk: Helpdesk, actor: Actor, uid: str) -> None:
    """Remove an endpoint with its log; what waited for it is never sent."""
    require_everywhere(actor, MANAGE)
    with desk.begin(actor) as tx:
        row = find_endpoint(tx.session, uid, lock=True)
        _record(tx, row, "removed")
        tx.session.delete(row)


def renew_secret(desk: Helpdesk, actor: Actor, uid: str) -> str:
    """Make a new secret and return it; for a day what is sent is signed with the one before as well."""
    require_everywhere(actor, MANAGE)
    with desk.begin(actor) as tx:
        row = find_endpoint(tx.session, uid, lock=True)
        secret = new_secret()
        try:
            before = _opened(desk, row).get("now", "")
        except Refused:  # the old one cannot be read any more: this is how to get on
            before = ""
        row.secrets = _seal(desk).close(ID, row.uid, {"now": secret, "before": before})
        row.old_secret_until = tx.now + OLD_SECRET_LASTS if before else None
        _record(tx, row, "new secret")
    return secret


def secret_of(desk: Helpdesk, actor: Actor, uid: str) -> str:
    """Return the secret in force, for the receiver's configuration."""
    require_everywhere(actor, MANAGE)
    with desk.read() as session:
        return _opened(desk, find_endpoint(session, uid))["now"]


def signing_secrets(desk: Helpdesk, row: Endpoint, now: datetime) -> list[str]:
    """Return the secrets that sign at this moment, the newest first; `Refused` if they cannot be opened."""
    kept = _opened(desk, row)
    both = row.old_secret_until is not None and now < row.old_secret_until and kept.get("before")
    return [kept["now"], kept["before"]] if both else [kept["now"]]


def _checked(desk: Helpdesk, draft: EndpointDraft) -> dict[str, Any]:
    problems: dict[str, list[str]] = {}
    name, url = clean_line(draft.name), draft.url.strip()
    if not 1 <= len(name) <= LONGEST_NAME:
        problems["name"] = [lazy("Write a name of 1 to %(most)s characters.", most=LONGEST_NAME)]
    try:
        if len(url) > LONGEST_URL:
            problems["url"] = [lazy("Write an address of at most %(most)s characters.", most=LONGEST_URL)]
        else:
            check_url(url, rules(desk).allowed)
    except AddressRefused as error:
        problems["url"] = [str(error)]
    except NoReply:
        pass  # a name that is not known just now may be known when something is sent
    if unknown := sorted(set(draft.events) - set(event_types(desk))):
        problems["events"] = [lazy("There is no event %(name)s. Choose from the list.", name=", ".join(unknown)[:200])]
    if problems:
        raise Invalid(problems)
    return {"name": name, "url": url, "events": sorted(set(draft.events)), "is_active": draft.is_active}


def _record(tx: Transaction, row: Endpoint, what: str) -> None:
    tx.record(EndpointChanged(endpoint=row.uid, name=row.name, what=what))


def _seal(desk: Helpdesk) -> Seal:
    return Seal(desk.secret)


def _opened(desk: Helpdesk, row: Endpoint) -> dict[str, str]:
    try:
        kept: dict[str, str] = _seal(desk).open(ID, row.uid, row.secrets)
    except CannotOpen:
        raise Refused(
            lazy(
                "The secret was sealed with another secret key of the site. Make a new one and give it to the receiver."
            )
        ) from None
    return kept
