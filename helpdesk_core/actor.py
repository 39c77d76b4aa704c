"""Who acts, and what they may do: the value that every service takes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

Kind = Literal["user", "guest", "system", "anonymous"]

EVERYWHERE: Final = None
"""In `Actor.grants`: the permission holds in every department, also in those still to be made."""


@dataclass(frozen=True, slots=True)
class Actor:
    """A person (or the system) at the moment of acting.

    `grants` maps a permission to the ids of the departments where it holds, or to `EVERYWHERE`. A guest holds a
    signed link for the tickets in `ticket_ids` and nothing else. `organisation_id` is set only if that organisation
    shares its tickets among its members. `channel` says by which way the act came (`web`, `api`, `email`, `cli`, …).
    `limited` tells that an API token with scopes acts, which may do less than its owner; with `read_only` it may
    change nothing.
    """

    kind: Kind
    user_id: int | None = None
    uid: str | None = None
    name: str = ""
    email: str = ""
    grants: Mapping[str, frozenset[int] | None] = field(default_factory=dict)
    organisation_id: int | None = None
    ticket_ids: frozenset[int] = frozenset()
    channel: str = "system"
    locale: str | None = None
    timezone: str | None = None
    limited: bool = False
    read_only: bool = False

    def may(self, permission: str, department_id: int | None = None) -> bool:
        """Tell whether the permission holds in that department, or (without one) in any department at all."""
        if self.kind == "system":
            return True
        if permission not in self.grants:
            return False
        where = self.grants[permission]
        return where is EVERYWHERE or department_id is None or department_id in where

    def departments(self, permission: str) -> frozenset[int] | None:
        """Return the ids of the departments where the permission holds; `EVERYWHERE` for all, an empty set for none."""
        if self.kind == "system":
            return EVERYWHERE
        return self.grants.get(permission, frozenset())

    @property
    def is_staff(self) -> bool:
        """Whether this is somebody who works tickets somewhere (and so may enter the desk)."""
        return self.may("ticket.read")

    @property
    def is_signed_in(self) -> bool:
        """Whether a known user acts."""
        return self.kind == "user"

    def through(self, channel: str) -> "Actor":
        """Return the same actor, acting through another channel."""
        return replace(self, channel=channel)


SYSTEM: Final = Actor(kind="system")
ANONYMOUS: Final = Actor(kind="anonymous", channel="web")
