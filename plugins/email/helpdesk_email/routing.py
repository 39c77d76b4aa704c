"""To which departments a mail goes, by the addresses it was sent to."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from sqlalchemy.orm import Session

from helpdesk_core.api import Helpdesk
from helpdesk_core.api.departments import Department, all_departments
from helpdesk_core.api.mail import own_addresses
from helpdesk_core.api.users import domain_of

from .reading import Mail
from .senders import normal
from .texts import texts

_l = texts.lazy

_LIST_ID = re.compile(r"<\s*([^<>\s]{1,255})\s*>|^\s*([^<>\s]{1,255})\s*$")


@dataclass(frozen=True, slots=True)
class Route:
    """The departments that are to see the mail, the first one first, and why."""

    departments: tuple[Department, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where mail can go here: the active departments in the site's order, and all addresses that are our own."""

    departments: tuple[Department, ...]
    own: frozenset[str]

    @classmethod
    def of(cls, desk: Helpdesk, session: Session) -> Self:
        """Return it as it is now; good for one unit of work."""
        departments = tuple(each for each in all_departments(session) if each.is_active)
        return cls(departments, own_addresses(desk, session))

    def is_own(self, address: str) -> bool:
        """Tell whether mail to the address comes to us, also with something after a `+`."""
        return address in self.own or without_detail(address) in self.own


def recipients_of(mail: Mail, envelope: Sequence[str]) -> list[str]:
    """Return all addresses the mail went to, normalised, those of the envelope first."""
    written = [*envelope, *mail.envelope_to, *(each.address for each in (*mail.to, *mail.cc))]
    return list(dict.fromkeys(address for each in written if (address := normal(each))))


def route(place: Place, recipients: Iterable[str], default: str) -> Route:
    """Return the departments by address; without any, the default one, or the first that is active."""
    known = place.departments
    by_address = {each.address.lower(): each for each in known if each.address}
    found: dict[int, Department] = {}
    via: list[str] = []
    for address in recipients:
        department = by_address.get(address) or by_address.get(without_detail(address))
        if department is not None and department.id not in found:
            found[department.id] = department
            via.append(address)
    if found:
        return Route(tuple(found.values()), _l("It was sent to %(addresses)s.", addresses=", ".join(via)))
    chosen = next((each for each in known if each.key == default), None)
    if chosen is not None:
        return Route((chosen,), _l("It was sent to no department's address; this is the default."))
    if not known:
        return Route((), _l("There is no active department."))
    why = _l("It was sent to no department's address; none is set, so the first one takes it.")
    if default:
        why = _l(
            "It was sent to no department's address; the default department “%(name)s” does not exist or is not "
            "active, so the first one takes it.",
            name=default,
        )
    return Route((known[0],), why)


def foreign_list(place: Place, mail: Mail) -> str | None:
    """Return the mailing list (RFC 2919) that a mail came over, unless it is an address of ours that is kept as one."""
    named = _LIST_ID.search(mail.header("list-id") or "")
    if named is None:
        return None
    name = (named[1] or named[2]).lower()
    ours = {address.replace("@", ".") for address in place.own}
    return None if name in ours else name


def without_detail(address: str) -> str:
    """Return `support@…` for `support+anything@…`."""
    local = address.rpartition("@")[0]
    return f"{local.partition('+')[0]}@{domain_of(address)}"


def copied_people(place: Place, mail: Mail, sender: str) -> tuple[str, ...]:
    """Return who else got the mail and should get the answers, and none of our own addresses."""
    others = [address for each in (*mail.to, *mail.cc) if (address := normal(each.address))]
    return tuple(each for each in dict.fromkeys(others) if each != sender and not place.is_own(each))
