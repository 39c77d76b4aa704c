"""Tickets as an index holds them: one entry a ticket, with all that was said on it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk_core.api.attachments import Attachment
from helpdesk_core.api.search import TicketWords
from helpdesk_core.api.tickets import Message, Participant, Ticket, TicketTag, Vocabulary
from helpdesk_core.api.users import EmailAddress, Organisation, User

from .asking import TICKETS, fact, facts_of
from .engine import Entry
from .texts import Reading
from .words import terms
from .words import words as words_of

MAX_TEXT: Final = 400_000
"""So many characters of what was said on a ticket are indexed, of notes as many again; the newest come first."""
MAX_WORDS: Final = 16_000
"""So many words in order, for phrases: PostgreSQL counts no further."""
NOBODY: Final = "none"
"""What is looked for as `assignee:none`."""
BREAK: Final = "\x1f"
"""A word that nobody writes, between texts, so that no phrase begins in one and ends in the next."""


def load_tickets(
    session: Session,
    words: Vocabulary,
    texts: Reading,
    keys: Sequence[str],
    added: Mapping[int, Sequence[TicketWords]],
) -> list[Entry]:
    """Return the entries of these tickets (keys are row ids), leaving out those that are gone.

    `added` are texts that plugins have tickets found by, by row id.
    """
    ids = [int(key) for key in keys]
    found = session.execute(
        select(Ticket, User.name, User.primary_email, Organisation.name)
        .join(User, User.id == Ticket.requester_id)
        .outerjoin(Organisation, Organisation.id == Ticket.organisation_id)
        .where(Ticket.id.in_(ids))
    ).all()
    more = _More(session, ids, texts, added)
    by_id = _words_by_id(words)
    return [_entry(row, more, by_id) for row in found]


def all_tickets(session: Session) -> Iterator[str]:
    """Return the keys of all tickets, newest first, so that a new index is soon of use."""
    last = None
    while True:
        query = select(Ticket.id).order_by(Ticket.id.desc()).limit(5000)
        ids = session.scalars(query if last is None else query.where(Ticket.id < last)).all()
        yield from map(str, ids)
        if len(ids) < 5000:
            return
        last = ids[-1]


class _More:
    """What belongs to a batch of tickets, a query each."""

    def __init__(
        self, session: Session, ids: Sequence[int], texts: Reading, added: Mapping[int, Sequence[TicketWords]]
    ) -> None:
        self.added = added
        self.messages: dict[int, list[Any]] = defaultdict(list)
        self.files: dict[int, list[Any]] = defaultdict(list)
        self.tags: dict[int, list[str]] = defaultdict(list)
        self.people: dict[int, list[Any]] = defaultdict(list)
        self.addresses: dict[int, list[str]] = defaultdict(list)
        self.assignees: dict[int, Any] = {}
        row: Any
        said = select(
            Message.id, Message.ticket_id, Message.kind, Message.side, Message.author_name, Message.author_email,
            Message.body_text,
        ).where(Message.ticket_id.in_(ids))  # fmt: skip
        kinds = {}
        for row in session.execute(said.order_by(Message.id.desc())):
            self.messages[row.ticket_id].append(row)
            kinds[row.id] = (row.ticket_id, row.kind)
        attached = select(
            Attachment.message_id, Attachment.name, Attachment.content_type, Attachment.size, Attachment.sha256
        )
        belongs = select(Message.id).where(Message.ticket_id.in_(ids))
        files = session.execute(attached.where(Attachment.message_id.in_(belongs))).all()
        inside = texts.of(session, files)
        for file in files:
            ticket_id, kind = kinds[file.message_id]
            self.files[ticket_id].append((kind, file.name, inside.get(file.sha256, "")))
        for tag in session.scalars(select(TicketTag).where(TicketTag.ticket_id.in_(ids))):
            self.tags[tag.ticket_id].append(tag.tag)
        people = select(Participant.ticket_id, Participant.role, User.id, User.name, User.primary_email)
        for row in session.execute(
            people.join(User, User.id == Participant.user_id).where(Participant.ticket_id.in_(ids))
        ):
            self.people[row.ticket_id].append(row)
        working = select(Ticket.id, User.name, User.primary_email).join(User, User.id == Ticket.assignee_id)
        for row in session.execute(working.where(Ticket.id.in_(ids))):
            self.assignees[row.id] = row
        theirs = select(Ticket.id, EmailAddress.address).join(EmailAddress, EmailAddress.user_id == Ticket.requester_id)
        for row in session.execute(theirs.where(Ticket.id.in_(ids))):
            self.addresses[row.id].append(row.address)


def _entry(row: Any, more: _More, words: dict[str, dict[int, Any]]) -> Entry:
    ticket, requester, email, organisation = row
    messages, files, people = more.messages[ticket.id], more.files[ticket.id], more.people[ticket.id]
    texts = {
        kind: _cut([each.body_text for each in messages if each.kind == kind])
        + _cut([text for each in more.added.get(ticket.id, ()) for text in getattr(each, kind)])
        + [part for of, name, inside in files if of == kind for part in (name, inside) if part]
        for kind in ("public", "internal")
    }
    number = ticket.number or ""
    addresses = [each for each in {email, *more.addresses[ticket.id]} if each]
    public = set().union(*(terms(text) for text in texts["public"]))
    public |= terms(number) | terms(requester) | set().union(*(terms(each) for each in addresses))
    assignee = more.assignees.get(ticket.id)
    facts = {
        fact("number", number.casefold()),
        fact("department", words["departments"][ticket.department_id].key),
        fact("status", words["statuses"][ticket.status_id].key),
        fact("state", words["statuses"][ticket.status_id].state),
        fact("state", "open" if ticket.is_open else "closed"),
        fact("priority", words["priorities"][ticket.priority_id].key),
        *(fact("tag", tag) for tag in more.tags[ticket.id]),
        *facts_of("from", requester, *addresses),
        *facts_of("organisation", organisation),
        *(each for row in people if row.role == "cc" for each in facts_of("to", row.name, row.primary_email)),
        *(facts_of("agent", assignee.name, assignee.primary_email) if assignee else ()),
        fact("assignee", ((assignee.primary_email or "") if assignee else NOBODY).casefold()),
        *_written_by(messages, "public"),
    }
    if ticket.type_id in words["types"]:
        facts.add(fact("type", words["types"][ticket.type_id].key))
    if any(kind == "public" for kind, *_ in files):
        facts.add(fact("has", "attachment"))
    hidden = set(_written_by(messages, "internal"))
    if any(kind == "internal" for kind, *_ in files):
        hidden.add(fact("has", "attachment"))
    labels = {f"d{ticket.department_id}", f"u{ticket.requester_id}"}
    labels.update(f"{'u' if each.role == 'cc' else 's'}{each.id}" for each in people if each.role != "follower")
    if ticket.organisation_id is not None:
        labels.add(f"o{ticket.organisation_id}")
    return Entry(
        key=str(ticket.id),
        source=TICKETS,
        labels=frozenset(labels),
        tokens={"public": in_order([ticket.subject, *texts["public"]]), "internal": in_order(texts["internal"])},
        terms={
            "title": frozenset(terms(ticket.subject)),
            "public": frozenset(public),
            "internal": frozenset(set().union(*(terms(text) for text in texts["internal"]))),
            "facts": frozenset(facts),
            "internal_facts": frozenset(hidden - facts),
        },
        created=int(ticket.created_at.timestamp()),
        updated=int(ticket.updated_at.timestamp()),
    )


def in_order(texts: Sequence[str]) -> list[str]:
    """Return the words of texts as they stand, with a break between texts."""
    found: list[str] = []
    for text in texts:
        found += words_of(text)[: MAX_WORDS - len(found)]
        found.append(BREAK)
        if len(found) >= MAX_WORDS:
            break
    return found


def _written_by(messages: Sequence[Any], kind: str) -> set[str]:
    wrote = {(each.author_name, each.author_email) for each in messages if each.side == "agent" and each.kind == kind}
    return {each for name, email in wrote for each in facts_of("agent", name, email)}


def _cut(texts: Sequence[str]) -> list[str]:
    kept, left = [], MAX_TEXT
    for text in texts:
        if left <= 0:
            break
        kept.append(text[:left])
        left -= len(text)
    return kept


def _words_by_id(words: Vocabulary) -> dict[str, dict[int, Any]]:
    return {
        "departments": {each.id: each for each in words.departments.values()},
        "statuses": {each.id: each for each in words.statuses.values()},
        "priorities": {each.id: each for each in words.priorities.values()},
        "types": {each.id: each for each in words.types.values()},
    }
