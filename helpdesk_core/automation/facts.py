"""Facts of tickets, and whether conditions hold for them, with the reason."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, false
from sqlalchemy.orm import Session

from helpdesk_core.automation import hooks
from helpdesk_core.automation.actions import AutomaticAction
from helpdesk_core.automation.conditions import Condition, Facts, problem_of
from helpdesk_core.automation.fields import ConditionField, Load
from helpdesk_core.automation.own_fields import OWN_FIELDS
from helpdesk_core.hooks import HookFailed
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.texts import LazyText
from helpdesk_core.texts import lazy as _l


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
    desk.hooks.run_for(hooks.automatic_actions, action.plugin, act)


def load_facts(desk: Helpdesk, session: Session, ticket_ids: Sequence[int], keys: Iterable[str]) -> Mapping[int, Known]:
    """Return the facts that are asked for, by ticket id; one query for each group of fields, however many tickets."""
    known = condition_fields_of(desk)
    groups: dict[tuple[str, Load], list[ConditionField]] = {}
    for key in dict.fromkeys(keys):
        if key in known:
            groups.setdefault((known[key].plugin, known[key].load), []).append(known[key])
    facts: dict[int, dict[str, Sequence[str]]] = {each: {} for each in ticket_ids}
    failed: dict[str, str] = {}
    for (plugin, load), fields in groups.items():
        try:
            found = _loaded(desk, session, plugin, load, ticket_ids)
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
            findings.append(Finding(each, each.holds(found, fields[each.field].kind, now), found))
    return findings


def clause_of(desk: Helpdesk, condition: Condition, now: datetime) -> ColumnElement[bool] | None:
    """Return what a condition means to the database; None if tickets have to be looked at one by one."""
    found = condition_fields_of(desk).get(condition.field)
    return false() if found is None else found.clause(condition, now)


def condition_problem(desk: Helpdesk, session: Session, condition: Condition) -> LazyText | None:
    """Return what is wrong with a condition that somebody wants to keep, or None."""
    fields = condition_fields_of(desk)
    if condition.field not in fields:
        return _l("There is no field “%(field)s”. Choose one of the list.", field=condition.field)
    wanted = fields[condition.field]
    problem = problem_of(condition, wanted.label, wanted.kind)
    if problem is None and wanted.choices is not None and condition.values:
        known = {value for value, _name in wanted.choices(desk, session)}
        unknown = next((each for each in condition.values if each not in known), None)
        if unknown is not None:
            values = {"value": unknown, "field": wanted.label, "list": ", ".join(sorted(known)[:30])}
            return _l("“%(value)s” is no value of %(field)s. Choose one of: %(list)s.", **values)
    return problem


def _loaded(
    desk: Helpdesk, session: Session, plugin: str, load: Load, ticket_ids: Sequence[int]
) -> Mapping[int, Mapping[str, Sequence[str]]]:
    if not plugin:
        return load(session, ticket_ids)
    return desk.hooks.run_for(hooks.condition_fields, plugin, lambda: load(session, ticket_ids))
