"""Operations of the HTTP API below /api/v1/x/rules/."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields, validate

from helpdesk_core.api.rest import STAFF, Answer, Endpoints, Input, Moment, Output, current_actor, current_desk, db
from helpdesk_core.api.tickets import find_ticket

from . import keeping
from .keeping import MANAGE, MOST, find_rule, read_rule
from .looking import Problem, dry_run, preview, problems_of_rules, verdicts_of_ticket
from .rules import TRIGGERS, Rule, all_rules
from .running import details_of

endpoints = Endpoints("Rules", "What happens to tickets by itself, and why.")


class ConditionGiven(Input):
    """A field, an operator, and the values of which one has to fit."""

    field = fields.String(required=True)
    operator = fields.String(required=True)
    values = fields.List(fields.String(), load_default=list)


class ActionGiven(Input):
    """What is done, and what with."""

    action = fields.String(required=True)
    value = fields.String(load_default="")


class RuleGiven(Input):
    """A rule as it is to be."""

    name = fields.String(required=True, validate=validate.Length(1, 100))
    active = fields.Boolean(load_default=True)
    triggers = fields.List(fields.String(validate=validate.OneOf(list(TRIGGERS))), required=True)
    match = fields.String(load_default="all", validate=validate.OneOf(["all", "any"]))
    conditions = fields.List(fields.Nested(ConditionGiven), load_default=list, validate=validate.Length(max=MOST))
    actions = fields.List(fields.Nested(ActionGiven), load_default=list, validate=validate.Length(max=MOST))
    last = fields.Boolean(load_default=False)


class RuleView(Output):
    """A rule. After one that is `last`, no other is asked; `problem` says why it could not be asked the last time."""

    uid = fields.String()
    name = fields.String()
    active = fields.Boolean()
    triggers = fields.List(fields.String())
    match = fields.String()
    conditions = fields.List(fields.Dict())
    actions = fields.List(fields.Dict())
    last = fields.Boolean()
    problem = fields.String(allow_none=True)


class RuleList(Output):
    """Rules in the order in which they are asked."""

    items = fields.List(fields.Nested(RuleView))


class MatchView(Output):
    """A ticket to which a rule would apply."""

    number = fields.String()
    subject = fields.String()


class PreviewView(Output):
    """To which tickets a rule would apply; `complete` tells whether all there are were looked at."""

    items = fields.List(fields.Nested(MatchView), attribute="matches")
    seen = fields.Integer()
    complete = fields.Boolean(attribute="is_all")
    problem = fields.String()


class TrialGiven(Input):
    """What would happen to which ticket."""

    ticket = fields.String(required=True)
    trigger = fields.String(required=True, validate=validate.OneOf(list(TRIGGERS)))


class VerdictView(Output):
    """What came of a rule: `fired`, `not`, `cycle` or `failed`, with what was found and done."""

    rule = fields.String()
    trigger = fields.String()
    outcome = fields.String()
    at = Moment(allow_none=True)
    findings = fields.List(fields.Dict())
    actions = fields.List(fields.Dict())


class VerdictList(Output):
    """What came of rules."""

    items = fields.List(fields.Nested(VerdictView))


@endpoints.get("/rules", permission=MANAGE, returns=RuleList)
def list_rules() -> Any:
    """List all rules, in the order in which they are asked."""
    problems = problems_of_rules(db())
    return {"items": [_shown(each, problems) for each in all_rules(current_desk(), db())]}


@endpoints.post("/rules", permission=MANAGE, body=RuleGiven, returns=RuleView, status=201)
def create_rule(body: dict[str, Any]) -> Any:
    """Make a rule, at the end of the list."""
    uid = keeping.save_rule(current_desk(), current_actor(), read_rule(body))
    return Answer(_shown(find_rule(current_desk(), db(), uid), {}), location=f"/rules/{uid}")


@endpoints.get("/rules/<uid>", permission=MANAGE, returns=RuleView)
def show_rule(uid: str) -> Any:
    """Show a rule."""
    return _shown(find_rule(current_desk(), db(), uid), problems_of_rules(db()))


@endpoints.put("/rules/<uid>", permission=MANAGE, body=RuleGiven, returns=RuleView)
def replace_rule(uid: str, body: dict[str, Any]) -> Any:
    """Put another rule in the place of one."""
    keeping.save_rule(current_desk(), current_actor(), read_rule(body), uid)
    return _shown(find_rule(current_desk(), db(), uid), {})


@endpoints.delete("/rules/<uid>", permission=MANAGE)
def delete_rule(uid: str) -> None:
    """Take a rule away."""
    keeping.delete_rule(current_desk(), current_actor(), uid)


@endpoints.get("/rules/<uid>/matches", permission=MANAGE, returns=PreviewView)
def show_matches(uid: str) -> Any:
    """Show to which tickets a rule would apply now."""
    return preview(current_desk(), current_actor(), find_rule(current_desk(), db(), uid))


@endpoints.post("/trials", permission=MANAGE, body=TrialGiven, returns=VerdictList, problems=(404,))
def try_rules(body: dict[str, Any]) -> Any:
    """Say what rules would do to a ticket; nothing is kept."""
    judged = dry_run(current_desk(), current_actor(), body["ticket"], body["trigger"])
    shown = [
        {
            "rule": each.rule.name,
            "trigger": body["trigger"],
            "outcome": each.outcome,
            "at": None,
            **details_of(current_desk(), each),
        }
        for each in judged
    ]
    return {"items": shown}


@endpoints.get("/tickets/<number>/verdicts", permission=STAFF, returns=VerdictList)
def list_verdicts(number: str) -> Any:
    """List what rules did to a ticket, and why, the newest first; at most 200."""
    ticket = find_ticket(db(), current_actor(), number, "desk")
    return {
        "items": [
            {"rule": each.rule_name, "trigger": each.trigger, "outcome": each.outcome, "at": each.at, **each.details}
            for each in verdicts_of_ticket(db(), ticket)
        ]
    }


def _shown(rule: Rule, problems: Mapping[int, Problem]) -> dict[str, Any]:
    problem = problems.get(rule.id)
    return {"uid": rule.uid, **rule.as_dict(), "problem": problem.text if problem else None}
