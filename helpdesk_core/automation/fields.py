"""What conditions can ask of a ticket: fields of core and of plugins."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from flask_babel import LazyString
from sqlalchemy import ColumnElement, not_, or_
from sqlalchemy.orm import Session

from helpdesk_core.automation.conditions import Condition, Kind, span
from helpdesk_core.runtime import Helpdesk

Load = Callable[[Session, Sequence[int]], Mapping[int, Mapping[str, Sequence[str]]]]
_KEY: Final = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionField:
    """Something of a ticket that conditions can look at; `key` is unique within the plugin, `label` lazy.

    `load(session, ticket_ids)` returns the facts by ticket id and key, with one query for all of them; fields that
    share a function are loaded together. `choices(desk, session)` are values with their names, where there are few.
    Where there may be thousands, `named(desk, session, values)` returns those of them with these values, and all others
    that bear the same names: pages that only show names ask for no more.

    The rest lets databases look, so that previews need not load every ticket; each is left out where that cannot be:
    `among(values)` returns the condition on `Ticket` that one of the values fits (for a text: is contained), `absent`
    is the one that there is no value, `column` a moment or a number of `Ticket`.
    """

    key: str
    label: str | LazyString
    kind: Kind = "choice"
    load: Load
    hint: str | LazyString = ""
    choices: Callable[[Helpdesk, Session], Sequence[tuple[str, str]]] | None = None
    named: Callable[[Helpdesk, Session, Sequence[str]], Sequence[tuple[str, str]]] | None = None
    among: Callable[[Sequence[str]], ColumnElement[bool]] | None = None
    absent: ColumnElement[bool] | None = None
    column: Any = None
    plugin: str = ""
    """The id of the plugin it comes from; core fills it in."""

    def __post_init__(self) -> None:
        """Refuse names that could not be written."""
        if not _KEY.fullmatch(self.key.removeprefix(f"{self.plugin}.")):
            raise ValueError(f"“{self.key}” is no name of a field: write small letters, digits and _.")

    def of(self, plugin: str) -> "ConditionField":
        """Return the field as one of a plugin's: its key begins with the plugin's id."""
        return replace(self, key=f"{plugin}.{self.key}", plugin=plugin)

    def clause(self, condition: Condition, now: datetime) -> ColumnElement[bool] | None:
        """Return what the condition means to the database, on `Ticket`; None if it has to be looked at one by one."""
        if condition.operator in ("over", "under") and self.column is not None:
            return self._beyond(condition, now)
        if condition.operator in ("is_set", "is_unset") and self.absent is not None:
            return self.absent if condition.operator == "is_unset" else not_(self.absent)
        positive = "has" if self.kind == "text" else "is"
        if self.among is not None and condition.operator == positive:
            return self.among(condition.values)
        if self.among is not None and condition.operator == f"{positive}_not":
            nothing = not_(self.among(condition.values))
            return nothing if self.absent is None else or_(self.absent, nothing)
        return None

    def _beyond(self, condition: Condition, now: datetime) -> ColumnElement[bool]:
        more = condition.operator == "over"
        if self.kind == "time":
            limit = now - span(condition.values[0])
            found: ColumnElement[bool] = self.column < limit if more else self.column > limit
        else:
            number = float(condition.values[0])
            found = self.column > number if more else self.column < number
        return found
