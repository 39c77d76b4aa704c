"""Rules as TOML or JSON, out and in."""

import json
import tomllib
from typing import Any

import tomlkit

from helpdesk_core.api import Actor, Helpdesk
from helpdesk_core.api.errors import Invalid
from helpdesk_core.api.i18n import joined
from helpdesk_core.api.users import require

from .keeping import MANAGE, read_rule, save_rule
from .rules import Rule, all_rules
from .texts import lazy


def exported(desk: Helpdesk, actor: Actor, form: str = "toml") -> str:
    """Return all rules in their order, as `toml` or `json`."""
    require(actor, MANAGE)
    with desk.read() as session:
        rules = {"rules": [each.as_dict() for each in all_rules(desk, session)]}
    return json.dumps(rules, ensure_ascii=False, indent=2) + "\n" if form == "json" else tomlkit.dumps(rules)


def import_rules(desk: Helpdesk, actor: Actor, text: str) -> tuple[int, int]:
    """Take rules in, all or none; return how many are new and how many changed, by their names.

    `Invalid` names the rule and what is wrong with it. Importing the same twice changes nothing more.
    """
    require(actor, MANAGE)
    given = _read(text)
    made = changed = 0
    with desk.begin(actor) as tx:
        known = {each.name: each.uid for each in all_rules(desk, tx.session)}
        for each in given:
            rule = _whole(each)
            if known.get(rule.name) == "":
                raise Invalid({"text": [lazy("“%(name)s” stands there twice. Take one away.", name=rule.name)]})
            try:
                save_rule(desk, actor, rule, known.get(rule.name))
            except Invalid as error:
                reasons = joined(reason for reasons in error.problems.values() for reason in reasons)
                problem = lazy("“%(name)s”: %(reasons)s", name=rule.name, reasons=reasons)
                raise Invalid({"text": [problem]}) from error
            made, changed = made + (rule.name not in known), changed + (rule.name in known)
            known[rule.name] = ""
    return made, changed


def _whole(given: Any) -> Rule:
    try:
        return read_rule(given)
    except Invalid as error:
        raise Invalid({"text": error.problems["rules"]}) from error


def _read(text: str) -> list[Any]:
    try:
        given = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except ValueError as error:
        problem = lazy("This is neither TOML nor JSON: %(error)s", error=str(error))
        raise Invalid({"text": [problem]}) from error
    rules = given.get("rules") if isinstance(given, dict) else None
    if not isinstance(rules, list) or not rules:
        raise Invalid({"text": [lazy("There is no rule in it. Each begins with [[rules]].")]})
    return rules
