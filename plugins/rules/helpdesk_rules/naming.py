"""Values of conditions by the names that people know, such as those of organisations, and back."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy.orm import Session

from helpdesk_core.api import Helpdesk
from helpdesk_core.api.automation import Condition, choices_of, condition_fields_of
from helpdesk_core.api.errors import HookFailed


def named(desk: Helpdesk, session: Session, condition: Condition) -> Condition:
    """Return a condition with names in place of values, where a name means one value and nothing else."""
    names = {value: name for name, value in _names(desk, session, condition).items()}
    return replace(condition, values=tuple(names.get(each, each) for each in condition.values))


def meant(desk: Helpdesk, session: Session, condition: Condition) -> Condition:
    """Return a condition with the values of the names that somebody typed; what is no name stays as it is."""
    values = {name.casefold(): value for name, value in _names(desk, session, condition).items()}
    return replace(condition, values=tuple(values.get(each.casefold(), each) for each in condition.values))


def _names(desk: Helpdesk, session: Session, condition: Condition) -> Mapping[str, str]:
    """Return values by the names that stand for one of them only; none where the field's plugin cannot be asked."""
    field = condition_fields_of(desk).get(condition.field)
    if field is None or not condition.values:
        return {}
    try:
        known = choices_of(desk, session, field) or ()
    except HookFailed:
        return {}
    often = Counter(name.casefold() for _value, name in known)
    values = {value.casefold() for value, _name in known}
    return {
        str(name): value
        for value, name in known
        if often[name.casefold()] == 1 and (name.casefold() == value.casefold() or name.casefold() not in values)
    }
