"""Ways to call an implementation, besides simply: what they raise is the plugin's error."""

from collections.abc import Callable
from typing import Any

from helpdesk_core.errors import HelpdeskError
from helpdesk_core.hooks.errors import Veto, WrongResult
from helpdesk_core.hooks.implementations import Implementation
from helpdesk_core.hooks.results import REFUSED

Invoke = Callable[[Implementation, dict[str, Any]], Any]
Check = Callable[[Any], object]
"""Raises a `HelpdeskError` for a value that cannot be used."""


def veto_as_problem(call: Implementation, values: dict[str, Any]) -> Any:
    """Take a raised `Veto` for a returned problem."""
    try:
        return call.call(values)
    except Veto as veto:
        reason = veto.args[0] if veto.args else None
        return [reason if isinstance(reason, str) and reason else REFUSED]


def valid_pick(check: Check) -> Invoke:
    """Take no answer that cannot be used."""

    def invoke(call: Implementation, values: dict[str, Any]) -> Any:
        value = call.call(values)
        if value is not None and (problem := _problem(check, value)) is not None:
            raise WrongResult(f"{call.spec.name} returned what cannot be used: {problem}") from problem
        return value

    return invoke


def valid_refinement(refines: str, check: Check) -> Invoke:
    """Take no value that cannot be used from a plugin that was given one that can."""

    def invoke(call: Implementation, values: dict[str, Any]) -> Any:
        before, value = values[refines], call.call(values)
        problem = _problem(check, value)
        if problem is not None and _problem(check, before) is None:
            raise WrongResult(f"{call.spec.name} made of its {refines} what cannot be used: {problem}") from problem
        return value

    return invoke


def _problem(check: Check, value: Any) -> HelpdeskError | None:
    try:
        check(value)
    except HelpdeskError as error:
        return error
    return None
