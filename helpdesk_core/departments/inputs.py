"""What one gives to the services of departments: frozen values."""

from dataclasses import dataclass
from typing import TypedDict


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartmentDraft:
    """All that can be written about a department.

    `key` names it in the API and in rules (made from the name if empty, and never changed afterwards); `address` is
    the mail address that it answers from; `visibility` is `public`, `known` or `hidden`; `reopen_policy` is `reopen`
    or `follow_up`; `reopen_days` counts days after closing.
    """

    name: str
    key: str = ""
    description: str | None = None
    address: str | None = None
    signature: str | None = None
    visibility: str = "public"
    reopen_policy: str = "reopen"
    reopen_days: int = 30


class DepartmentChanges(TypedDict, total=False):
    """Fields of `DepartmentDraft` to change; what is not given stays."""

    name: str
    description: str | None
    address: str | None
    signature: str | None
    visibility: str
    reopen_policy: str
    reopen_days: int
