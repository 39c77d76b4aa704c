"""Who may touch whose account: nobody gains through another's account what they do not hold themselves."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk_core.actor import Actor
from helpdesk_core.errors import Forbidden, Refused
from helpdesk_core.texts import lazy as _l
from helpdesk_core.users.actors import Grants, merge_grants
from helpdesk_core.users.models import Grant, RolePermission, User
from helpdesk_core.users.permissions import covers, refusal, require_everywhere

LAST_OWNER = _l(
    "This is the last owner. Make somebody else an owner first, so that the helpdesk is not locked for everybody."
)


def grants_of(session: Session, user_id: int) -> Grants:
    """Return what the person's roles allow, by permission; an owner's flag is not counted."""
    query = (
        select(RolePermission.permission, Grant.department_id)
        .join(Grant, Grant.role_id == RolePermission.role_id)
        .where(Grant.user_id == user_id)
    )
    return merge_grants((permission, department_id) for permission, department_id in session.execute(query))


def acts_as_owner(session: Session, actor: Actor) -> bool:
    """Tell whether the system or an owner acts (not through an API token of fewer rights)."""
    if actor.kind == "system":
        return True
    if actor.kind != "user" or actor.limited:
        return False
    return bool(session.scalar(select(User.is_owner).where(User.id == actor.user_id)))


def require_owner(session: Session, actor: Actor) -> None:
    """Raise unless an owner acts."""
    if not acts_as_owner(session, actor):
        raise Forbidden(_l("Only an owner of this helpdesk may do this. Ask one of them."))


def require_manager(session: Session, actor: Actor, user: User, permission: str = "user.manage") -> None:
    """Raise unless the actor holds the permission everywhere, and everything that the person may do.

    Else who may set passwords could take over the account of somebody who may do more. Customers have no role, but
    tickets in any department: for one department alone nobody can be let into their accounts.
    """
    require_everywhere(actor, permission)
    if acts_as_owner(session, actor):
        return
    if user.is_owner or not covers(actor.grants, grants_of(session, user.id)):
        raise Forbidden(
            _l(
                "%(user)s may do things here that you may not, so you cannot change this account. Ask an owner.",
                user=user.name,
            )
        )


def require_self_or_manager(session: Session, actor: Actor, user: User) -> None:
    """Raise unless the account is the actor's own, or one that they may manage."""
    if is_self(actor, user):
        if actor.limited:
            raise Forbidden(_l("This API token is limited to some permissions. Sign in to change your own account."))
        return
    require_manager(session, actor, user)


def is_self(actor: Actor, user: User) -> bool:
    """Tell whether the account is the actor's own; a guest with a signed link has none."""
    return actor.kind == "user" and actor.user_id == user.id


def require_reader(actor: Actor, user: User) -> None:
    """Raise unless the actor may see the person: themselves, or with `user.read`."""
    if not is_self(actor, user) and not actor.may("user.read"):
        raise refusal(actor, "user.read")


def keep_an_owner(session: Session, user: User) -> None:
    """Raise `Refused` if the person is the last active owner; locks the owners, so that two cannot leave at once."""
    owners = session.scalars(select(User.id).where(User.is_owner, User.is_active).with_for_update()).all()
    if user.id in owners and len(owners) == 1:
        raise Refused(LAST_OWNER)
