"""A ticket's story: its messages, and between them, as thin lines, what else happened."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask_babel import ngettext
from markupsafe import Markup

from helpdesk_core.events.models import EventRow
from helpdesk_core.tickets.content import preview_of
from helpdesk_core.tickets.models import Message
from helpdesk_core.tickets.vocabulary import Vocabulary
from helpdesk_core.web.context import current_desk
from helpdesk_core.web.letters import Letter, as_letter
from helpdesk_core.web.localisation import gettext as _
from helpdesk_core.web.localisation import spoken

SILENT = frozenset({"ticket.opened", "message.posted", "message.redacted"})
"""Events that the conversation shows as letters."""
MANY = 3
QUOTED = 120
"""Characters of a message that stand in the timeline."""
ICONS = {
    "ticket.changed": "pencil",
    "ticket.moved": "folder-input",
    "ticket.split": "split",
    "ticket.merged": "merge",
    "operation.undone": "undo-2",
    "ticket.linked": "link",
    "ticket.unlinked": "link",
    "participant.added": "user-plus",
    "participant.removed": "user",
}


@dataclass(frozen=True, slots=True)
class Undo:
    """What takes a change back: a form that posts `fields` to `href`."""

    href: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """Something that happened, in one sentence."""

    text: Markup
    when: datetime
    icon: str = "history"
    undo: Undo | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One item of the story: a letter, or the lines between two letters."""

    letter: Letter | None = None
    lines: Sequence[Line] = field(default_factory=tuple)

    @property
    def folded(self) -> str:
        """Words that stand for the lines when there are many of them; empty if they are shown one by one."""
        if len(self.lines) <= MANY or any(line.undo for line in self.lines):
            return ""
        return str(ngettext("%(num)d change", "%(num)d changes", len(self.lines)))


@dataclass(frozen=True, slots=True)
class Known:
    """What events are told with: the site's words, and names of people by uid and by id."""

    words: Vocabulary
    by_uid: Mapping[str, str]
    by_id: Mapping[int, str] = field(default_factory=dict)


def story(
    messages: Iterable[Message], events: Iterable[EventRow], known: Known, undos: Mapping[int, Undo] | None = None
) -> list[Part]:
    """Return messages and other events in the order in which they happened; `undos` by the id of their event."""
    lines = [line for row in events if (line := as_line(row, known, (undos or {}).get(row.id))) is not None]
    parts: list[Part] = []
    for message in messages:
        before = [line for line in lines if line.when < message.created_at]
        lines = lines[len(before) :]
        if before:
            parts.append(Part(lines=before))
        parts.append(Part(letter=as_letter(message)))
    if lines:
        parts.append(Part(lines=lines))
    return parts


def timeline_lines(messages: Iterable[Message], events: Iterable[EventRow], known: Known) -> list[Line]:
    """Return everything that happened, one line each, messages included; each of these leads to its letter."""
    written = {message.id: message for message in messages}
    lines = []
    for row in events:
        line = _written(row, written) if row.type in SILENT else as_line(row, known)
        if line is not None:
            lines.append(line)
    return lines


def as_line(row: EventRow, known: Known, undo: Undo | None = None) -> Line | None:
    """Return the event in words, or None if the story shows it otherwise."""
    if row.type in SILENT:
        return None
    text = deed(row, known)
    return _line(row, text, undo) if text else None


def deed(row: EventRow, known: Known) -> str | Markup:
    """Return what happened to the ticket, said after the name of who did it; empty if that is told elsewhere."""
    if row.type == "ticket.changed":
        return Markup(", ").join(_changes(row.data["changes"], known.words, known.by_uid))
    if row.type in ("participant.added", "participant.removed"):
        return _came_or_went(row, known)
    return _sentence(row.type, row.data)


def _line(row: EventRow, text: Any, undo: Undo | None = None) -> Line:
    who = Markup("<strong>{}</strong>").format(row.actor_name or _("The helpdesk"))
    return Line(Markup("{} {}").format(who, text), row.created_at, ICONS.get(row.type, "history"), undo)


def _written(row: EventRow, written: Mapping[int, Message]) -> Line | None:
    if row.type == "ticket.opened":
        return _line(row, _("opened the ticket"))
    message = written.get(row.data["message_id"])
    if row.type == "message.redacted":
        return _line(row, _("removed the content of a message: %(reason)s", reason=row.data["reason"]))
    if message is None:
        return _line(row, _("wrote a message that stands elsewhere now"))
    said = preview_of(message.body_text)
    said = said if len(said) <= QUOTED else f"{said[:QUOTED].rstrip()}…"
    text = _("added a note:") if message.kind == "internal" else _("wrote:")
    return _line(row, Markup('{} <a href="#m-{}">{}</a>').format(text, message.uid, said or _("(files only)")))


def _came_or_went(row: EventRow, known: Known) -> str:
    added, role, user_id = row.type == "participant.added", row.data["role"], row.data["user_id"]
    if user_id == row.actor_id and role == "follower":
        return str(_("follows this ticket") if added else _("does not follow this ticket any more"))
    name = known.by_id.get(user_id) or _("somebody")
    if added:
        return str(_("added %(name)s as %(role)s", name=name, role=_role(role)))
    return str(_("removed %(name)s as %(role)s", name=name, role=_role(role)))


def _sentence(kind: str, data: Mapping[str, Any]) -> str:
    other = data.get("other", "")
    away = data.get("side") == "source"
    if kind == "ticket.moved":
        return str(_("moved it from %(a)s to %(b)s", a=data["from_name"], b=data["to_name"]))
    if kind == "ticket.split":
        return str(_("split messages off to #%(n)s", n=other) if away else _("split this off #%(n)s", n=other))
    if kind == "ticket.merged":
        return str(_("merged this into #%(n)s", n=other) if away else _("merged #%(n)s into this", n=other))
    if kind == "operation.undone":
        what = _("split") if data["kind"] == "split" else _("merge")
        return str(_("took back the %(what)s with #%(n)s", what=what, n=other))
    if kind == "ticket.linked":
        return str(_("linked it to #%(n)s", n=other))
    if kind == "ticket.unlinked":
        return str(_("took the link to #%(n)s away", n=other))
    known = current_desk().event_types.get(kind)
    return str(spoken(known.sentence)) if known is not None and known.sentence else kind


def _changes(changes: Mapping[str, Sequence[Any]], words: Vocabulary, names: Mapping[str, str]) -> list[Markup]:
    said = []
    for field_, (before, after) in changes.items():
        if field_ == "department":
            continue  # the move tells it
        name = Markup("{}: <s>{}</s> → <b>{}</b>")
        said.append(
            name.format(
                _field(field_), _value(field_, before, words, names) or "–", _value(field_, after, words, names) or "–"
            )
        )
    return said


def told(field_: str, before: Any, after: Any, known: Known) -> tuple[str, str, str]:
    """Return a field's name and two values of it in words."""
    return (
        _field(field_),
        _value(field_, before, known.words, known.by_uid) if before else "",
        _value(field_, after, known.words, known.by_uid) if after else "",
    )


def _field(name: str) -> str:
    fields = {
        "subject": _("subject"),
        "status": _("status"),
        "priority": _("priority"),
        "type": _("type"),
        "assignee": _("assignee"),
        "tags": _("tags"),
    }
    return str(fields.get(name, name))


def _value(field_: str, value: Any, words: Vocabulary, names: Mapping[str, str]) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    known: Mapping[str, Any] = {"status": words.statuses, "priority": words.priorities, "type": words.types}.get(
        field_, {}
    )
    if value in known:
        return str(spoken(known[value].name))
    return names.get(value, str(_("somebody"))) if field_ == "assignee" else str(value)


def _role(role: str) -> str:
    roles = {"cc": _("copy recipient"), "follower": _("follower"), "specialist": _("specialist")}
    return str(roles.get(role, role))
