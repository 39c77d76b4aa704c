"""What a person has arranged for themselves, such as which panels they fold; part of their account."""

from typing import Any

from sqlalchemy import select

from helpdesk_core.actor import Actor
from helpdesk_core.errors import Forbidden, Invalid
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.texts import lazy as _l
from helpdesk_core.users.models import User
from helpdesk_core.users.profiles import MAX_PREFERENCES


def keep_preference(desk: Helpdesk, actor: Actor, name: str, key: str, value: Any) -> None:
    """Set `preferences[name][key]` of the actor's own account to a JSON value, leaving the others as they are.

    `Invalid` when there are too many, `Forbidden` for who has no account.
    """
    if actor.user_id is None:
        raise Forbidden(_l("Sign in to have this remembered."))
    with desk.begin(actor) as tx:
        user = tx.session.scalars(select(User).where(User.id == actor.user_id).with_for_update()).one()
        group = user.preferences.get(name)
        changed = {**user.preferences, name: {**(group if isinstance(group, dict) else {}), key: value}}
        if len(str(changed)) > MAX_PREFERENCES:
            raise Invalid({"preferences": [_l("These are too many preferences. Remove some.")]})
        user.preferences = changed
