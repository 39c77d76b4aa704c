"""Where plugins take part in who people are and what they may do."""

from collections.abc import Sequence

from helpdesk_core.actor import Actor
from helpdesk_core.hooks import hookspec
from helpdesk_core.runtime import Transaction
from helpdesk_core.users.events import (
    OrganisationChanged,
    RoleChanged,
    RoleGranted,
    RoleRevoked,
    UserChanged,
    UserCreated,
    UserDeactivated,
    UserErased,
    UserReactivated,
    UserSignedIn,
)
from helpdesk_core.users.inputs import Credentials, Identity, PersonalData, UserDraft
from helpdesk_core.users.models import User
from helpdesk_core.users.permissions import Permission


@hookspec.collect(since="0.1", when="startup")
def permissions() -> Sequence[Permission]:
    """Return the permissions that the plugin asks for, so that roles can hold them and owners have them.

    Names start with the plugin's id (`kb.publish`), `owner` is that id. A permission that is not returned here nobody
    can be given.
    """


@hookspec.pick(since="0.1", deadline=5.0)
def authenticate(credentials: Credentials) -> Identity | None:
    """Say who somebody with this address and password is (LDAP, another site's accounts), or None if unknown here.

    Asked only after the core's own password did not fit. The identity's address must be proved to be that person's:
    who is returned gets the account with that address. An error or a hang means None.
    """


@hookspec.veto(since="0.1", fail_closed=True)
def sign_in_check(user: User, method: str, credentials: Credentials) -> Sequence[str]:
    """Say why a person who has proved who they are must still not sign in; nothing means go.

    For a second factor, or for office hours. `method` is `password`, `link`, or what an `Identity` says. An error
    refuses. An owner with the core's own password is never asked about, so that a broken plugin cannot lock everybody
    out.
    """


@hookspec.pick(since="0.1")
def signing_out(user: User, session_uid: str) -> str | None:
    """Say where a browser goes on to that has just signed out here: the whole address of a page elsewhere, or None.

    For sessions that began at another site (`session_uid` is that of `open_session`), so that people are signed out
    there as well. The session is over when this is asked.
    """


@hookspec.after(since="0.1", event=UserSignedIn)
def user_signed_in(event: UserSignedIn) -> None:
    """React to somebody signing in, after commit, in the worker."""


@hookspec.refine(since="0.1", refines="draft")
def user_draft(draft: UserDraft, user: User | None, actor: Actor) -> UserDraft:
    """Change what is about to be written about a person; `user` is None for a new one.

    Not called for people made from a mail or a name on a ticket; `user_creating` is.
    """


@hookspec.veto(since="0.1")
def user_check(draft: UserDraft, address: str | None, user: User | None, actor: Actor) -> Sequence[str]:
    """Say why a person must not be created or changed like this; nothing means go.

    `address` is the address of a new person, None when an existing one changes. Not called for people made from a
    mail or a name on a ticket.
    """


@hookspec.within(since="0.1")
def user_creating(tx: Transaction, user: User) -> None:
    """Write a plugin's own rows along with a new person, in the same transaction."""


@hookspec.after(since="0.1", event=UserCreated)
def user_created(event: UserCreated) -> None:
    """React to a new person, after commit, in the worker."""


@hookspec.after(since="0.1", event=UserChanged)
def user_changed(event: UserChanged) -> None:
    """React to a change of a person's name, addresses, organisation or password."""


@hookspec.after(since="0.1", event=UserDeactivated)
def user_deactivated(event: UserDeactivated) -> None:
    """React to a person being shut out: end what the plugin has open for them."""


@hookspec.after(since="0.1", event=UserReactivated)
def user_reactivated(event: UserReactivated) -> None:
    """React to a person being let in again."""


@hookspec.after(since="0.1", event=RoleGranted)
def role_granted(event: RoleGranted) -> None:
    """React to a person getting a role."""


@hookspec.after(since="0.1", event=RoleRevoked)
def role_revoked(event: RoleRevoked) -> None:
    """React to a person losing a role."""


@hookspec.after(since="0.1", event=RoleChanged)
def role_changed(event: RoleChanged) -> None:
    """React to a role being made, changed or deleted."""


@hookspec.after(since="0.1", event=OrganisationChanged)
def organisation_changed(event: OrganisationChanged) -> None:
    """React to an organisation being made, changed or deleted."""


@hookspec.collect(since="0.1", deadline=30.0)
def personal_data(user: User) -> Sequence[PersonalData]:
    """Return all that the plugin keeps about a person, for the file they are entitled to."""


@hookspec.within(since="0.1", deadline=30.0)
def erase_personal_data(tx: Transaction, user: User) -> None:
    """Remove or make anonymous what the plugin keeps about a person, in the same transaction.

    Called before the core takes name and addresses away, so `user.emails` still holds them. An error undoes this
    plugin's part only, and is counted and shown: the erasure of the rest goes on.
    """


@hookspec.after(since="0.1", event=UserErased)
def user_erased(event: UserErased) -> None:
    """React to an erasure: remove copies outside the database."""
