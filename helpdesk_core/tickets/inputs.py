"""What one gives to the ticket services: frozen values, checked here for shape and size."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from helpdesk_core.attachments.inputs import StoredFile, Upload
from helpdesk_core.errors import Invalid
from helpdesk_core.texts import lazy as _l
from helpdesk_core.tickets.content import Body, body_of, is_visible
from helpdesk_core.tickets.content import clean_line as clean_line
from helpdesk_core.tickets.content import clean_text as clean_text

MAX_SUBJECT = 500
MAX_BODY = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """A message to be posted.

    `text` is what was written: Markdown from the desk and the portal, plain text from elsewhere. `html` is the
    sender's own HTML (mail);
    it is sanitised before it is stored. `attachments` are uids of uploads of the same actor, `uploads` come along
    directly; `files` are uploads that were taken in already (`take_in`), as who opens a unit of work around the service
    does before.
    `message_id` and `references` are mail headers with angle brackets.
    """

    text: str
    html: str | None = None
    markdown: bool = True
    attachments: tuple[str, ...] = ()
    uploads: tuple[Upload, ...] = ()
    files: tuple[StoredFile, ...] = ()
    status: str | None = None
    """Key of the status to set along with a reply; None for what the rules of turns say."""
    message_id: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    created_at: datetime | None = None
    """For imports: when it was really written."""
    notify: bool = True
    uid: str | None = None
    """The new message's uid, 22 characters as `new_uid` makes them; a form has one, so that what is sent twice is
    written once: the second is an IntegrityError. None makes one."""
    _made: list[Body] = field(init=False, repr=False, compare=False, hash=False, default_factory=list)

    def body(self) -> Body:
        """Return clean text and HTML, made once: checking a draft makes them, long before it is written."""
        if not self._made:
            self._made.append(body_of(self.text, self.html, markdown=self.markdown))
        return self._made[0]

    def but(self, **changes: Any) -> "NewMessage":
        """Return the message with other values; what was rendered is kept, so text and HTML must stay."""
        changed = replace(self, **changes)
        changed._made.extend(self._made)
        return changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Requester:
    """For whom a ticket is opened: an account by `uid`, or an address (an account is made when it is new)."""

    uid: str | None = None
    email: str | None = None
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTicket:
    """A ticket to be opened. `department`, `priority`, `type`, `status` are keys; `cc` are addresses.

    `extra` carries what plugins added to the form: `{plugin id: anything}`.
    """

    subject: str
    message: NewMessage
    department: str
    requester: Requester | None = None
    priority: str | None = None
    type: str | None = None
    status: str | None = None
    assignee: str | None = None
    """uid of an agent."""
    tags: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    locale: str | None = None
    number: str | None = None
    """For imports: the number it had."""
    extra: Mapping[str, Any] = field(default_factory=dict)


class Unset:
    """The type of `UNSET`: the field is left as it is."""

    def __repr__(self) -> str:
        """Show as what it is."""
        return "UNSET"

    def __bool__(self) -> bool:
        """Count as nothing."""
        return False


UNSET = Unset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Fields to change, by key or uid; what is `UNSET` stays. `tags` replaces all tags.

    `expected` says what the person saw: a field that is something else by now makes a `Conflict`. `version` is
    stricter: any change since makes one.
    """

    subject: str | Unset = UNSET
    status: str | Unset = UNSET
    priority: str | Unset = UNSET
    type: str | Unset | None = UNSET
    assignee: str | Unset | None = UNSET
    tags: tuple[str, ...] | Unset = UNSET
    expected: Mapping[str, Any] = field(default_factory=dict)
    version: int | None = None

    def given(self) -> dict[str, Any]:
        """Return the fields that are to change, with their new values."""
        names = [each.name for each in fields(self) if each.name not in ("expected", "version")]
        return {name: getattr(self, name) for name in names if getattr(self, name) is not UNSET}


def checked_subject(subject: str) -> str:
    """Return the clean subject, or raise `Invalid` when it is empty or too long."""
    subject = clean_line(subject)
    if not is_visible(subject):
        raise Invalid({"subject": [_l("Write a subject: a few words that say what it is about.")]})
    if len(subject) > MAX_SUBJECT:
        raise Invalid(
            {
                "subject": [
                    _l(
                        "The subject has %(count)s characters; %(max_subject)s are allowed. Shorten it.",
                        count=format(len(subject), ","),
                        max_subject=MAX_SUBJECT,
                    )
                ]
            }
        )
    return subject


def checked_text(message: NewMessage) -> str:
    """Return the message's clean text, or raise `Invalid` when there is nothing in it or far too much.

    The HTML is made here too, so that rendering never takes place within a unit of work.
    """
    if len(message.text) > MAX_BODY * 2:  # not worth cleaning; what is not far over is measured when it is clean
        raise Invalid({"text": [_too_long(len(message.text))]})
    text = message.body().text
    if not is_visible(text) and not message.html and not (message.attachments or message.uploads or message.files):
        raise Invalid({"text": [_l("Write a message before sending it.")]})
    if len(text) > MAX_BODY:
        raise Invalid({"text": [_too_long(len(text))]})
    return text


def _too_long(length: int) -> str:
    return _l(
        "The message has %(length)s characters; %(max_body)s are allowed. Attach it as a file instead.",
        length=format(length, ","),
        max_body=format(MAX_BODY, ","),
    )


def checked_tags(tags: tuple[str, ...]) -> tuple[str, ...]:
    """Return the tags in lower case, sorted, each once."""
    cleaned = sorted({clean_line(tag).lower() for tag in tags} - {""})
    too_long = [tag for tag in cleaned if len(tag) > 64]
    if too_long:
        raise Invalid(
            {"tags": [_l("The tag “%(value)s…” is longer than 64 characters. Shorten it.", value=too_long[0][:20])]}
        )
    if len(cleaned) > 50:
        raise Invalid({"tags": [_l("A ticket can have 50 tags at most. Take some away.")]})
    return tuple(cleaned)
