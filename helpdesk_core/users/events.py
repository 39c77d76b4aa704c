"""What can happen to people, organisations and roles.

Events are never changed, so they carry ids and no personal data: erasing a person leaves nothing of them here.
"""

from dataclasses import dataclass
from typing import ClassVar

from helpdesk_core.events.base import Event


@dataclass(frozen=True, kw_only=True)
class UserEvent(Event):
    """Something that happened to one person; in order per person."""

    type: ClassVar[str] = "user"
    user_id: int

    @property
    def stream(self) -> str:
        """Keep the events of one person in order."""
        return f"user:{self.user_id}"


@dataclass(frozen=True, kw_only=True)
class UserCreated(UserEvent):
    """An account was made; `reason` is `created`, `sign_up`, `contact` (mail, or named on a ticket) or `plugin`."""

    type: ClassVar[str] = "user.created"
    reason: str = "created"


@dataclass(frozen=True, kw_only=True)
class UserChanged(UserEvent):
    """Something about a person changed; `changed` names what: `name`, `organisation`, `addresses`, `password`…"""

    type: ClassVar[str] = "user.changed"
    changed: list[str]


@dataclass(frozen=True, kw_only=True)
class UserDeactivated(UserEvent):
    """A person can no longer sign in; sessions and API tokens have ended, history stays."""

    type: ClassVar[str] = "user.deactivated"


@dataclass(frozen=True, kw_only=True)
class UserReactivated(UserEvent):
    """A deactivated person may sign in again."""

    type: ClassVar[str] = "user.reactivated"


@dataclass(frozen=True, kw_only=True)
class UserErased(UserEvent):
    """A person's data was erased; the account remains without name and addresses."""

    type: ClassVar[str] = "user.erased"


@dataclass(frozen=True, kw_only=True)
class PersonalDataExported(UserEvent):
    """All that is kept about a person was handed out."""

    type: ClassVar[str] = "user.exported"


@dataclass(frozen=True, kw_only=True)
class UserSignedIn(UserEvent):
    """A person signed in; `method` is `password`, `link`, or what a plugin calls its way."""

    type: ClassVar[str] = "user.signed_in"
    method: str


@dataclass(frozen=True, kw_only=True)
class PasswordLinkRequested(UserEvent):
    """A person is to be sent a link to choose a password; `reason` is `reset`, `sign_up` or `invite`."""

    type: ClassVar[str] = "user.password_link_requested"
    reason: str


@dataclass(frozen=True, kw_only=True)
class AddressConfirmationRequested(UserEvent):
    """A link is to be sent to a new address; `request_id` is the `AddressRequest`, gone if it was taken back."""

    type: ClassVar[str] = "user.address_confirmation_requested"
    request_id: int


@dataclass(frozen=True, kw_only=True)
class ApiTokenCreated(UserEvent):
    """A person made an API token; `token` is its uid, not the token."""

    type: ClassVar[str] = "user.token_created"
    token: str


@dataclass(frozen=True, kw_only=True)
class ApiTokenRevoked(UserEvent):
    """An API token was revoked."""

    type: ClassVar[str] = "user.token_revoked"
    token: str


@dataclass(frozen=True, kw_only=True)
class RoleGranted(UserEvent):
    """A person got a role, in one department or (`department_id` None) everywhere."""

    type: ClassVar[str] = "user.role_granted"
    role: str
    department_id: int | None


@dataclass(frozen=True, kw_only=True)
class RoleRevoked(UserEvent):
    """A role was taken from a person."""

    type: ClassVar[str] = "user.role_revoked"
    role: str
    department_id: int | None


@dataclass(frozen=True, kw_only=True)
class OwnerChanged(UserEvent):
    """A person became an owner, or is none any more."""

    type: ClassVar[str] = "user.owner_changed"
    is_owner: bool


@dataclass(frozen=True, kw_only=True)
class RoleChanged(Event):
    """A role was made, changed or deleted; `permissions` are those it has now, none when it was deleted."""

    type: ClassVar[str] = "role.changed"
    role: str
    permissions: list[str]
    deleted: bool = False


@dataclass(frozen=True, kw_only=True)
class OrganisationChanged(Event):
    """An organisation was made, changed or deleted."""

    type: ClassVar[str] = "organisation.changed"
    organisation_id: int
    deleted: bool = False
