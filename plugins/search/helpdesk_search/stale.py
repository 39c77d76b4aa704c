"""What has changed since it was indexed: marks that events leave, and that go once the index has it."""

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from helpdesk_core.api import SYSTEM, Helpdesk, Transaction
from helpdesk_core.api.tickets import Message, Participant, Ticket

from .asking import TICKETS
from .tables import Tables

PORTION = 500
AT_ONCE = 10_000
"""Tickets that one change of a name makes stale; of more the latest, and the others when something happens to them."""
LACKING = "ticket words"
"""The source of marks on tickets that were indexed without the words of a plugin; `take` leaves them alone."""


class Stale:
    """The marks of one plugin."""

    def __init__(self, tables: Tables) -> None:
        self._table = tables.stale

    def mark(self, tx: Transaction, source: str, keys: Iterable[str]) -> None:
        """Mark documents as changed; each mark is new, so that no change is forgotten while they are being indexed."""
        table, wanted = self._table, list(dict.fromkeys(keys))
        for first in range(0, len(wanted), PORTION):
            portion = wanted[first : first + PORTION]
            mark = secrets.token_hex(8)
            here = (table.c.source == source, table.c.key.in_(portion))
            known = set(tx.session.scalars(select(table.c.key).where(*here).with_for_update()))
            if known:
                tx.session.execute(
                    update(table)
                    .where(table.c.source == source, table.c.key.in_(known))
                    .values(mark=mark, is_done=False)
                )
            rows = [
                {"source": source, "key": key, "mark": mark, "is_done": False, "since": tx.now}
                for key in portion
                if key not in known
            ]
            if rows:
                tx.session.execute(insert(table), rows)

    def mark_apart(self, desk: Helpdesk, source: str, keys: Iterable[str]) -> None:
        """Mark however many documents in units of work of their own, so that others may write in between."""
        wanted = list(keys)
        for first in range(0, len(wanted), PORTION):
            with desk.begin(SYSTEM) as tx:
                self.mark(tx, source, wanted[first : first + PORTION])

    def mark_tickets_of(self, tx: Transaction, user_id: int) -> None:
        """Mark the tickets of a person, whose name or address changed: what they ask, work, and read a copy of."""
        copied = select(Participant.ticket_id).where(Participant.user_id == user_id)
        mine = or_(Ticket.requester_id == user_id, Ticket.assignee_id == user_id, Ticket.id.in_(copied))
        self._mark_latest(tx, mine)

    def mark_tickets_of_erased(self, desk: Helpdesk, user_id: int) -> None:
        """Mark all tickets of somebody who was erased, however many, and those on which they only wrote."""
        copied = select(Participant.ticket_id).where(Participant.user_id == user_id)
        wrote = select(Message.ticket_id).where(Message.author_id == user_id)
        mine = or_(
            Ticket.requester_id == user_id, Ticket.assignee_id == user_id, Ticket.id.in_(copied), Ticket.id.in_(wrote)
        )
        with desk.read() as session:
            tickets = session.scalars(select(Ticket.id).where(mine)).all()
        self.mark_apart(desk, TICKETS, map(str, tickets))

    def mark_tickets_of_organisation(self, tx: Transaction, organisation_id: int) -> None:
        """Mark the tickets of an organisation, whose name changed."""
        self._mark_latest(tx, Ticket.organisation_id == organisation_id)

    def _mark_latest(self, tx: Transaction, which: ColumnElement[bool]) -> None:
        ids = select(Ticket.id).where(which).order_by(Ticket.id.desc()).limit(AT_ONCE)
        self.mark(tx, TICKETS, map(str, tx.session.scalars(ids)))

    def take(self, session: Session, limit: int) -> Sequence[Any]:
        """Return the marks that waited longest: `source, key, mark`."""
        table = self._table
        waiting = select(table.c.source, table.c.key, table.c.mark).where(self._waits())
        return session.execute(waiting.order_by(table.c.since).limit(limit)).all()

    def settle(self, session: Session, marks: Sequence[Any], *, keep: bool) -> None:
        """Forget marks that are indexed, unless they were renewed; `keep` keeps them for an index in the making."""
        table = self._table
        for each in marks:
            this = (table.c.source == each.source, table.c.key == each.key, table.c.mark == each.mark)
            session.execute(update(table).where(*this).values(is_done=True) if keep else delete(table).where(*this))

    def renew(self, session: Session) -> None:
        """Let everything that was noted wait again."""
        session.execute(update(self._table).values(is_done=False))

    def waiting(self, session: Session) -> tuple[int, datetime | None]:
        """Return how many documents wait, and since when the first does."""
        table = self._table
        found = select(func.count(), func.min(table.c.since)).select_from(table).where(self._waits())
        count, since = session.execute(found).one()
        return count, since

    def lack(self, tx: Transaction, tickets: Iterable[str]) -> None:
        """Note tickets that were indexed without the words of a plugin."""
        self.mark(tx, LACKING, tickets)

    def lacking(self, session: Session, limit: int) -> Sequence[str]:
        """Return such tickets, those first that waited longest or were tried least."""
        table = self._table
        query = select(table.c.key).where(table.c.source == LACKING).order_by(table.c.since, table.c.key)
        return session.scalars(query.limit(limit)).all()

    def count_lacking(self, session: Session) -> int:
        """Return how many tickets lack words."""
        query = select(func.count()).select_from(self._table).where(self._table.c.source == LACKING)
        return session.scalar(query) or 0

    def put_back(self, tx: Transaction, tickets: Sequence[str]) -> None:
        """Put tickets that still lack words behind the others."""
        table = self._table
        these = update(table).where(table.c.source == LACKING, table.c.key.in_(tickets))
        tx.session.execute(these.values(since=tx.now))

    def complete(self, session: Session, tickets: Sequence[str]) -> None:
        """Forget that tickets lacked words."""
        table = self._table
        session.execute(delete(table).where(table.c.source == LACKING, table.c.key.in_(tickets)))

    def _waits(self) -> ColumnElement[bool]:
        return self._table.c.is_done.is_(False) & (self._table.c.source != LACKING)
