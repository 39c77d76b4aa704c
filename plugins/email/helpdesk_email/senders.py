"""Who wrote a mail: the account behind the From address, as an actor."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk_core.api import SYSTEM, Actor, Helpdesk, Transaction
from helpdesk_core.api.errors import Invalid, NotFound
from helpdesk_core.api.tickets import Participant, Ticket, find_ticket
from helpdesk_core.api.users import (
    User,
    clean_name,
    domain_of,
    find_by_address,
    find_or_create_by_address,
    load_actor_by_user,
    load_actors_by_users,
    normalise,
    owners_of,
)

from .reading import Address

CHANNEL = "email"
GATEWAY = SYSTEM.through(CHANNEL)
"""Who acts when nobody in particular does."""
People = Mapping[str, tuple[User | None, Actor | None]]
"""Who is behind addresses: the account if there is one, and its actor if it is active."""
NOBODY: Final[People] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Sender:
    """A normalised address with its name; `user` is the account if there is one, `actor` if it is active."""

    address: str
    name: str
    user: User | None = None
    actor: Actor | None = None

    @property
    def is_staff(self) -> bool:
        """Whether the account works tickets anywhere."""
        return self.actor is not None and self.actor.is_staff

    @property
    def is_shut(self) -> bool:
        """Whether the account was deactivated."""
        return self.user is not None and not self.user.is_active

    @property
    def domain(self) -> str:
        """The part of the address behind the @."""
        return domain_of(self.address)


def sender_of(desk: Helpdesk, session: Session, written: Address | None, known: People = NOBODY) -> Sender | None:
    """Return who that is; None if it is no address that anybody could be written to at. Makes no account.

    `known` tells of addresses that were asked for already.
    """
    address = normal(written.address) if written is not None else None
    if written is None or address is None:
        return None
    if address in known:
        return Sender(address, display_name(written.name), *known[address])
    user = find_by_address(session, address)
    signed = load_actor_by_user(desk, session, user.id, channel=CHANNEL) if user is not None else None
    return Sender(address, display_name(written.name), user, signed.actor if signed is not None else None)


def people_of(desk: Helpdesk, session: Session, addresses: Iterable[str]) -> People:
    """Return who is behind the normalised addresses that are anybody's; three queries, however many they are."""
    users = owners_of(session, addresses)
    signed = load_actors_by_users(desk, session, [each.id for each in users.values()], channel=CHANNEL)
    actors = {user_id: each.actor for user_id, each in signed.items()}
    return {address: (user, actors.get(user.id)) for address, user in users.items()}


def with_account(desk: Helpdesk, sender: Sender) -> Sender:
    """Return the sender with an account, made now if there was none; joins the running unit of work."""
    if sender.user is not None:
        return sender
    user = find_or_create_by_address(desk, GATEWAY, sender.address, sender.name, verified=False)
    actor = Actor(
        kind="user",
        user_id=user.id,
        uid=user.uid,
        name=user.name,
        email=sender.address,
        channel=CHANNEL,
        locale=user.locale,
        timezone=user.timezone,
    )
    return Sender(sender.address, sender.name, user, actor)


def takes_part(session: Session, sender: Sender, ticket: Ticket) -> bool:
    """Tell whether the sender is on the ticket: as requester, assignee, cc, specialist or follower."""
    if sender.actor is None or sender.actor.user_id is None:
        return False
    return sender.actor.user_id in (ticket.requester_id, ticket.assignee_id) or _has_role(
        session, sender, ticket, ("cc", "specialist", "follower")
    )


def has_asked(sender: Sender, ticket: Ticket) -> bool:
    """Tell whether it is the sender's own ticket."""
    return sender.actor is not None and sender.actor.user_id == ticket.requester_id


def speaks_as_customer(session: Session, sender: Sender, ticket: Ticket) -> bool:
    """Tell whether the sender is one of the customers of the ticket: the requester, or in copy and not staff."""
    if has_asked(sender, ticket):
        return True
    staff = sender.is_staff or works_on(session, sender, ticket)
    return not staff and _has_role(session, sender, ticket, ("cc",))


def works_on(session: Session, sender: Sender, ticket: Ticket) -> bool:
    """Tell whether the sender sees the ticket from the desk."""
    if sender.actor is None:
        return False
    return sender.actor.may("ticket.read", ticket.department_id) or _has_role(session, sender, ticket, ("specialist",))


def may_note(session: Session, sender: Sender, ticket: Ticket) -> bool:
    """Tell whether the sender may write internal notes on the ticket."""
    if sender.actor is None:
        return False
    rights = all(sender.actor.may(right, ticket.department_id) for right in ("ticket.read", "ticket.note"))
    return rights or _has_role(session, sender, ticket, ("specialist",))


def _has_role(session: Session, sender: Sender, ticket: Ticket, roles: tuple[str, ...]) -> bool:
    if sender.actor is None or sender.actor.user_id is None:
        return False
    query = select(Participant.id).where(
        Participant.ticket_id == ticket.id,
        Participant.user_id == sender.actor.user_id,
        Participant.role.in_(roles),
    )
    return session.scalar(query.limit(1)) is not None


@contextmanager
def heard(tx: Transaction, sender: Sender, ticket: Ticket) -> Iterator[Actor]:
    """Give the sender as somebody who may answer this ticket.

    Who may not see it, but holds a token of it, takes part for as long as this lasts: what they wrote is posted, and
    they have no more right afterwards than before. Nobody else sees them there, since it is one unit of work.
    """
    assert sender.actor is not None
    assert sender.actor.user_id is not None
    try:
        find_ticket(tx.session, sender.actor, ticket.number or "")
    except NotFound:
        guest = Participant(ticket_id=ticket.id, user_id=sender.actor.user_id, role="cc", created_at=tx.now)
        tx.session.add(guest)
        tx.session.flush()
        yield sender.actor
        tx.session.delete(guest)
        tx.session.flush()
    else:
        yield sender.actor


def normal(address: str) -> str | None:
    """Return the address as accounts have it, or None if it is none."""
    try:
        return normalise(address)
    except Invalid:
        return None


def display_name(name: str) -> str:
    """Return a name as accounts may have it."""
    try:
        return clean_name(name[:255])
    except Invalid:
        return ""
