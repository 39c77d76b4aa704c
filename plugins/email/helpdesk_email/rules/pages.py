"""The admin pages of the rules for new mail: their order, each rule, and what would happen to a stored mail."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from helpdesk_core.api import HelpdeskError, Route
from helpdesk_core.api.errors import Invalid
from helpdesk_core.api.portal import refuse_unusable
from helpdesk_core.api.web import close_session, current_actor, current_desk, db, said, words

from ..receiving import Gateway
from ..texts import texts
from .models import Rule
from .service import MANAGE, RuleDraft, all_rules, change_rule, create_rule, delete_rule, draft_of, find_rule, move_rule
from .trying import Trial, recent_mails, try_rules

_ = texts.gettext
Errors = dict[str, list[str]]
LIST = "admin_email_rules"


class RulePages:
    """The views; every one needs the permission to manage settings."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway

    def routes(self) -> Sequence[Route]:
        """Return the pages below /admin/x/email/rules."""
        both = ("GET", "POST")
        table: Sequence[tuple[str, Callable[..., Any], tuple[str, ...], str]] = (
            ("/rules", self.rules, ("GET",), "rules"),
            ("/rules/new", self.new_rule, both, "new_rule"),
            ("/rules/<uid>", self.rule, both, "rule"),
            ("/rules/<uid>/move", self.move, ("POST",), "move_rule"),
            ("/rules/<uid>/delete", self.delete, ("POST",), "delete_rule"),
        )
        return [Route(rule, view, MANAGE, methods, name) for rule, view, methods, name in table]

    def rules(self) -> Any:
        """List the rules in their order; with a mail chosen, say what would happen to it."""
        mail = request.args.get("mail", "")
        trial, problem = self._try(mail)
        rules = all_rules(db())
        return _show(
            "rules",
            rules=rules,
            says={each.uid: _says(each) for each in rules},
            mails=[(each.uid, f"{each.sender}: {each.subject}") for each in recent_mails(db(), current_actor())],
            mail=mail,
            trial=trial,
            problem=problem,
        )

    def new_rule(self) -> Any:
        """Add a rule."""
        if request.method == "GET":
            return _form(RuleDraft(), None, {})
        draft, errors = _typed()
        errors = errors or _attempt(lambda: create_rule(current_desk(), current_actor(), draft))
        if errors:
            return _form(draft, None, errors)
        flash(_("The rule “%(name)s” is added at the end.", name=draft.name), "success")
        return redirect(url_for(LIST))

    def rule(self, uid: str) -> Any:
        """Show a rule, and change it."""
        there = find_rule(db(), uid)
        if request.method == "GET":
            return _form(draft_of(there), there, {})
        draft, errors = _typed()
        errors = errors or _attempt(lambda: change_rule(current_desk(), current_actor(), uid, draft))
        if errors:
            return _form(draft, there, errors)
        flash(_("The rule “%(name)s” is saved.", name=draft.name), "success")
        return redirect(url_for(LIST))

    def move(self, uid: str) -> Response:
        """Put a rule further up or down."""
        close_session()
        move_rule(current_desk(), current_actor(), uid, request.form.get("to", ""))
        return redirect(url_for(LIST))

    def delete(self, uid: str) -> Response:
        """Remove a rule."""
        close_session()
        delete_rule(current_desk(), current_actor(), uid)
        flash(_("The rule is removed. Tickets that it has touched stay as they are."), "success")
        return redirect(url_for(LIST))

    def _try(self, uid: str) -> tuple[Trial | None, str]:
        if not uid:
            return None, ""
        try:
            return try_rules(self.gateway, current_actor(), uid), ""
        except HelpdeskError as error:
            return None, said(error)


def _says(rule: Rule) -> tuple[str, str]:
    """Return when the rule holds and what it does, in words."""
    names = _names()
    conditions = [
        (_("to %(what)s", what=rule.recipient), rule.recipient),
        (_("from %(what)s", what=rule.sender), rule.sender),
        (_("subject has %(what)s", what=rule.subject), rule.subject),
        (f"{rule.header}: {rule.header_value or '*'}", rule.header),
        (_("larger than %(size)s kB", size=rule.larger_than_kb), rule.larger_than_kb),
    ]
    does = [
        (_("department %(what)s", what=names["department"].get(rule.department, rule.department)), rule.department),
        (_("priority %(what)s", what=names["priority"].get(rule.priority, rule.priority)), rule.priority),
        (_("type %(what)s", what=names["type"].get(rule.type, rule.type)), rule.type),
        (_("tags %(what)s", what=", ".join(rule.tags)), rule.tags),
        (_("no confirmation"), rule.is_quiet),
        (_("keep in the quarantine"), rule.end == "quarantine"),
        (_("drop"), rule.end == "drop"),
    ]
    return ", ".join(text for text, is_so in conditions if is_so), ", ".join(text for text, is_so in does if is_so)


def _names() -> Mapping[str, Mapping[str, str]]:
    known = words()
    return {
        "department": {each.key: each.name for each in known.departments.values() if each.is_active},
        "priority": {each.key: each.name for each in known.priorities.values()},
        "type": {each.key: each.name for each in known.types.values() if each.is_active},
    }


def _typed() -> tuple[RuleDraft, Errors]:
    form = request.form
    size = form.get("larger_than_kb", "").strip() or "0"
    plain = (
        "name",
        "recipient",
        "sender",
        "subject",
        "header",
        "header_value",
        "department",
        "priority",
        "type",
        "end",
    )
    fits = size.isdecimal() and len(size) < 9
    draft = RuleDraft(
        **{name: form.get(name, "").strip() for name in plain},
        is_active="is_active" in form,
        is_quiet="is_quiet" in form,
        larger_than_kb=int(size) if fits else 0,
        tags=tuple(form.get("tags", "").replace(",", " ").split()),
    )
    return draft, {} if fits else {"larger_than_kb": [_("Give a whole number of kilobytes.")]}


def _form(draft: RuleDraft, there: Rule | None, errors: Errors) -> Any:
    options = {name: list(choices.items()) for name, choices in _names().items()}
    return _show("rule", errors, draft=draft, rule=there, options=options)


def _attempt(change: Callable[[], object]) -> Errors:
    close_session()
    try:
        refuse_unusable(request.form)
        change()
    except Invalid as error:
        return error.problems
    return {}


def _show(template: str, errors: Errors | None = None, /, **context: Any) -> tuple[str, int]:
    return render_template(f"email/{template}.html", errors=errors or {}, **context), 422 if errors else 200
