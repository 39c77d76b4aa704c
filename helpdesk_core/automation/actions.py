"""What can be done to a ticket without a person: actions that plugins add to those of whoever acts."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from flask_babel import LazyString
from sqlalchemy.orm import Session

from helpdesk_core.runtime import Helpdesk, Transaction
from helpdesk_core.tickets.models import Ticket

_KEY: Final = re.compile(r"[a-z][a-z0-9_]*")


def _any_value(_value: str) -> None:
    """Let every value pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AutomaticAction:
    """Something that a rule can do; `key` is unique within the plugin, `label` and `hint` lazy.

    `act(tx, ticket, value)` does it in the rule's own unit of work and as its actor (`tx.actor`): it writes with `tx`
    or calls services, which join it, and reaches for nothing outside, because it may be tried and undone again. The
    ticket is locked. It raises a `HelpdeskError` that says what stands in the way. `check(value)` is asked when a rule
    is saved, and raises ValueError with a sentence for a value that cannot be used. `choices` are values with names.
    """

    key: str
    label: str | LazyString
    act: Callable[[Transaction, Ticket, str], None]
    check: Callable[[str], None] = _any_value
    hint: str | LazyString = ""
    choices: Callable[[Helpdesk, Session], Sequence[tuple[str, str]]] | None = None
    plugin: str = ""
    """The id of the plugin it comes from; core fills it in."""

    def __post_init__(self) -> None:
        """Refuse names that could not be written."""
        if not _KEY.fullmatch(self.key.removeprefix(f"{self.plugin}.")):
            raise ValueError(f"“{self.key}” is no name of an action: write small letters, digits and _.")

    def of(self, plugin: str) -> "AutomaticAction":
        """Return the action as one of a plugin's: its key begins with the plugin's id."""
        return replace(self, key=f"{plugin}.{self.key}", plugin=plugin)
