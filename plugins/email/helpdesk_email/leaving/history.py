"""What of the conversation stands below an answer, if its department wants that: the last message, or the thread.

Only what customers see is quoted, each message without what it quotes itself, so that no mail grows with every turn.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from html import unescape
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.dates import format_datetime
from markupsafe import Markup, escape
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from helpdesk_core.api import Helpdesk, Transaction
from helpdesk_core.api.db import affect
from helpdesk_core.api.i18n import known_locale
from helpdesk_core.api.mail import OutgoingDraft, OutgoingMail
from helpdesk_core.api.tickets import Message, Ticket, text_of
from helpdesk_core.api.users import find_by_address

from ..texts import texts

MOST_MESSAGES = 20
MOST_CHARACTERS = 60_000
MARK = '<div data-history="1">'
_ENDS = "</body>"
_ATTRIBUTIONS = re.compile(r"<p>([^<]*)</p>\n<blockquote>")


@dataclass(frozen=True, slots=True)
class _Reader:
    """In which language and time zone the history is told."""

    locale: str
    zone: tzinfo


def with_history(desk: Helpdesk, session: Session, draft: OutgoingDraft, choice: str) -> OutgoingDraft:
    """Return an agent's answer with what came before it; `choice` is `none`, `last` or `thread`."""
    if choice == "none" or draft.template != "reply" or draft.ticket_id is None or draft.message_ref is None:
        return draft
    earlier = _earlier(session, draft.ticket_id, draft.message_ref, 1 if choice == "last" else MOST_MESSAGES)
    if not earlier:
        return draft
    reader = _reader(desk, session, draft)
    quotes = [(_attribution(desk, each, reader), _own(each)) for each in earlier]
    text = "\n\n".join([draft.text.rstrip("\n"), *(f"{who}\n{_quoted(said)}" for who, said in quotes)]) + "\n"
    html = draft.html
    if html is not None:
        before, ends, after = html.rpartition(_ENDS)
        history = Markup().join(_as_html(who, said) for who, said in quotes)
        below = f"{MARK}{history}</div>"
        html = f"{before}{below}{ends}{after}" if ends else f"{html}{below}"
    return replace(draft, text=text, html=html)


def forget_history(tx: Transaction, tickets: Collection[int], message: Message, repeats: Callable[[str], bool]) -> None:
    """Take the history out of mails that quote a message which is redacted, whether they have left or wait.

    What agents have quoted themselves stays, as far as it is of other messages.
    """
    later = select(OutgoingMail).where(
        OutgoingMail.ticket_id.in_(tickets),
        OutgoingMail.template == "reply",
        OutgoingMail.message_ref > message.id,
    )
    for mail in tx.session.scalars(later):
        html = mail.body_html
        if not repeats(mail.body_text) and not (html is not None and repeats(text_of(html))):
            continue
        if html is None:
            values = {"body_text": without_history(mail.body_text, _any_attribution(tx.desk))}
        elif MARK in html:
            before, _mark, after = html.rpartition(MARK)
            said = {unescape(each) for each in _ATTRIBUTIONS.findall(after)}
            rest = before + after[after.rfind(_ENDS) :] if _ENDS in after else before
            values = {"body_text": without_history(mail.body_text, said.__contains__), "body_html": rest}
        else:
            continue
        affect(tx.session, update(OutgoingMail).where(OutgoingMail.id == mail.id).values(values))


def without_history(text: str, attributes: Callable[[str], object]) -> str:
    """Return the text of a mail without quotes below lines that say whose they are, which `attributes` knows."""
    lines = text.rstrip("\n").split("\n")
    kept: list[str] = []
    within = False
    for at, line in enumerate(lines):
        begins = at + 1 < len(lines) and lines[at + 1].startswith(">") and attributes(line)
        within = bool(begins) or (within and line.startswith(">"))
        if not within:
            kept.append(line)
    return "\n".join(kept).rstrip("\n") + "\n"


def _any_attribution(desk: Helpdesk) -> Callable[[str], object]:
    """Return what knows a line of ours above a quote, in any language; programs for mail write no seconds there."""
    forms = [
        re.escape(_wrote(desk, locale, "{date}", "{name}"))
        .replace(re.escape("{date}"), r".*\d[:.]\d\d[:.]\d\d.*")
        .replace(re.escape("{name}"), ".*")
        for locale in desk.catalogues.languages
    ]
    return re.compile("|".join(forms)).fullmatch


def _earlier(session: Session, ticket_id: int, before: int, most: int) -> Sequence[Message]:
    query = (
        select(Message)
        .where(Message.ticket_id == ticket_id, Message.kind == "public", Message.redacted_at.is_(None))
        .where(Message.id < before)
        .order_by(Message.id.desc())
        .limit(most)
    )
    found: list[Message] = []
    room = MOST_CHARACTERS
    for each in session.scalars(query):
        room -= len(_own(each))
        if found and room < 0:
            break
        found.append(each)
    return found


def _own(message: Message) -> str:
    at = message.details.get("quote_at")
    text = message.body_text[:at] if isinstance(at, int) else message.body_text
    return text.strip("\n")[:MOST_CHARACTERS]


def _reader(desk: Helpdesk, session: Session, draft: OutgoingDraft) -> _Reader:
    site = desk.settings.site()
    user = find_by_address(session, draft.to[0].address)
    ticket = session.get(Ticket, draft.ticket_id)
    of_ticket = ticket.locale if ticket is not None and user is not None and ticket.requester_id == user.id else None
    locale = (user.locale if user is not None else None) or of_ticket or site.language
    name = (user.timezone if user is not None else None) or site.timezone
    try:
        return _Reader(locale, ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError):
        return _Reader(locale, UTC)


def _attribution(desk: Helpdesk, message: Message, reader: _Reader) -> str:
    date = format_datetime(message.created_at, "medium", tzinfo=reader.zone, locale=known_locale(reader.locale))
    name = " ".join(message.author_name.split())
    return _wrote(desk, reader.locale, date, name)


def _wrote(desk: Helpdesk, locale: str, date: str, name: str) -> str:
    return desk.texts(locale).say(texts.lazy("On %(date)s %(name)s wrote:", date=date, name=name))


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def _as_html(who: str, said: str) -> Markup:
    lines = Markup("<br>\n").join(escape(line) for line in said.split("\n"))
    return Markup("<p>{}</p>\n<blockquote>{}</blockquote>\n").format(who, lines)
