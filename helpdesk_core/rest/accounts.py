"""What belongs to an account: addresses, passwords, browsers, signatures, ownership."""

from typing import Any, Final

from sqlalchemy import select

from helpdesk_core.departments.queries import signatures_of
from helpdesk_core.departments.service import set_signature
from helpdesk_core.errors import Invalid, NotFound
from helpdesk_core.rest.context import current_actor, current_desk, db, words
from helpdesk_core.rest.routing import SIGNED_IN, STAFF, Endpoints
from helpdesk_core.rest.views import Page
from helpdesk_core.users import account_schemas as schemas
from helpdesk_core.users import recovery, roles, sessions
from helpdesk_core.users.directory import read_user
from helpdesk_core.users.guards import is_self, require_self_or_manager
from helpdesk_core.users.models import AddressRequest, LoginSession, User

endpoints: Final = Endpoints(
    "Accounts", "Addresses, passwords, browsers and signatures: one's own, or with `user.manage` those of others."
)


@endpoints.get("/users/<id>/addresses", permission=SIGNED_IN, returns=schemas.AddressPage)
def list_addresses(id: str) -> Page:
    """List somebody's addresses.

    Those that wait for a link to be followed are shown to the person and with `user.manage`.
    """
    actor = current_actor()
    user = read_user(db(), actor, id)
    found: list[dict[str, Any]] = [
        {
            "address": each.address,
            "state": "proved" if each.verified_at else "unproved",
            "is_primary": each.address == user.primary_email,
            "verified_at": each.verified_at,
        }
        for each in user.emails
    ]
    if is_self(actor, user) or actor.may("user.manage"):
        waiting = select(AddressRequest.address).where(AddressRequest.user_id == user.id).order_by(AddressRequest.id)
        found += [
            {"address": each, "state": "waiting", "is_primary": False, "verified_at": None}
            for each in db().scalars(waiting)
        ]
    return Page(found)


@endpoints.post(
    "/users/<id>/addresses",
    permission=SIGNED_IN,
    body=schemas.AddressNew,
    returns=schemas.AddressPage,
    problems=(429,),
)
def add_address(id: str, body: dict[str, Any]) -> Page:
    """Add an address, and answer with all there are; having it already is no error.

    With `user.manage` it counts at once. To an own one a link is sent, and following it proves the address.
    """
    _known(id)
    recovery.add_address(current_desk(), current_actor(), id, body["address"])
    return list_addresses(id)


@endpoints.post("/users/<id>/addresses/<address>/primary", permission=SIGNED_IN, returns=schemas.AddressPage)
def make_primary(id: str, address: str) -> Page:
    """Let mail go to another of somebody's proved addresses."""
    _known(id)
    recovery.set_primary_address(current_desk(), current_actor(), id, address)
    return list_addresses(id)


@endpoints.delete("/users/<id>/addresses/<address>", permission=SIGNED_IN)
def remove_address(id: str, address: str) -> None:
    """Take an address off an account, or take back the wish to add it; not being there is no error.

    The one that mail goes to stays until another takes its place.
    """
    _known(id)
    recovery.remove_address(current_desk(), current_actor(), id, address)


@endpoints.post("/users/<id>/password-link", permission="user.manage", status=202, problems=(429,))
def send_password_link(id: str) -> None:
    """Send somebody a link to choose a password, to the address that their mail goes to."""
    user = _known(id)
    if not user.is_active:
        raise Invalid("The account is deactivated. Reactivate it first.")
    recovery.request_password_link(current_desk(), user.primary_email or "", ip=None)


@endpoints.put("/users/<id>/password", permission=SIGNED_IN, body=schemas.PasswordNew, status=204, problems=(429,))
def set_password(id: str, body: dict[str, Any]) -> None:
    """Set a password: one's own, or with `user.manage` somebody else's. It ends every session of that person."""
    _known(id)
    recovery.set_password(current_desk(), current_actor(), id, body["password"], current=body.get("current"))


@endpoints.put("/users/<id>/owner", permission="role.manage", body=schemas.OwnerChange, status=204)
def set_owner(id: str, body: dict[str, Any]) -> None:
    """Make somebody an owner, or no owner any more. Only owners do that, and one always remains."""
    _known(id)
    roles.set_owner(current_desk(), current_actor(), id, body["is_owner"])


@endpoints.get("/users/<id>/sessions", permission=SIGNED_IN, returns=schemas.BrowserPage)
def list_sessions(id: str) -> Page:
    """List where somebody is signed in, last used first; tokens are not among them."""
    actor = current_actor()
    read_user(db(), actor, id)
    return Page(sessions.sessions_of(current_desk(), db(), actor, id))


@endpoints.delete("/users/<id>/sessions", permission=SIGNED_IN)
def end_sessions(id: str) -> None:
    """Sign somebody out of every browser; tokens stay."""
    _known(id)
    sessions.revoke_sessions(current_desk(), current_actor(), id)


@endpoints.get("/me/sessions", permission=SIGNED_IN, returns=schemas.BrowserPage)
def list_my_sessions() -> Page:
    """List where one is signed in, last used first."""
    return Page(_mine())


@endpoints.delete("/me/sessions", permission=SIGNED_IN)
def end_my_sessions() -> None:
    """Sign out of every browser; tokens stay."""
    actor = current_actor()
    sessions.revoke_sessions(current_desk(), actor, actor.uid or "")


@endpoints.delete("/me/sessions/<id>", permission=SIGNED_IN)
def end_my_session(id: str) -> None:
    """Sign out of one browser."""
    if id not in {each.uid for each in _mine()}:
        raise NotFound("That browser is signed out already.")
    sessions.revoke_session(current_desk(), current_actor(), id)


@endpoints.get("/users/<id>/signatures", permission=STAFF, returns=schemas.SignaturePage)
def list_signatures(id: str) -> Page:
    """List how somebody signs, in the departments where it is not as the department does."""
    user = read_user(db(), current_actor(), id)
    found = signatures_of(db(), user.id)
    there = words().departments.values()
    return Page([{"department": each.key, "text": found[each.id]} for each in there if each.id in found])


@endpoints.put("/users/<id>/signatures/<key>", permission=STAFF, body=schemas.SignatureNew, returns=schemas.SignatureOf)
def change_signature(id: str, key: str, body: dict[str, Any]) -> Any:
    """Set how somebody signs in a department; an empty text removes it."""
    _known(id)
    set_signature(current_desk(), current_actor(), id, key, body["text"])
    texts = {each["department"]: each["text"] for each in list_signatures(id).items}
    return {"department": key, "text": texts.get(key, "")}


def _known(uid: str) -> User:
    """Return the person, if whoever asks may change the account; `NotFound` if they may not even see it."""
    actor = current_actor()
    with current_desk().read() as session:
        user = read_user(session, actor, uid)
        require_self_or_manager(session, actor, user)
    return user


def _mine() -> list[LoginSession]:
    actor = current_actor()
    return list(sessions.sessions_of(current_desk(), db(), actor, actor.uid or ""))
