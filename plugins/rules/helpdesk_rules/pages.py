"""The pages of administrators: the list of rules, one rule, people, export and import."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from sqlalchemy import select

from helpdesk_core.api import Helpdesk, Route
from helpdesk_core.api.automation import (
    NAMES,
    WITHOUT_VALUES,
    AutomaticAction,
    Condition,
    ConditionField,
    choices_of,
    condition_fields_of,
    said_values,
    values_of,
)
from helpdesk_core.api.errors import HookFailed, Invalid
from helpdesk_core.api.users import User, colleagues
from helpdesk_core.api.web import close_session, current_actor, db

from . import keeping, naming, transfer
from .actions import all_actions
from .keeping import MANAGE, MOST
from .looking import problems_of_rules
from .models import Person
from .rules import TRIGGERS, Act, Rule, all_rules
from .texts import _

Errors = dict[str, list[str]]
Help = tuple[str, str, Sequence[tuple[str, str]] | None]
SPARE = 3
"""Empty rows of a form, for more conditions and actions."""
LISTED = 30
"""People, and values of a field, that are shown at once."""
BOTH = ("GET", "POST")


class Pages:
    """Views over one helpdesk."""

    def __init__(self, desk: Helpdesk) -> None:
        self.desk = desk

    def routes(self) -> Sequence[Route]:
        """Return the pages below /admin/x/rules/."""
        return [
            Route("/", self.overview, MANAGE, name="overview"),
            Route("/rules/new", self.rule, MANAGE, methods=BOTH, name="new"),
            Route("/rules/<uid>", self.rule, MANAGE, methods=BOTH, name="rule"),
            Route("/rules/<uid>/move", self.move, MANAGE, methods=("POST",), name="move"),
            Route("/rules/<uid>/delete", self.delete, MANAGE, methods=("POST",), name="delete"),
            Route("/people", self.people, MANAGE, methods=BOTH, name="people"),
            Route("/export", self.export, MANAGE, name="export"),
            Route("/import", self.take_in, MANAGE, methods=BOTH, name="import"),
        ]

    def overview(self) -> str:
        """Show the rules in their order."""
        rules = all_rules(self.desk, db())
        all_conditions = [condition for each in rules for condition in each.conditions]
        named = iter(naming.named(self.desk, db(), all_conditions, few=True))
        says = {
            each.uid: (self._says_when(list(islice(named, len(each.conditions)))), self._says_what(each))
            for each in rules
        }
        problems = problems_of_rules(db())
        return render_template("rules/overview.html", rules=rules, says=says, triggers=TRIGGERS, problems=problems)

    def rule(self, uid: str | None = None) -> Any:
        """Show a rule, new or there, and save what was typed."""
        kept = keeping.find_rule(self.desk, db(), uid) if uid else None
        draft = self._meant(typed_rule()) if request.method == "POST" else (kept or Rule(name=""))
        fields, actions = condition_fields_of(self.desk), all_actions(self.desk)
        field_help, act_help = self._help(fields), self._help(actions)
        errors: Errors = {}
        if request.method == "POST":
            errors = attempt(lambda: keeping.save_rule(self.desk, current_actor(), draft, uid))
            if not errors:
                flash(_("Saved. It counts for what happens from now on."), "success")
                return redirect(url_for("admin_rules_overview"))
        spare = min(SPARE, MOST - len(draft.conditions)), min(SPARE, MOST - len(draft.actions))
        page = render_template(
            "rules/rule.html",
            kept=kept,
            draft=draft,
            conditions=[*naming.named(self.desk, db(), draft.conditions), *[Condition("", "")] * max(spare[0], 0)],
            actions=[*draft.actions, *[Act("")] * max(spare[1], 0)],
            fields=[(key, _(each.label)) for key, each in fields.items()],
            operators=[(key, _(name)) for key, name in NAMES.items()],
            acts=[(key, _(each.label)) for key, each in actions.items()],
            field_help=field_help,
            act_help=act_help,
            most=LISTED,
            triggers=[(key, _(name)) for key, name in TRIGGERS.items()],
            said=said_values,
            errors=errors,
        )
        return page, 422 if errors else 200

    def move(self, uid: str) -> Any:
        """Put a rule further up or down."""
        close_session()
        keeping.order_rule(self.desk, current_actor(), uid, -1 if request.form.get("to") == "up" else 1)
        return redirect(url_for("admin_rules_overview"))

    def delete(self, uid: str) -> Any:
        """Take a rule away."""
        close_session()
        keeping.delete_rule(self.desk, current_actor(), uid)
        flash(_("The rule is gone. What it did stays."), "success")
        return redirect(url_for("admin_rules_overview"))

    def people(self) -> Any:
        """Show what colleagues know and whether they take tickets, and keep it."""
        if request.method == "POST":
            close_session()
            skills = request.form.get("skills", "").split(",")
            away = "is_away" in request.form
            keeping.save_person(self.desk, current_actor(), request.form.get("person", ""), skills, is_away=away)
            flash(_("Saved."), "success")
            return redirect(url_for("admin_rules_people", q=request.form.get("q") or None))
        query = select(User.uid, Person.skills, Person.is_away, Person.given_at)
        kept = {uid: row for uid, *row in db().execute(query.join(Person, Person.user_id == User.id))}
        everybody = colleagues(self.desk, db())
        asked = request.args.get("q", "").strip()
        wanted = asked.casefold().split()
        found = [each for each in everybody if all(word in each.name.casefold() for word in wanted)]
        people = [(each.uid, each.name, *kept.get(each.uid, ([], False, None))) for each in found[:LISTED]]
        more, is_many = len(found) - len(people), len(everybody) > LISTED
        return render_template("rules/people.html", people=people, q=asked, more=more, is_many=is_many)

    def export(self) -> Response:
        """Hand all rules out."""
        form = "json" if request.args.get("format") == "json" else "toml"
        answer = Response(transfer.exported(self.desk, current_actor(), form), mimetype=f"application/{form}")
        answer.headers["Content-Disposition"] = f"attachment; filename=rules.{form}"
        return answer

    def take_in(self) -> Any:
        """Take rules in, all or none."""
        text, errors = request.form.get("text", ""), Errors()
        if request.method == "POST":
            counts: list[tuple[int, int]] = []
            errors = attempt(lambda: counts.append(transfer.import_rules(self.desk, current_actor(), text)))
            if counts:
                flash(_("%(made)s new, %(changed)s changed.", made=counts[0][0], changed=counts[0][1]), "success")
                return redirect(url_for("admin_rules_overview"))
        return render_template("rules/import.html", text=text, errors=errors), 422 if errors else 200

    def _help(self, items: Mapping[str, ConditionField] | Mapping[str, AutomaticAction]) -> list[Help]:
        """Return label, hint and values of each field or action; of a plugin that cannot be asked, why."""
        found: list[Help] = []
        for each in items.values():
            hint = _(each.hint) if each.hint else ""
            try:
                values = choices_of(self.desk, db(), each)
            except HookFailed as error:
                hint, values = _("Its values cannot be shown: %(error)s", error=str(error)), None
            found.append((_(each.label), hint, values))
        return found

    def _meant(self, rule: Rule) -> Rule:
        return replace(rule, conditions=tuple(naming.meant(self.desk, db(), rule.conditions)))

    def _says_when(self, conditions: Sequence[Condition]) -> list[tuple[str, str]]:
        """Return each condition, whose values are names, as the name of its field and the rest of the sentence."""
        fields = condition_fields_of(self.desk)
        said = []
        for each in conditions:
            label = _(fields[each.field].label) if each.field in fields else each.field
            said.append((label, f"{_(NAMES[each.operator])} {said_values(each.values)}".strip()))
        return said

    def _says_what(self, rule: Rule) -> str:
        known = all_actions(self.desk)
        said = [
            f"{_(known[each.action].label) if each.action in known else each.action}: {each.value}".removesuffix(": ")
            for each in rule.actions
        ]
        return " · ".join([*said, _("then no other rule")] if rule.is_last else said)


def attempt(act: Callable[[], object]) -> Errors:
    """Do something that may be refused, and return the mistakes by field in the reader's language."""
    close_session()
    try:
        act()
    except Invalid as error:
        return {name: [_(text) for text in texts] for name, texts in error.problems.items()}
    return {}


def typed_rule() -> Rule:
    """Return the rule of a form, whole rows only."""
    form = request.form
    conditions = [
        Condition(field, operator, () if operator in WITHOUT_VALUES else values_of(form.get(f"values.{place}", "")))
        for place in range(MOST + SPARE)
        if (field := form.get(f"field.{place}", "")) and (operator := form.get(f"operator.{place}", ""))
    ]
    actions = [
        Act(action, form.get(f"value.{place}", "").strip())
        for place in range(MOST + SPARE)
        if (action := form.get(f"action.{place}", ""))
    ]
    return Rule(
        name=form.get("name", ""),
        is_active="is_active" in form,
        is_last="is_last" in form,
        match=form.get("match", "all"),
        triggers=tuple(form.getlist("triggers")),
        conditions=tuple(conditions),
        actions=tuple(actions),
    )
