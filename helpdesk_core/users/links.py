"""Signed links: what one gets by mail and proves by following it."""

import hashlib
from datetime import timedelta
from typing import Any, Final

from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from helpdesk_core.actor import Actor
from helpdesk_core.attachments.models import Attachment
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.tickets.models import Message, Ticket
from helpdesk_core.users.actors import SignedIn, load_actor_by_user
from helpdesk_core.users.models import AddressRequest, User

PASSWORD_LINK_LASTS: Final = timedelta(hours=2)
INVITATION_LASTS: Final = timedelta(days=7)
ADDRESS_LINK_LASTS: Final = timedelta(days=3)
GUEST_LINK_LASTS: Final = timedelta(days=180)


def password_token(desk: Helpdesk, user: User, reason: str = "reset") -> str:
    """Return the token of a link to choose a password, for the person's primary address.

    It works once: it holds a fragment of the present password and address, which change. It lasts two hours; for the
    reasons `invite` and `sign_up`, a week.
    """
    lasts = PASSWORD_LINK_LASTS if reason == "reset" else INVITATION_LASTS
    return _sign(desk, "password", lasts, user.uid, _state(user))


def user_of_password_token(desk: Helpdesk, session: Session, token: str) -> User | None:
    """Return who may choose a password with this token, addresses loaded; None if it is used, over, or no token."""
    payload = _read(desk, "password", token, 2)
    if payload is None:
        return None
    user = session.scalar(select(User).where(User.uid == payload[0]).options(selectinload(User.emails)))
    if user is None or not user.is_active or _state(user) != payload[1]:
        return None
    return user


def address_token(desk: Helpdesk, request: AddressRequest) -> str:
    """Return the token of a link that proves an address; it lasts three days."""
    return _sign(desk, "address", ADDRESS_LINK_LASTS, request.uid)


def request_of_address_token(desk: Helpdesk, session: Session, token: str) -> AddressRequest | None:
    """Return what is to be proved with this token; None if that was done, taken back, or is over."""
    payload = _read(desk, "address", token, 1)
    if payload is None:
        return None
    return session.scalar(select(AddressRequest).where(AddressRequest.uid == payload[0]))


def guest_token(desk: Helpdesk, ticket_id: int, user_id: int) -> str:
    """Return the token of a link by which a person without password sees one ticket; it lasts half a year."""
    return _sign(desk, "guest", GUEST_LINK_LASTS, ticket_id, user_id)


def load_guest(desk: Helpdesk, session: Session, token: str) -> SignedIn | None:
    """Return the guest whom such a link lets in: a customer of that one ticket, whatever else the person may do.

    If the ticket was merged, the link leads on to where it went, as far as the person takes part there. None if the
    token is over or never was one, or the person deactivated.
    """
    payload = _read(desk, "guest", token, 2)
    if payload is None:
        return None
    ticket_id, user_id = payload
    signed_in = load_actor_by_user(desk, session, user_id, channel="web")
    if signed_in is None:
        return None
    guest = _guest(signed_in.actor, _and_where_it_went(session, ticket_id))
    return SignedIn(guest, signed_in.user, signed_in.generation)


def file_token(desk: Helpdesk, attachment_uid: str, user_id: int) -> str:
    """Return the token of a link by which a person gets one file; it lasts as long as [mail] file_link_days says."""
    lasts = timedelta(days=desk.settings.mail().file_link_days)
    return _sign(desk, "file", lasts, attachment_uid, user_id)


def load_file_link(desk: Helpdesk, session: Session, token: str) -> tuple[Actor, str] | None:
    """Return as whom such a link asks for a file, and the file's uid; None if the token is over or never was one.

    Whether they may (still) see it has to be asked: they are a guest of the ticket in which the file stands now.
    """
    payload = _read(desk, "file", token, 2)
    if payload is None:
        return None
    uid, user_id = payload
    signed_in = load_actor_by_user(desk, session, user_id, channel="web")
    stands_in = select(Message.ticket_id).join(Attachment, Attachment.message_id == Message.id)
    ticket_id = session.scalar(stands_in.where(Attachment.uid == uid))
    if signed_in is None or ticket_id is None:
        return None
    return _guest(signed_in.actor, frozenset({ticket_id})), uid


def _guest(person: Actor, ticket_ids: frozenset[int]) -> Actor:
    return Actor(
        kind="guest",
        user_id=person.user_id,
        uid=person.uid,
        name=person.name,
        email=person.email,
        ticket_ids=ticket_ids,
        channel="web",
        locale=person.locale,
        timezone=person.timezone,
    )


def _and_where_it_went(session: Session, ticket_id: int) -> frozenset[int]:
    """Return the ticket and those it was merged into, one after the other; whether they may be seen is asked later."""
    found: set[int] = set()
    goes_on: int | None = ticket_id
    while goes_on is not None and goes_on not in found:
        found.add(goes_on)
        goes_on = session.scalar(select(Ticket.merged_into_id).where(Ticket.id == goes_on))
    return frozenset(found)


def _sign(desk: Helpdesk, purpose: str, lasts: timedelta, *payload: str | int) -> str:
    until = int((desk.now() + lasts).timestamp())
    return _serializer(desk, purpose).dumps([until, *payload])


def _read(desk: Helpdesk, purpose: str, token: str, length: int) -> list[Any] | None:
    try:
        until, *payload = _serializer(desk, purpose).loads(token)
    except BadData:
        return None
    return payload if desk.now().timestamp() < until and len(payload) == length else None


def _serializer(desk: Helpdesk, purpose: str) -> URLSafeSerializer:
    # The salt keeps a token for one purpose from being used for another.
    return URLSafeSerializer(
        desk.secret, salt=f"helpdesk.link.{purpose}", signer_kwargs={"digest_method": hashlib.sha256}
    )


def _state(user: User) -> str:
    return hashlib.sha256(f"{user.password_hash}\n{user.primary_email}".encode()).hexdigest()[:24]
