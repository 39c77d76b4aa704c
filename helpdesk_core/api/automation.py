"""Conditions on tickets and what is done by itself: for plugins that keep rules, and those that add to them.

A `Condition` asks for a field; fields come from core and from the hook `condition_fields`. `load_facts` reads what is
so of tickets, `explain_conditions` says why conditions do or do not hold, `clause_of` lets the database look. Before
one is kept, `condition_problem` and `action_problem` say what is wrong with it, `choices_of` which values there are.
"""

from helpdesk_core.automation.actions import AutomaticAction
from helpdesk_core.automation.checking import action_problem, choices_of, clause_of, condition_problem
from helpdesk_core.automation.conditions import (
    NAMES,
    OPERATORS,
    WITHOUT_VALUES,
    Condition,
    Facts,
    said_values,
    span,
    values_of,
)
from helpdesk_core.automation.facts import (
    Finding,
    Known,
    automatic_actions_of,
    condition_fields_of,
    explain_conditions,
    load_facts,
    run_action,
)
from helpdesk_core.automation.fields import ConditionField

__all__ = [
    "NAMES",
    "OPERATORS",
    "WITHOUT_VALUES",
    "AutomaticAction",
    "Condition",
    "ConditionField",
    "Facts",
    "Finding",
    "Known",
    "action_problem",
    "automatic_actions_of",
    "choices_of",
    "clause_of",
    "condition_fields_of",
    "condition_problem",
    "explain_conditions",
    "load_facts",
    "run_action",
    "said_values",
    "span",
    "values_of",
]
