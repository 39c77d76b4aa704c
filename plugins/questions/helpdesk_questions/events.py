"""What the plugin tells of."""

from dataclasses import dataclass
from typing import ClassVar

from helpdesk_core.api import Event

from .texts import lazy


@dataclass(frozen=True, kw_only=True)
class SetChanged(Event):
    """A set of questions was made, changed or removed; `what` says which."""

    type: ClassVar[str] = "questions.set_changed"
    set: str
    what: str
    version: int

    def told(self) -> object:
        """Return what happened, for the record of changes."""
        said = {
            "made": lazy("made the questions “%(name)s”", name=self.set),
            "removed": lazy("removed the questions “%(name)s”", name=self.set),
        }
        return said.get(self.what) or lazy("changed the questions “%(name)s”", name=self.set)
