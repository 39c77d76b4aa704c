"""What somebody wants rules to ask or to do, checked before it is kept; plugins that fail at it are named."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, false
from sqlalchemy.orm import Session

from helpdesk_core.automation.actions import AutomaticAction
from helpdesk_core.automation.conditions import Condition, problem_of
from helpdesk_core.automation.facts import condition_fields_of, supervised
from helpdesk_core.automation.fields import ConditionField
from helpdesk_core.hooks import HookFailed
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.texts import LazyText
from helpdesk_core.texts import lazy as _l


def choices_of(
    desk: Helpdesk, session: Session, item: ConditionField | AutomaticAction, values: Sequence[str] | None = None
) -> Sequence[tuple[str, str]] | None:
    """Return the values that a field or an action takes, with their names; None where any will do.

    With `values`, a field that has very many may return these alone, with all that bear the same names.

    `HookFailed` says that the plugin it comes from could not be asked.
    """
    if values is not None and isinstance(item, ConditionField) and (few := item.named) is not None:
        return supervised(desk, item, lambda: [(value, name) for value, name in few(desk, session, values)])
    ask = item.choices
    if ask is None:
        return None
    return supervised(desk, item, lambda: [(value, name) for value, name in ask(desk, session)])


def action_problem(desk: Helpdesk, session: Session, action: AutomaticAction, value: str) -> str | None:
    """Return what is wrong with a value that somebody wants to keep for an action, or None."""
    try:
        said = supervised(desk, action, lambda: _refusal(action.check, value))
        if said is not None:
            return said
        known = choices_of(desk, session, action)
    except HookFailed as error:
        return _unasked(action.label, error)
    if known is not None and value not in (each for each, _name in known):
        listed = ", ".join(each for each, _name in known[:30])
        return _l("There is no “%(value)s”. Choose one of: %(list)s.", value=value, list=listed)
    return None


def condition_problem(desk: Helpdesk, session: Session, condition: Condition) -> str | None:
    """Return what is wrong with a condition that somebody wants to keep, or None."""
    fields = condition_fields_of(desk)
    if condition.field not in fields:
        return _l("There is no field “%(field)s”. Choose one of the list.", field=condition.field)
    wanted = fields[condition.field]
    problem = problem_of(condition, wanted.label, wanted.kind)
    if problem is not None or not condition.values:
        return problem
    try:
        known = choices_of(desk, session, wanted)
    except HookFailed as error:
        return _unasked(wanted.label, error)
    values = {each for each, _name in known or ()}
    unknown = next((each for each in condition.values if known is not None and each not in values), None)
    if unknown is not None:
        named = {"value": unknown, "field": wanted.label, "list": _near(unknown, known or ())}
        return _l("“%(value)s” is no value of %(field)s. Choose one of: %(list)s.", **named)
    return None


def _near(text: str, known: Sequence[tuple[str, str]]) -> str:
    """Return the values whose names have a word of the text, with these names; else the first ones."""
    words = text.casefold().split()
    near = [f"{value} ({name})" for value, name in known if any(word in name.casefold() for word in words)]
    return ", ".join((near or sorted(value for value, _name in known))[:30])


def clause_of(desk: Helpdesk, condition: Condition, now: datetime) -> ColumnElement[bool] | None:
    """Return what a condition means to the database; None if tickets have to be looked at one by one.

    `HookFailed` says that the plugin the field comes from failed.
    """
    found = condition_fields_of(desk).get(condition.field)
    return false() if found is None else supervised(desk, found, lambda: found.clause(condition, now))


def _refusal(check: Callable[[str], None], value: str) -> str | None:
    """Return with which sentence a check refuses a value; a ValueError is its answer, anything else its failure."""
    try:
        check(value)
    except ValueError as error:
        said = error.args[0] if error.args else ""
        return said if isinstance(said, str) and said else _l("This value cannot be used.")
    return None


def _unasked(label: object, error: HookFailed) -> LazyText:
    return _l(
        "“%(what)s” cannot be checked, because the plugin “%(plugin)s” failed: %(error)s. Leave it away, or look at "
        "Plugins in the administration.",
        what=label,
        plugin=error.plugin_id,
        error=str(error),
    )
