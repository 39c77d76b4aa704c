"""What the plugin tells of."""

from dataclasses import dataclass
from typing import ClassVar

from helpdesk_core.api import Event


@dataclass(frozen=True, kw_only=True)
class SetChanged(Event):
    """A set of questions was made, changed or removed; `what` says which."""

    type: ClassVar[str] = "questions.set_changed"
    set: str
    what: str
    version: int
