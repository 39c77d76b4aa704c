"""Facts of tickets, and whether conditions hold for them, with the reason."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from helpdesk_core.automation import hooks
from helpdesk_core.automation.actions import AutomaticAction
from helpdesk_core.automation.conditions import Condition, Facts, Kind
from helpdesk_core.automation.fields import ConditionField, Load
from helpdesk_core.automation.own_fields import OWN_FIELDS
from helpdesk_core.hooks import HookFailed
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.texts import lazy as _l

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one ticket: facts by field, and of fields that failed, why."""

    facts: Facts = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of one condition: whether it holds, what was found, and what kept it from being asked."""

    condition: Condition
    holds: bool
    found: tuple[str, ...] = ()
    problem: str = ""


def condition_fields_of(desk: Helpdesk) -> Mapping[str, ConditionField]:
    """Return all fields by key: those of core, then those of plugins in order."""
    own = {each.key: each for each in OWN_FIELDS}
    more = (each.of(plugin) for plugin, found in desk.gather(hooks.condition_fields) for each in found)
    return {**own, **{each.key: each for each in more}}


def automatic_actions_of(desk: Helpdesk) -> Mapping[str, AutomaticAction]:
    """Return the actions of plugins by key, in order."""
    found = (each.of(plugin) for plugin, items in desk.gather(hooks.automatic_actions) for each in items)
    return {each.key: each for each in found}


def run_action(desk: Helpdesk, action: AutomaticAction, act: Callable[[], None]) -> None:
    """Run a plugin's action as part of its hook, so that what it does wrong is the plugin's; `HookFailed` says what."""
    supervised(desk, action, act)


def supervised(desk: Helpdesk, item: ConditionField | AutomaticAction, act: Callable[[], T]) -> T:
    """Run code that a field or an action brought, as part of the hook it came by; core's own is simply run.

    `HookFailed` when the plugin's code fails, hangs, or is in quarantine.
    """
    if not item.plugin:
        return act()
    spec = hooks.condition_fields if isinstance(item, ConditionField) else hooks.automatic_actions
    return desk.hooks.run_for(spec, item.plugin, act)


def load_facts(desk: Helpdesk, session: Session, ticket_ids: Sequence[int], keys: Iterable[str]) -> Mapping[int, Known]:
    """Return the facts that are asked for, by ticket id; one query for each group of fields, however many tickets."""
    known = condition_fields_of(desk)
    groups: dict[tuple[str, Load], list[ConditionField]] = {}
    for key in dict.fromkeys(keys):
        if key in known:
            groups.setdefault((known[key].plugin, known[key].load), []).append(known[key])
    facts: dict[int, dict[str, Sequence[str]]] = {each: {} for each in ticket_ids}
    failed: dict[str, str] = {}
    for (plugin, _load), fields in groups.items():
        try:
            found = _loaded(desk, session, fields, ticket_ids)
        except HookFailed as error:
            failed.update({each.key: str(error) for each in fields})
            continue
        for ticket_id, values in found.items():
            for each in fields:
                if ticket_id in facts and (own := values.get(each.key.removeprefix(f"{plugin}."))):
                    facts[ticket_id][each.key] = tuple(own)
    return {each: Known(values, failed) for each, values in facts.items()}


def explain_conditions(
    desk: Helpdesk, conditions: Sequence[Condition], known: Known, now: datetime
) -> Sequence[Finding]:
    """Return what comes of each condition for one ticket; one that cannot be asked does not hold."""
    fields = condition_fields_of(desk)
    findings: list[Finding] = []
    for each in conditions:
        found = tuple(known.facts.get(each.field, ()))
        if each.field not in fields:
            problem = _l("There is no field “%(field)s” any more.", field=each.field)
            findings.append(Finding(each, False, problem=problem))
        elif each.field in known.failed:
            findings.append(Finding(each, False, problem=known.failed[each.field]))
        else:
            findings.append(_found(each, found, fields[each.field].kind, now))
    return findings


def _found(condition: Condition, found: tuple[str, ...], kind: Kind, now: datetime) -> Finding:
    """Return what comes of a condition; one that was kept with values that nothing can be compared with says so."""
    try:
        return Finding(condition, condition.holds(found, kind, now), found)
    except (ValueError, OverflowError) as error:
        return Finding(condition, False, found, str(error))


def _loaded(
    desk: Helpdesk, session: Session, fields: Sequence[ConditionField], ticket_ids: Sequence[int]
) -> Mapping[int, Mapping[str, Sequence[str]]]:
    """Return what one function of fields loads; facts of a plugin that cannot be compared are its failure."""
    first = fields[0]

    def load() -> Mapping[int, Mapping[str, Sequence[str]]]:
        found = first.load(session, ticket_ids)
        if first.plugin:
            kinds = {each.key.removeprefix(f"{first.plugin}."): each.kind for each in fields}
            for values in found.values():
                for key in kinds.keys() & values.keys():
                    _check_facts(key, values[key], kinds[key])
        return found

    return supervised(desk, first, load)


def _check_facts(key: str, facts: Any, kind: Kind) -> None:
    if isinstance(facts, str) or not all(isinstance(each, str) for each in facts):
        raise TypeError(f"the facts of “{key}” have to be a sequence of texts, not {facts!r}")
    for each in facts:
        if kind == "number":
            float(each)
        elif kind == "time" and datetime.fromisoformat(each).tzinfo is None:
            raise ValueError(f"the moment {each!r} of “{key}” has no time zone")
