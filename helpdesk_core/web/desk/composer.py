"""What the composer of a ticket's page holds: the agent's draft, or what a form brought that is shown once more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import request
from markupsafe import Markup
from sqlalchemy.orm import Session

from helpdesk_core.actor import Actor
from helpdesk_core.attachments.models import Attachment
from helpdesk_core.drafts.service import find_draft
from helpdesk_core.tickets.content import body_of
from helpdesk_core.tickets.posting import Kind
from helpdesk_core.web.letters import plain_html
from helpdesk_core.web.submitted import form_uid, waiting_files

READ_TO: Final = "read_to"
"""The hidden field with the uid of the last message that the page showed."""


@dataclass(kw_only=True)
class Composer:
    """What stands in the composer; `kind` is None where the person has not chosen yet."""

    body: str = ""
    kind: Kind | None = None
    attachments: Sequence[Attachment] = ()
    cc_add: str = ""
    problems: Sequence[str] = ()
    warning: str = ""
    preview: Markup | None = None
    drafted_at: datetime | None = None

    @property
    def form_uid(self) -> str:
        """Return the mark by which the form counts once."""
        return form_uid()


def draft_name(number: str) -> str:
    """Return the name under which an agent's draft on a ticket is kept."""
    return f"desk-{number}"


def from_draft(session: Session, actor: Actor, number: str) -> Composer:
    """Return the composer with what the agent has begun and not sent, on whichever device."""
    draft = find_draft(session, actor, draft_name(number))
    if draft is None:
        return Composer()
    fields = {name: values[0] for name, values in draft.content.items() if values}
    begun = Composer(
        body=fields.get("body", ""),
        kind=kind_of(fields.get("kind", "public")),
        attachments=waiting_files(session, actor, draft.content.get("attachments", ())),
        cc_add=fields.get("cc_add", ""),
        drafted_at=draft.updated_at,
    )
    return begun if begun.body or begun.attachments or begun.cc_add else Composer()


def from_form(session: Session, actor: Actor, kept: Sequence[str] = (), problems: Sequence[str] = ()) -> Composer:
    """Return the composer as the form brought it; `kept` are uids of files that came along and are stored now."""
    return Composer(
        body=request.form.get("body", ""),
        kind=kind_of(request.form.get("kind", "")),
        attachments=waiting_files(session, actor, [*request.form.getlist("attachments"), *kept]),
        cc_add=request.form.get("cc_add", ""),
        problems=problems,
    )


def kind_of(given: str) -> Kind:
    """Return the kind of message that a form asks for; what is not clearly a reply does not go to the customer."""
    return "public" if given == "public" else "internal"


def preview_html(text: str) -> Markup:
    """Return what a text will look like when it is sent; safe."""
    body = body_of(text, None, markdown=True)
    if body.html is None:
        return plain_html(body.text)
    return Markup(body.html)  # noqa: S704 - sanitised when it was rendered
