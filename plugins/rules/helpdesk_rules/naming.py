"""Values of conditions by the names that people know, such as those of organisations, and back."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from helpdesk_core.api import Helpdesk
from helpdesk_core.api.automation import Condition, choices_of, condition_fields_of
from helpdesk_core.api.errors import HookFailed


def named(desk: Helpdesk, session: Session, conditions: Sequence[Condition], *, few: bool = False) -> list[Condition]:
    """Return conditions with names in place of values, where a name means one value and nothing else.

    Each field is asked once for all of them; with `few`, which is for pages that only show names, for theirs alone.
    """
    names = {
        field: {value: name for name, value in _names(desk, session, field, values, few=few).items()}
        for field, values in _by_field(conditions).items()
    }
    return [
        replace(each, values=tuple(names[each.field].get(value, value) for value in each.values)) for each in conditions
    ]


def meant(desk: Helpdesk, session: Session, conditions: Sequence[Condition]) -> list[Condition]:
    """Return conditions with the values of the names that somebody typed; what is no name stays as it is."""
    values = {
        field: {name.casefold(): value for name, value in _names(desk, session, field, typed).items()}
        for field, typed in _by_field(conditions).items()
    }
    return [
        replace(each, values=tuple(values[each.field].get(typed.casefold(), typed) for typed in each.values))
        for each in conditions
    ]


def _by_field(conditions: Sequence[Condition]) -> Mapping[str, Sequence[str]]:
    """Return what conditions compare with, by the field."""
    found: dict[str, list[str]] = {}
    for each in conditions:
        found.setdefault(each.field, []).extend(each.values)
    return found


def _names(desk: Helpdesk, session: Session, key: str, asked: Sequence[str], *, few: bool = False) -> Mapping[str, str]:
    """Return values by the names that stand for one of them only; none where the field's plugin cannot be asked."""
    field = condition_fields_of(desk).get(key)
    if field is None or not asked:
        return {}
    try:
        known = choices_of(desk, session, field, sorted(set(asked)) if few else None) or ()
    except HookFailed:
        return {}
    often = Counter(name.casefold() for _value, name in known)
    values = {value.casefold() for value, _name in known}
    return {
        str(name): value
        for value, name in known
        if often[name.casefold()] == 1 and (name.casefold() == value.casefold() or name.casefold() not in values)
    }
