"""The editor's form: what it holds at first, and reading what was entered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from helpdesk_core.api import Actor, Helpdesk
from helpdesk_core.api.attachments import Upload
from helpdesk_core.api.departments import Department, all_departments
from helpdesk_core.api.errors import NotFound
from helpdesk_core.api.tickets import Message, Ticket, conversation, find_ticket

from . import addresses, categories, relating
from .models import Article, Text, Version
from .rights import WRITE
from .texts import _
from .writing import Placing, TextDraft, placing_of

FIELDS = ("title", "summary", "body", "note", "visibility", "category", "department", "related", "locale")


@dataclass(frozen=True, slots=True)
class Entered:
    """What the form holds, as text."""

    values: Mapping[str, str]

    def draft(self) -> TextDraft:
        """Return the words."""
        return TextDraft(**{key: self.values[key] for key in ("title", "summary", "body", "note")})

    def placing(self, desk: Helpdesk, session: Session, actor: Actor) -> Placing:
        """Return where it stands; `Invalid` names what is no address of an article among the related ones."""
        lines = [each.strip() for each in self.values["related"].replace(",", "\n").split("\n") if each.strip()]
        return Placing(
            visibility=self.values["visibility"],
            category=self.values["category"],
            department=self.values["department"],
            related=relating.uids_of(desk, session, actor, lines),
        )


def entered() -> Entered:
    """Return what was sent."""
    return Entered({key: request.form.get(key, "") for key in FIELDS})


def blank(locale: str) -> Entered:
    """Return an empty form."""
    return Entered(dict.fromkeys(FIELDS, "") | {"visibility": "public", "locale": locale})


def stored(
    session: Session, actor: Actor, article: Article, text: Text | None, version: Version | None, locale: str
) -> Entered:
    """Return the form of an article in a language; what is not written yet is empty."""
    placing = placing_of(session, actor, article)
    values = {
        "title": version.title if version else "",
        "summary": version.summary if version else "",
        "body": version.body if version else "",
        "note": "",
        "visibility": placing.visibility,
        "category": placing.category,
        "department": placing.department,
        "related": "\n".join(relating.addresses_of(session, actor, article)),
        "locale": text.locale if text else locale,
    }
    return Entered(values)


def of_ticket(session: Session, actor: Actor, number: str, locale: str) -> tuple[Entered, Ticket]:
    """Return a form filled from a ticket: its first message, and the last public answer to it; no internal notes."""
    ticket = find_ticket(session, actor, number, "desk")
    messages = [each for each in conversation(session, ticket, internal=False) if each.kind == "public"]
    question = _text(messages[0]) if messages else ""
    answers = [each for each in messages[1:] if each.side == "agent"]
    answer = _text(answers[-1]) if answers else ""
    body = f"## {_('Question')}\n\n{question}\n\n## {_('Answer')}\n\n{answer}".rstrip() + "\n"
    values = dict(blank(locale).values) | {"title": ticket.subject, "body": body, "visibility": "internal"}
    return Entered(values), ticket


def choices(session: Session, actor: Actor) -> dict[str, Any]:
    """Return what can be chosen in the form."""
    shelves = [each for top in categories.tree(session, actor, addresses.reader_locale()) for each in top.walk()]
    departments: Sequence[Department] = [each for each in all_departments(session) if actor.may(WRITE, each.id)]
    return {
        "categories": [(each.category.slug, "\u2003" * each.depth + each.name) for each in shelves],
        "departments": [(each.key, each.name) for each in departments],
        "visibilities": [
            ("public", _("Everybody"), ""),
            ("customers", _("Customers with an account"), ""),
            ("department", _("One department"), _("Only those who work tickets in it.")),
            ("internal", _("Internal"), _("Everybody who works tickets.")),
        ],
    }


def files() -> tuple[Upload, ...]:
    """Return the files that were chosen."""
    return tuple(
        Upload(name=each.filename, content=each.read(), content_type=each.mimetype)
        for each in request.files.getlist("files")
        if each.filename
    )


def locale_or_404(locale: str, known: Sequence[str]) -> str:
    """Return a language that the form may be opened in; `NotFound` for others."""
    if locale not in known:
        raise NotFound(_("There is no such language here."))
    return locale


def _text(message: Message) -> str:
    return message.body_text.strip()
