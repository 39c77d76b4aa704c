"""What a plugin may answer to each hook: something harmless, and several kinds of nonsense."""

import dataclasses
import time
import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import click

from helpdesk_core.hooks import HookSpec, RefineSpec, RenderSpec
from helpdesk_core.hooks.signatures import matches
from helpdesk_core.jobs.schedule import Job
from helpdesk_core.rest.routing import ApiRoute
from helpdesk_core.users.inputs import Identity, PersonalData
from helpdesk_core.users.permissions import Permission
from helpdesk_core.web.parts import Answer, Article, Column, Command, FormField, Link, Panel, Source, TicketAction
from helpdesk_core.web.routing import PUBLIC, Route

Spec = HookSpec[..., Any]
Values = Mapping[str, Any]
Behaviour = Callable[[str, Spec, Values], Any]
"""Answers for a plugin (its id) to a hook with these arguments."""

HANGING = 2.0
"""Seconds: much longer than the deadlines of these tests, and short enough to let the threads end."""
SHOWN = "what the plugin shows"


def nothing(*_arguments: object, **_named: object) -> str:
    return "nothing"


def harmless(plugin_id: str, spec: Spec, values: Values) -> Any:
    """Return something of the right type that makes as much happen as possible and does no harm."""
    if spec.name in _OWN:
        return _OWN[spec.name](plugin_id, values)
    if isinstance(spec, RefineSpec):
        return values[spec.refines]
    if isinstance(spec, RenderSpec):
        return Panel(template=f"{plugin_id}/panel.html", title="Spied", context={"word": SHOWN})
    return [] if spec.style in ("collect", "veto") else None


_OWN: dict[str, Callable[[str, Values], Any]] = {
    "permissions": lambda me, _: [Permission(f"{me}.look", "look around", owner=me)],
    "scheduled_jobs": lambda _, __: [Job("watch", timedelta(hours=1), nothing)],  # type: ignore[arg-type]  # a job's result is nobody's
    "portal_routes": lambda _, __: [Route("/", nothing, PUBLIC, name="portal")],
    "desk_routes": lambda me, __: [Route("/", nothing, f"{me}.look", name="desk")],
    "admin_routes": lambda me, __: [Route("/", nothing, f"{me}.look", name="admin")],
    "api_routes": lambda _, __: [ApiRoute(rule="/words", view=nothing, permission=PUBLIC, name="words")],
    "content_sources": lambda _, __: [Source("img-src", "https://pictures.example.com")],
    "template_globals": lambda me, _: [("name", f"the name {me} gave")],
    "portal_links": lambda me, _: [Link(label="Spied", href=f"/x/{me}/")],
    "desk_commands": lambda me, _: [Command(label="Spy here", href=f"/desk/x/{me}/")],
    "desk_links": lambda me, _: [Link(label="Spied", href=f"/desk/x/{me}/")],
    "admin_links": lambda me, _: [Link(label="Spied", href=f"/admin/x/{me}/")],
    "ticket_form_fields": lambda _, __: [FormField(name="mood", label="Mood")],
    "portal_answers": lambda me, _: [Answer(title="Spied", href=f"/x/{me}/")],
    "portal_article": lambda me, _: Article(title="Spied", html=f"<p>From {me}.</p>"),
    "composer_text": lambda me, _: f"A greeting from {me}.",
    "ticket_actions": lambda me, _: [TicketAction(label="Spy", href=f"/desk/x/{me}/")],
    "ticket_columns": lambda _, __: [Column(key="mood", label="Mood")],
    "ticket_column_values": lambda _, values: {each: {"mood": "calm"} for each in values["ticket_ids"]},
    "ticket_extras": lambda _, values: {each: {"mood": "calm"} for each in values["ticket_ids"]},
    "message_parts": lambda me, values: {
        each.id: Panel(template=f"{me}/panel.html", context={"word": SHOWN}) for each in values["messages"]
    },
    "cli_commands": lambda _, __: [click.Command("look", callback=nothing)],
    "personal_data": lambda _, __: [PersonalData(name="seen", data={"often": 7}, files={"a.txt": b"a"})],
}


def raises(_plugin_id: str, _spec: Spec, _values: Values) -> Any:
    raise ZeroDivisionError("the plugin is broken")


def leaves(_plugin_id: str, _spec: Spec, _values: Values) -> Any:
    raise SystemExit(3)


def hangs(plugin_id: str, spec: Spec, values: Values) -> Any:
    time.sleep(HANGING)
    return harmless(plugin_id, spec, values)


def rubbish(_plugin_id: str, spec: Spec, _values: Values) -> Any:
    """Return something of another type than the hook promises."""
    return next(each for each in ("rubbish", 7, object()) if not matches(each, spec.types["return"]))


def nearly_right(plugin_id: str, spec: Spec, values: Values) -> Any:
    """Return something of the right type with something of a wrong type in it."""
    wrong: Any = object()
    if isinstance(spec, RefineSpec) and dataclasses.is_dataclass(values[spec.refines]):
        value: Any = values[spec.refines]
        return dataclasses.replace(value, **{dataclasses.fields(value)[0].name: wrong})
    kind = spec.types["return"]
    origin = typing.get_origin(kind)
    if origin is not None and issubclass(origin if isinstance(origin, type) else object, Mapping):
        return {1: wrong}
    if origin is not None and issubclass(origin if isinstance(origin, type) else object, Sequence):
        return [wrong]
    if kind == (Panel | None):
        return Panel(template=f"{plugin_id}/panel.html", order=wrong)
    return wrong


def unusable(plugin_id: str, spec: Spec, values: Values) -> Any:
    """Return something of the right type that no ticket, message, person or mail can have."""
    value: Any = values[spec.refines] if isinstance(spec, RefineSpec) else None
    changes: dict[str, dict[str, Any]] = {
        "ticket_draft": {"subject": "", "department": "nowhere", "priority": "!", "assignee": "nobody"},
        "message_draft": {"text": " ", "uploads": (), "attachments": (), "html": None},
        "ticket_change": {"status": "nowhere", "subject": "\n"},
        "user_draft": {"name": "", "timezone": "Moon/Crater"},
        "department_draft": {"name": "", "key": "!"},
        "outgoing_mail": {"to": (), "message_id": "no brackets", "headers": {"X\nTo": "everybody@example.net"}},
    }
    if spec.name in changes:
        return dataclasses.replace(value, **changes[spec.name])
    if spec.name == "ticket_number":
        return "a number/with a slash"
    if spec.name == "authenticate":
        return Identity(address="no address", method="magic")
    if isinstance(spec, RenderSpec) and spec.types["return"] != (Panel | None):
        return {10**9: None}  # a row that nobody asked about; where that is of the wrong type it is rubbish too
    return harmless(plugin_id, spec, values)


def broken_templates(plugin_id: str, spec: Spec, values: Values) -> Any:
    """Return panels whose templates fail in different ways."""
    names = ("raises", "hangs", "missing", "syntax", "undefined")
    if spec.types["return"] == (Panel | None):
        chosen = names[sum(spec.name.encode()) % len(names)]
        return Panel(template=f"{plugin_id}/{chosen}.html", context={"wait": time.sleep}, title="Broken")
    if spec.name == "message_parts":
        return {each.id: Panel(template=f"{plugin_id}/raises.html") for each in values["messages"]}
    return harmless(plugin_id, spec, values)


TEMPLATES = {
    "panel": "<p>{{ word }}</p>",
    "raises": "{{ 1 // 0 }}",
    "hangs": "{{ wait(2) }}",
    "syntax": "{% if %}",
    "undefined": "{{ nobody.knows.this }}",
    "names": "{{ me.name }}",
}
"""What lies in the folder of templates of a plugin of these tests; there is no `missing`."""
