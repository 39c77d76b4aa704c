"""What there is to be allowed: the core's permissions, those of plugins, and the roles a new desk begins with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from helpdesk_core.actor import EVERYWHERE, Actor
from helpdesk_core.errors import Forbidden, SignInRequired
from helpdesk_core.texts import LazyText
from helpdesk_core.texts import lazy as _l

READ_SCOPE: Final = "read"
"""The scope of an API token that may do whatever changes nothing."""


@dataclass(frozen=True, slots=True)
class Permission:
    """One thing that a role can allow.

    `name` starts with its subject or the plugin's id (`ticket.reply`, `kb.publish`), `title` completes “may …”,
    `owner` is `core` or a plugin's id. `reading` says that it changes nothing, so that API tokens of the scope `read`
    keep it. `per_department` says that a grant for one department means something; else only a role that is given for
    the whole helpdesk allows it. `wherever` is the exception: given in one department, it holds for the whole helpdesk.
    """

    name: str
    title: str
    owner: str = "core"
    reading: bool = False
    per_department: bool = False
    wherever: bool = False

    def means_something(self, department_id: int | None) -> bool:
        """Tell whether a role that is given there (None: everywhere) allows this."""
        return department_id is EVERYWHERE or self.per_department or self.wherever


CORE_PERMISSIONS: Final = (
    Permission("ticket.read", _l("see tickets and their internal notes"), reading=True, per_department=True),
    Permission("ticket.open", _l("open tickets for others"), per_department=True),
    Permission("ticket.reply", _l("answer customers"), per_department=True),
    Permission("ticket.note", _l("write internal notes"), per_department=True),
    Permission("ticket.change", _l("change subject, status, priority, type, tags and people"), per_department=True),
    Permission("ticket.assign", _l("assign tickets"), per_department=True),
    Permission("ticket.move", _l("move tickets to another department"), per_department=True),
    Permission("ticket.merge", _l("split, merge and link tickets"), per_department=True),
    Permission("ticket.redact", _l("redact messages"), per_department=True),
    Permission("workspace.share", _l("share workspaces with colleagues"), per_department=True),
    Permission("user.read", _l("see people and their addresses"), reading=True, wherever=True),
    Permission("user.manage", _l("create, change and deactivate people"), per_department=True),
    Permission("organisation.manage", _l("create and change organisations"), per_department=True),
    Permission("department.manage", _l("create and change departments"), per_department=True),
    Permission("role.manage", _l("change roles and give them to people"), per_department=True),
    Permission("settings.manage", _l("change settings")),
    Permission("plugin.manage", _l("enable, disable and purge plugins")),
    Permission("event.manage", _l("see and retry what could not be delivered")),
    Permission("audit.read", _l("see the record of all changes"), reading=True),
    Permission("privacy.manage", _l("export and erase personal data")),
)

_AGENT: Final = (
    "ticket.read",
    "ticket.open",
    "ticket.reply",
    "ticket.note",
    "ticket.change",
    "ticket.assign",
    "ticket.move",
    "ticket.merge",
    "user.read",
)
_MANAGER: Final = (*_AGENT, "ticket.redact", "workspace.share", "user.manage", "organisation.manage")


@dataclass(frozen=True, slots=True)
class DefaultRole:
    """A role that `helpdesk init` makes; afterwards it is data like any other."""

    key: str
    name: LazyText
    permissions: tuple[str, ...]


DEFAULT_ROLES: Final = (
    DefaultRole("agent", _l("Agent"), _AGENT),
    DefaultRole("manager", _l("Manager"), _MANAGER),
    DefaultRole("admin", _l("Administrator"), tuple(permission.name for permission in CORE_PERMISSIONS)),
)


def require(actor: Actor, permission: str, department_id: int | None = None) -> None:
    """Raise unless the actor holds the permission in that department, or (without one) in any department at all."""
    if not actor.may(permission, department_id):
        raise refusal(actor, permission)


def require_everywhere(actor: Actor, permission: str) -> None:
    """Raise unless the actor holds the permission in every department: for what concerns the whole desk."""
    if actor.departments(permission) is EVERYWHERE:
        return
    if actor.may(permission):
        raise Forbidden(
            _l(
                "You hold the permission “%(permission)s” for some departments; this needs it everywhere. "
                "Ask an administrator for it.",
                permission=permission,
            ),
            permission=permission,
        )
    raise refusal(actor, permission)


def refusal(actor: Actor, permission: str) -> Forbidden | SignInRequired:
    """Return the error for somebody who lacks the permission."""
    if actor.kind == "anonymous":
        return SignInRequired(_l("Sign in to do this."))
    return Forbidden(
        _l("You need the permission “%(permission)s” for this. Ask an administrator for it.", permission=permission),
        permission=permission,
    )


def covers(held: Mapping[str, frozenset[int] | None], wanted: Mapping[str, frozenset[int] | None]) -> bool:
    """Tell whether `held` allows everything that `wanted` does; both map permissions to departments."""
    for permission, where in wanted.items():
        if permission not in held:
            return False
        here = held[permission]
        if here is not EVERYWHERE and (where is EVERYWHERE or not where <= here):
            return False
    return True
