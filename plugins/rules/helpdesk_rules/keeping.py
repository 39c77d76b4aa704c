"""Making, changing and ordering rules; what cannot work is refused with the mend."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from helpdesk_core.api import Actor, Helpdesk, Transaction
from helpdesk_core.api.automation import Condition, action_problem, condition_fields_of, condition_problem
from helpdesk_core.api.db import affect
from helpdesk_core.api.errors import Invalid, NotFound
from helpdesk_core.api.users import User, require

from .actions import all_actions
from .models import Person, RuleRow
from .notifying import missing
from .rules import TIME, TRIGGERS, Act, Rule, all_rules
from .texts import lazy

MANAGE: Final = "settings.manage"
MOST: Final = 20
"""Conditions, and actions, of one rule."""
Problems = dict[str, list[str]]


def find_rule(desk: Helpdesk, session: Session, uid: str) -> Rule:
    """Return the rule with that uid; `NotFound` if there is none."""
    found = next((each for each in all_rules(desk, session) if each.uid == uid), None)
    if found is None:
        raise NotFound(lazy("There is no such rule; somebody may have taken it away."))
    return found


def save_rule(desk: Helpdesk, actor: Actor, rule: Rule, uid: str | None = None) -> str:
    """Keep a rule, at the end of the list or in the place of the one with that uid; return the uid.

    `Invalid` names every mistake: `name`, `triggers`, `conditions.0`, `actions.2`.
    """
    require(actor, MANAGE)
    with desk.begin(actor) as tx:
        row = _row(tx, uid) if uid else None
        problems = problems_of(tx, rule, row)
        if problems:
            raise Invalid(problems)
        if row is None:
            last = tx.session.scalar(select(func.max(RuleRow.position)))
            row = RuleRow(position=0 if last is None else last + 1)
            tx.session.add(row)
        _write(row, rule)
        tx.session.flush()
        tx.reference_changed()
        return row.uid


def delete_rule(desk: Helpdesk, actor: Actor, uid: str) -> None:
    """Take a rule away; what it did stays, in the timelines and in the log."""
    require(actor, MANAGE)
    with desk.begin(actor) as tx:
        affect(tx.session, delete(RuleRow).where(RuleRow.id == _row(tx, uid).id))
        tx.reference_changed()


def order_rule(desk: Helpdesk, actor: Actor, uid: str, by: int) -> None:
    """Move a rule up (-1) or down (1)."""
    require(actor, MANAGE)
    with desk.begin(actor) as tx:
        rows = list(tx.session.scalars(select(RuleRow).order_by(RuleRow.position, RuleRow.id).with_for_update()))
        place = next((number for number, row in enumerate(rows) if row.uid == uid), None)
        if place is None:
            raise NotFound(lazy("There is no such rule; somebody may have taken it away."))
        other = place + by
        if 0 <= other < len(rows):
            rows[place], rows[other] = rows[other], rows[place]
        for position, row in enumerate(rows):
            row.position = position
        tx.reference_changed()


def save_person(desk: Helpdesk, actor: Actor, uid: str, skills: Sequence[str], *, is_away: bool) -> None:
    """Keep what a colleague knows, and whether they take no tickets just now."""
    require(actor, MANAGE)
    with desk.begin(actor) as tx:
        user_id = tx.session.scalar(select(User.id).where(User.uid == uid))
        if user_id is None:
            raise NotFound(lazy("There is no such person."))
        row = tx.session.get(Person, user_id)
        if row is None:
            row = Person(user_id=user_id, given_at=None)
            tx.session.add(row)
        row.skills = sorted({" ".join(each.split()).casefold()[:64] for each in skills if each.strip()})
        row.is_away = is_away


def problems_of(tx: Transaction, rule: Rule, row: RuleRow | None) -> Problems:
    """Return what is wrong with a rule, by field; `row` is the one it takes the place of.

    Whether those whom an action names are there is asked of actions that begin to count: those of a rule in use that
    are new, or all when it is put into use. So it can be changed and switched off although somebody has left.
    """
    problems: Problems = {}
    name = " ".join(rule.name.split())
    if not 0 < len(name) <= 100:
        problems["name"] = [lazy("Give it a name, with at most 100 characters.")]
    elif any(each.name == name and (row is None or each.uid != row.uid) for each in all_rules(tx.desk, tx.session)):
        problems["name"] = [lazy("There is a rule of this name. Its name tells it apart in timelines.")]
    if not rule.triggers or not set(rule.triggers) <= TRIGGERS.keys():
        problems["triggers"] = [lazy("Say when it is asked: choose one of the list at least.")]
    if rule.match not in ("all", "any"):
        problems["match"] = [lazy("Write “all” or “any”.")]
    if len(rule.conditions) > MOST or len(rule.actions) > MOST:
        problems["conditions"] = [lazy("A rule has %(most)s conditions and actions at most. Make two.", most=MOST)]
        return problems
    for place, condition in enumerate(rule.conditions):
        problem = condition_problem(tx.desk, tx.session, condition)
        if problem is not None:
            problems[f"conditions.{place}"] = [problem]
    fields = condition_fields_of(tx.desk)
    timed = any(fields[each.field].kind == "time" for each in rule.conditions if each.field in fields)
    if TIME in rule.triggers and (not timed or rule.match == "any"):
        problems["conditions"] = [
            lazy("A rule on time needs a condition on time, such as “Time since the customer wrote”, and all to hold.")
        ]
    if not rule.actions and not rule.is_last:
        problems["actions"] = [lazy("Say what it does: choose an action.")]
    counted = row.actions if row is not None and row.is_active else ()
    for place, act in enumerate(rule.actions):
        begins = rule.is_active and {"action": act.action, "value": act.value} not in counted
        problem = _action_problem(tx, act, begins=begins)
        if problem is not None:
            problems[f"actions.{place}"] = [problem]
    return problems


def _action_problem(tx: Transaction, act: Act, *, begins: bool) -> Any:
    known = all_actions(tx.desk)
    if act.action not in known:
        return lazy("There is no action “%(action)s”. Choose one of the list.", action=act.action)
    problem = action_problem(tx.desk, tx.session, known[act.action], act.value)
    return problem or (missing(tx.desk, tx.session, act.action, act.value) if begins else None)


def _row(tx: Transaction, uid: str) -> RuleRow:
    row = tx.session.scalar(select(RuleRow).where(RuleRow.uid == uid).with_for_update())
    if row is None:
        raise NotFound(lazy("There is no such rule; somebody may have taken it away."))
    return row


def _write(row: RuleRow, rule: Rule) -> None:
    row.name = " ".join(rule.name.split())
    row.is_active, row.is_last, row.match = rule.is_active, rule.is_last, rule.match
    row.triggers = [each for each in TRIGGERS if each in rule.triggers]
    row.conditions = [each.as_dict() for each in rule.conditions]
    row.actions = [{"action": each.action, "value": each.value} for each in rule.actions]
    # What it asks may be another thing now, so it looks at all tickets again.
    row.looked_at = row.swept_at = row.problem = row.problem_at = None


def read_rule(given: Any) -> Rule:
    """Return the rule that an import or the API gives; `Invalid` says what is not as it has to be."""
    try:
        return Rule(
            name=str(given["name"]),
            is_active=_switch(given, "active", default=True),
            is_last=_switch(given, "last", default=False),
            match=str(given.get("match", "all")),
            triggers=tuple(str(each) for each in given["triggers"]),
            conditions=tuple(Condition.of({"values": (), **each}) for each in given.get("conditions", ())),
            actions=tuple(Act(str(each["action"]), str(each.get("value", ""))) for each in given.get("actions", ())),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise Invalid(
            {
                "rules": [
                    lazy(
                        "A rule has a name, triggers, conditions and actions. This is missing: %(what)s.",
                        what=str(error),
                    )
                ]
            }
        ) from error


def _switch(given: Any, name: str, *, default: bool) -> bool:
    """Return a yes or no; "no" in quotes would count as yes."""
    value = given.get(name, default)
    if not isinstance(value, bool):
        raise Invalid({"rules": [lazy("“%(name)s” has to be true or false, without quotes.", name=name)]})
    return value
