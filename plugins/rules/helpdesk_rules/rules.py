"""Rules as values, remembered between events."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk_core.api import Helpdesk
from helpdesk_core.api.automation import Condition

from .models import RuleRow
from .texts import lazy

OPENED, CUSTOMER, AGENT, NOTED, CHANGED = "opened", "customer_replied", "agent_replied", "noted", "changed"
TIME, CLICK = "time", "click"
TRIGGERS: Final = {
    OPENED: lazy("A ticket is opened"),
    CUSTOMER: lazy("A customer replies"),
    AGENT: lazy("An agent replies"),
    NOTED: lazy("A note is added"),
    CHANGED: lazy("Fields are changed"),
    TIME: lazy("Time passes"),
    CLICK: lazy("An agent asks for it"),
}
"""When rules are asked, with its name."""


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that a rule does: the key of an action, and what with."""

    action: str
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule; `id` is 0 for one that is not kept yet."""

    id: int = 0
    uid: str = ""
    name: str
    is_active: bool = True
    is_last: bool = False
    match: str = "all"
    triggers: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()
    actions: tuple[Act, ...] = ()

    @property
    def fields(self) -> Sequence[str]:
        """The fields that its conditions ask for."""
        return [each.field for each in self.conditions]

    def as_dict(self) -> dict[str, Any]:
        """Return it as it is exported, and as the API shows it."""
        return {
            "name": self.name,
            "active": self.is_active,
            "triggers": list(self.triggers),
            "match": self.match,
            "conditions": [each.as_dict() for each in self.conditions],
            "actions": [{"action": each.action, "value": each.value} for each in self.actions],
            "last": self.is_last,
        }


def rule_of(row: RuleRow) -> Rule:
    """Return a stored rule as a value."""
    return Rule(
        id=row.id,
        uid=row.uid,
        name=row.name,
        is_active=row.is_active,
        is_last=row.is_last,
        match=row.match,
        triggers=tuple(row.triggers),
        conditions=tuple(Condition.of(each) for each in row.conditions),
        actions=tuple(Act(each["action"], each["value"]) for each in row.actions),
    )


def all_rules(desk: Helpdesk, session: Session) -> Sequence[Rule]:
    """Return all rules in their order, read again only after they have changed."""
    return desk.remember(session, "rules.rules", _load)


def rules_for(desk: Helpdesk, session: Session, trigger: str) -> Sequence[Rule]:
    """Return the rules in use that a trigger asks, in their order."""
    return [each for each in all_rules(desk, session) if each.is_active and trigger in each.triggers]


def _load(session: Session) -> Sequence[Rule]:
    return [rule_of(row) for row in session.scalars(select(RuleRow).order_by(RuleRow.position, RuleRow.id))]
