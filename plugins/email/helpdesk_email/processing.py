"""Ending the state of stored mails: the way they take and their row, in one unit of work."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from helpdesk_core.api import Helpdesk, Transaction

from .budgets import Budgets
from .decisions import Decisions, Ended
from .models import Received
from .pipeline import go
from .routing import Place
from .rules.checks import Checks
from .steps import StepHooks
from .tokens import Tokens
from .way import Prepared, Way


@dataclass(frozen=True, slots=True)
class Processor:
    """Ends the state of stored mails within one unit of work."""

    desk: Helpdesk
    settings: Mapping[str, Any]
    tokens: Tokens
    tx: Transaction
    place: Place
    budgets: Budgets
    checks: Checks
    steps: StepHooks

    def way(self, row: Received, prepared: Prepared, decisions: Decisions) -> Way:
        """Return the way of one mail."""
        return Way(
            self.desk,
            self.settings,
            self.tokens,
            self.tx,
            self.place,
            self.budgets,
            self.checks,
            self.steps,
            row,
            prepared,
            decisions,
        )

    def __call__(
        self, received_id: int, prepared: Prepared | str, decisions: Decisions, *, skip_locked: bool = False
    ) -> None:
        row = self.tx.session.scalar(
            select(Received).where(Received.id == received_id).with_for_update(skip_locked=skip_locked)
        )
        found = self._go(row, prepared, decisions) if row is not None else None
        if found is not None:
            end(self.tx, *found)

    def all(self, prepared: Mapping[int, Prepared | str]) -> None:
        """End the state of several mails, by the ids of their rows, in that order."""
        locked = select(Received).where(Received.id.in_(prepared)).order_by(Received.id).with_for_update()
        rows = {each.id: each for each in self.tx.session.scalars(locked)}
        ends = [self._go(rows[each], prepared[each], Decisions()) for each in prepared if each in rows]
        # Written at the end, since a statement for all of them takes little longer than one for each.
        self.tx.session.add_all(self.checks.foreseen.unwritten)
        for row, ended, decisions in filter(None, ends):
            end(self.tx, row, ended, decisions)

    def _go(
        self, row: Received, prepared: Prepared | str, decisions: Decisions
    ) -> tuple[Received, Ended, Decisions] | None:
        """Take one mail, whose row is locked, its way to the end; None if that was done already."""
        if row.state != "stored":
            return None
        if isinstance(prepared, str):
            ended = Ended(state="quarantined", reason=prepared)
        else:
            ended = go(self.way(row, prepared, decisions))
        self.budgets.spend(decisions, ended)
        return row, ended, decisions


def end(tx: Transaction, row: Received, ended: Ended, decisions: Decisions) -> None:
    """Write to the mail's row how it ended."""
    row.state = ended.state
    row.reason = ended.reason
    row.ticket_id = ended.ticket_id
    row.department_id = ended.department_id
    row.decisions = decisions.steps
    row.subject, row.message_id = decisions.subject, decisions.message_id
    row.sender, row.domain = decisions.sender, decisions.domain
    row.processed_at = tx.now
