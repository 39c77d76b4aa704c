"""The fields that plugins add to the form for a new ticket: shown, checked, handed on."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import has_request_context
from werkzeug.datastructures import MultiDict

from helpdesk_core.actor import Actor
from helpdesk_core.hooks import HookFailed
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.web import hooks
from helpdesk_core.web.context import close_session, current_desk
from helpdesk_core.web.localisation import gettext as _
from helpdesk_core.web.localisation import said
from helpdesk_core.web.parts import FormField

log = logging.getLogger(__name__)

INPUTS: Final = frozenset({"text", "email", "url", "tel", "number", "date"})
KINDS: Final = INPUTS | {"textarea", "select", "checkbox", "checkboxes", "radios", "note"}
OWN: Final = object()
"""Stands for the account of whoever asks."""


@dataclass(frozen=True, slots=True)
class Question:
    """A plugin's field on the page; `name` is the field's in the form, `key` the plugin's own."""

    plugin: str
    key: str
    name: str
    kind: str
    field: FormField
    value: str


def questions(
    desk: Helpdesk,
    actor: Actor,
    department: str | None,
    entered: Mapping[str, str],
    *,
    fresh: bool,
    customer_id: int | object | None = OWN,
) -> list[Question]:
    """Return the fields for a ticket in that department (its key), with what was entered so far.

    `entered` is the form's fields by name; `fresh` says that nobody has filled it in, so that fields begin with what
    their plugin proposes. `customer_id` is the account that the ticket is for, if it is not the actor's own. The
    request's session is let go of, since plugins may ask other machines.
    """
    if not desk.hooks.implementers(hooks.ticket_form_fields):
        return []
    if has_request_context():
        close_session()
    given: dict[str, dict[str, str]] = {}
    for name, value in _values(entered):
        mark, _dash, rest = name.partition("-")
        plugin, dash, field = rest.partition("-")
        if mark == "x" and dash:
            given.setdefault(plugin, {})[field] = value
    customer = actor.user_id if customer_id is OWN else customer_id
    found = desk.hooks.collect_by_plugin(
        hooks.ticket_form_fields,
        actor=actor,
        customer_id=customer if isinstance(customer, int) else None,
        department=department,
        entered=given,
    )
    asked = [_question(plugin, field, given.get(plugin, {}), fresh) for plugin, fields in found for field in fields]
    return sorted(asked, key=lambda each: each.field.order)


def answers(asked: Sequence[Question]) -> tuple[dict[str, dict[str, Any]], dict[str, list[str]]]:
    """Return what was entered, by plugin and field as `NewTicket.extra` takes it, and what is wrong, by field."""
    extra: dict[str, dict[str, Any]] = {}
    problems: dict[str, list[str]] = {}
    for question in asked:
        if question.kind == "note":
            extra.setdefault(question.plugin, {})
            continue
        given = question.value.strip()
        if question.field.required and not given:
            problems[question.name] = [_("Fill this in.")]
            continue
        try:
            value, problem = _loaded(question, given)
        except HookFailed as error:  # a plugin's mistake must keep nobody from asking
            log.error("The field %s of %s cannot be read: %s", question.key, question.plugin, error)
            continue
        if problem:
            problems[question.name] = [problem]
        else:
            extra.setdefault(question.plugin, {})[question.key] = value
    return extra, problems


def _loaded(question: Question, given: str) -> tuple[Any, str]:
    """Return what the plugin makes of an entry, and what it says is wrong with it; HookFailed if it fails."""

    def load() -> tuple[Any, str]:
        try:
            return question.field.load(given), ""
        except ValueError as error:
            return None, said(error) or str(_("This does not fit."))

    return current_desk().hooks.run_for(hooks.ticket_form_fields, question.plugin, load)


def labels(asked: Sequence[Question]) -> Mapping[str, str]:
    """Return what each field is called, for the summary of errors."""
    return {question.name: question.field.label for question in asked}


def _values(entered: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Return the fields with what was entered; of a field with several values these are lines."""
    for name in entered:
        yield name, "\n".join(entered.getlist(name)) if isinstance(entered, MultiDict) else entered[name]


def _question(plugin: str, field: FormField, entered: Mapping[str, str], fresh: bool) -> Question:
    kind = field.kind if field.kind in KINDS else "text"
    value = entered.get(field.name, field.value if fresh else "")
    return Question(plugin, field.name, f"x-{plugin}-{field.name}", kind, field, value)
