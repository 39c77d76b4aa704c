"""What can happen to a department."""

from dataclasses import dataclass
from typing import ClassVar

from helpdesk_core.events.base import Event


@dataclass(frozen=True, kw_only=True)
class DepartmentEvent(Event):
    """Something that happened to one department; in order per department."""

    type: ClassVar[str] = "department"
    department_id: int

    @property
    def stream(self) -> str:
        """Keep the events of one department in order."""
        return f"department:{self.department_id}"


@dataclass(frozen=True, kw_only=True)
class DepartmentCreated(DepartmentEvent):
    """A department was made."""

    type: ClassVar[str] = "department.created"
    key: str


@dataclass(frozen=True, kw_only=True)
class DepartmentChanged(DepartmentEvent):
    """A department changed; `changed` names its fields, `is_active` among them."""

    type: ClassVar[str] = "department.changed"
    key: str
    changed: list[str]
