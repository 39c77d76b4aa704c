"""Proving that nobody altered a ticket's history."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import select, update
from sqlalchemy.orm import Session, selectinload

from helpdesk_core.actor import Actor
from helpdesk_core.errors import Forbidden
from helpdesk_core.events import seals
from helpdesk_core.events.models import EventRow
from helpdesk_core.events.recorder import chain_hash
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.tickets.content import seal
from helpdesk_core.tickets.models import Message, Ticket

Key = Literal["ours", "old", "unknown"]

_MOVES: Final = ("ticket.split", "ticket.merged", "operation.undone")
_REDACTIONS: Final = ("message.redacted", "message.quote_redacted")


@dataclass(frozen=True, slots=True)
class Broken:
    """A place where history is not what was recorded."""

    number: str
    what: str
    key: Key = "ours"
    """Where it is about seals of another secret key: `unknown`, or `old` if that key was given and all is well."""


@dataclass(frozen=True, slots=True)
class Resealed:
    """How many tickets were sealed anew, and how many were left because their history is broken or unproved."""

    done: int
    left: int


@dataclass(slots=True)
class _Recorded:
    """What a message's events say of it."""

    content_hash: str
    kind: str
    side: str
    created_at: datetime


def verify(
    desk: Helpdesk,
    session: Session,
    *,
    batch: int = 500,
    after: int = 0,
    up_to: int | None = None,
    old_keys: Sequence[bytes] = (),
) -> Iterator[Broken]:
    """Yield every broken place of all tickets' histories: changed, missing or added events, altered or added messages.

    Each chain ends in a seal that only the site's secret key makes, so that who can write to the database and makes a
    whole chain anew is found as well. `old_keys` are secret keys that the site had before. `after` and `up_to` are ids
    of tickets, for checking a part of them. Names of authors are not sealed, so that a person can be erased.
    """
    keys = seals.known([*old_keys, desk.secret])
    last = after
    wanted = select(Ticket).order_by(Ticket.id).limit(batch)
    if up_to is not None:
        wanted = wanted.where(Ticket.id <= up_to)
    while True:
        tickets = session.scalars(wanted.where(Ticket.id > last)).all()
        if not tickets:
            return
        last = tickets[-1].id
        ids = [ticket.id for ticket in tickets]
        events: dict[int, list[EventRow]] = {id_: [] for id_ in ids}
        for row in session.scalars(select(EventRow).where(EventRow.ticket_id.in_(ids)).order_by(EventRow.seq)):
            events[row.ticket_id or 0].append(row)
        recorded: dict[int, _Recorded] = {}
        for ticket in tickets:
            yield from _chain(ticket, events[ticket.id], recorded)
            yield from _sealed(desk, ticket, events[ticket.id], keys)
        yield from _messages(session, recorded, _redactions(session, events))
        yield from _unnamed(session, tickets, events)
        session.expunge_all()


def _chain(ticket: Ticket, rows: list[EventRow], recorded: dict[int, _Recorded]) -> Iterator[Broken]:
    number = ticket.number or str(ticket.id)
    previous = ""
    for position, row in enumerate(rows, start=1):
        if row.seq != position or row.previous_hash != previous:
            yield Broken(number, f"event {position} is missing or was added later")
            return
        if chain_hash(row) != row.hash:
            yield Broken(number, f"event {position} ({row.type}) was altered")
            return
        previous = row.hash
        if row.type == "message.posted":
            written = row.data.get("written_at")
            recorded[row.data["message_id"]] = _Recorded(
                row.data["content_hash"],
                row.data["kind"],
                row.data["side"],
                datetime.fromisoformat(written) if written else row.created_at,
            )
    if len(rows) != ticket.event_count or previous != ticket.event_hash:
        yield Broken(number, "events are missing at the end")


def _sealed(desk: Helpdesk, ticket: Ticket, rows: Sequence[EventRow], keys: Mapping[str, bytes]) -> Iterator[Broken]:
    """Ask the seals: the last must be ours and cover all there is, those before it must fit what they covered."""
    number = ticket.number or str(ticket.id)
    found = seals.parts(ticket.event_seal)
    if not found:
        if rows or ticket.event_count:
            yield Broken(number, "the seal on its history was taken away")
        return
    for position, part in enumerate(found):
        last = position == len(found) - 1
        whole = part.count == len(rows) == ticket.event_count if last else 0 < part.count <= len(rows)
        end = rows[part.count - 1].hash if 0 < part.count <= len(rows) else ""
        if part.key_id not in keys:
            yield Broken(number, _OTHER_KEY.format(count=part.count, key=part.key_id or "?"), key="unknown")
        elif not whole or not seals.fits(keys[part.key_id], ticket.id, ticket.event_seal, position, end):
            yield Broken(number, f"the seal does not fit its first {part.count} events: they were made anew or removed")
        elif last and part.key_id != seals.key_id(desk.secret):
            yield Broken(number, _OLD_KEY.format(key=part.key_id), key="old")


_OTHER_KEY: Final = (
    "its first {count} events are sealed with another secret key ({key}). Give that key with --old-key; if this site "
    "never had it, somebody else made them"
)
_OLD_KEY: Final = "its history is sealed with the old key {key} alone. Run: helpdesk audit seal --old-key FILE"


def seal_anew(desk: Helpdesk, actor: Actor, old_keys: Sequence[bytes], *, batch: int = 200) -> Resealed:
    """Seal with the present secret key the tickets that an old key has sealed, if nothing is wrong with them.

    For after the key was changed. Those with broken places keep their seals. Only `system` may do so.
    """
    if actor.kind != "system":
        raise Forbidden("Seals are renewed on the server only: helpdesk audit seal")
    done, left, last = 0, 0, 0
    ours = seals.key_id(desk.secret)
    while True:
        with desk.begin(actor) as tx:
            wanted = select(Ticket.id).where(Ticket.id > last, ~Ticket.event_seal.startswith(f"{ours}:"))
            ids = tx.session.scalars(wanted.order_by(Ticket.id).limit(batch)).all()
            for id_ in ids:
                last = id_
                # Locked, so that no event comes in between.
                ticket = tx.session.scalars(select(Ticket).where(Ticket.id == id_).with_for_update()).one()
                count, end = ticket.event_count, ticket.event_hash
                broken = verify(desk, tx.session, after=id_ - 1, up_to=id_, old_keys=old_keys)
                if any(each.key != "old" for each in broken):
                    left += 1
                    continue
                seal = seals.sealed(desk.secret, id_, count, end)
                tx.session.execute(update(Ticket).where(Ticket.id == id_).values(event_seal=seal))
                done += 1
        if not ids:
            return Resealed(done, left)


def _messages(session: Session, recorded: dict[int, _Recorded], redacted: dict[int, str]) -> Iterator[Broken]:
    """Compare the messages with what was recorded of them, wherever they stand by now.

    Where a redaction is recorded, it decides, so that nobody can put back what was removed.
    """
    query = select(Message, Ticket.number).join(Ticket, Ticket.id == Message.ticket_id).where(Message.id.in_(recorded))
    found, fresh = set(), False
    for message, number in session.execute(query.options(selectinload(Message.attachments))):
        found.add(message.id)
        was = recorded[message.id]
        files = [attachment.sha256 for attachment in message.attachments]
        says = seal(message.body_text, message.body_html, message.kind, message.author_id, files)
        if says != redacted.get(message.id, was.content_hash) and not fresh:
            redacted.update(_all_redactions(session))  # it may have been redacted since they were read
            fresh = True
        if says != redacted.get(message.id, was.content_hash) or says != message.content_hash:
            yield Broken(number or "", f"message {message.id} was altered")
        elif (message.kind, message.side, message.created_at) != (was.kind, was.side, was.created_at):
            yield Broken(number or "", f"message {message.id} has another kind, side or time than was recorded")
    for missing in sorted(set(recorded) - found):
        yield Broken("?", f"message {missing} is missing")


def _redactions(session: Session, events: Mapping[int, Sequence[EventRow]]) -> dict[int, str]:
    """Return the seals of redacted messages that are recorded on these tickets, or where messages went from there.

    Where they went is told by the events, which are sealed, and not by rows that somebody could take away.
    """
    rows = [row for each in events.values() for row in each]
    asked: set[str] = set()
    while others := {row.data["other"] for row in rows if row.type in _MOVES} - asked:
        asked |= others
        query = select(EventRow).join(Ticket, Ticket.id == EventRow.ticket_id).where(Ticket.number.in_(others))
        rows += session.scalars(query.where(EventRow.type.in_((*_MOVES, *_REDACTIONS)))).all()
    found = sorted((row for row in rows if row.type in _REDACTIONS), key=lambda row: row.id)
    return {row.data["message_id"]: row.data["content_hash"] for row in found}


def _all_redactions(session: Session) -> dict[int, str]:
    """Return the seals of all redacted messages; these are few, but all events are gone through for them."""
    query = select(EventRow.data).where(EventRow.type.in_(_REDACTIONS)).order_by(EventRow.id)
    return {data["message_id"]: data["content_hash"] for data in session.scalars(query)}


def _unnamed(session: Session, tickets: Sequence[Ticket], events: Mapping[int, Sequence[EventRow]]) -> Iterator[Broken]:
    """Find messages that no event put on the ticket they stand on."""
    named: dict[int, set[int]] = {}
    for ticket_id, rows in events.items():
        named[ticket_id] = {row.data["message_id"] for row in rows if row.type == "message.posted"}
        for row in rows:
            if row.type in _MOVES:
                named[ticket_id].update(row.data["message_ids"])
    numbers = {ticket.id: ticket.number or str(ticket.id) for ticket in tickets}
    query = select(Message.id, Message.ticket_id).where(Message.ticket_id.in_(numbers)).order_by(Message.id)
    for message_id, ticket_id in session.execute(query):
        if message_id not in named[ticket_id]:
            yield Broken(numbers[ticket_id], f"message {message_id} was added without an event")
