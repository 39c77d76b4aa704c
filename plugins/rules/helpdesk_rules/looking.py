"""Looking without touching: what a rule would match, what rules would do, and what they did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk_core.api import Actor, Helpdesk
from helpdesk_core.api.automation import load_facts
from helpdesk_core.api.errors import HookFailed
from helpdesk_core.api.tickets import Ticket, find_ticket, lock_ticket, visible
from helpdesk_core.api.users import require

from .keeping import MANAGE
from .models import RuleRow, Verdict
from .rules import Rule, rules_for
from .running import FIRED, Judged, ask, judge, problem_in
from .timing import clauses, unaskable

MOST_SEEN = 2000
"""How many of the newest tickets a preview looks at, after the database has left out what cannot match."""


@dataclass(frozen=True, slots=True)
class Match:
    """A ticket that a rule would apply to."""

    number: str
    subject: str


@dataclass(frozen=True, slots=True)
class Preview:
    """Tickets to which a rule would apply now, the newest first, and how many were looked at.

    `problem` says why it could not be asked.
    """

    matches: Sequence[Match]
    seen: int
    is_all: bool
    problem: str = ""


def preview(desk: Helpdesk, actor: Actor, rule: Rule, most: int = MOST_SEEN) -> Preview:
    """Return to which of the tickets that the actor may see a rule would apply as they are now."""
    require(actor, MANAGE)
    gone = unaskable(desk, rule)
    if gone:
        return Preview((), 0, True, gone)
    try:
        wanted = clauses(desk, rule)
    except (HookFailed, ValueError) as error:
        return Preview((), 0, True, str(error))
    with desk.read() as session:
        query = (
            select(Ticket.id, Ticket.number, Ticket.subject)
            .where(visible(actor, "desk"), Ticket.merged_into_id.is_(None), *wanted)
            .order_by(Ticket.updated_at.desc(), Ticket.id.desc())
            .limit(most + 1)
        )
        rows = list(session.execute(query))
        ids = [id for id, _number, _subject in rows[:most]]
        known = load_facts(desk, session, ids, rule.fields)
    judged = {id: judge(desk, rule, known[id]) for id in ids}
    problem = next((text for each in judged.values() if (text := problem_in(each))), "")
    matches = [Match(number or "", subject) for id, number, subject in rows[:most] if judged[id].outcome == FIRED]
    return Preview(matches, len(ids), len(rows) <= most, problem)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a rule could not be asked, and since when that is so."""

    text: str
    since: datetime


def problems_of_rules(session: Session) -> Mapping[int, Problem]:
    """Return what kept rules from being asked the last time, by the id of the rule."""
    query = select(RuleRow.id, RuleRow.problem, RuleRow.problem_at).where(RuleRow.problem.is_not(None))
    return {id: Problem(text, since) for id, text, since in session.execute(query) if text and since}


class _Undo(Exception):
    """Ends a trial: everything since its beginning is rolled back."""


def dry_run(
    desk: Helpdesk, actor: Actor, number: str, trigger: str, rules: Sequence[Rule] | None = None
) -> Sequence[Judged]:
    """Return what would come of a trigger on a ticket, by doing it and undoing all of it; nothing is kept or sent.

    `rules` are asked instead of those in use.
    """
    require(actor, MANAGE)
    judged: list[Judged] = []
    with desk.read() as session:
        find_ticket(session, actor, number, "desk")
    try:
        with desk.begin(actor) as tx:
            ticket = lock_ticket(tx.session, actor, number, "desk")
            judged = ask(tx, ticket, rules if rules is not None else rules_for(desk, tx.session, trigger))
            raise _Undo
    except _Undo:
        return judged


def verdicts_of_ticket(session: Session, ticket: Ticket, most: int = 200) -> Sequence[Verdict]:
    """Return what came of rules on a ticket that the caller found visible, the newest first."""
    query = select(Verdict).where(Verdict.ticket_id == ticket.id)
    return session.scalars(query.order_by(Verdict.id.desc()).limit(most)).all()


def verdicts_of_rule(session: Session, actor: Actor, rule: Rule, most: int = 200) -> Sequence[tuple[Verdict, str]]:
    """Return what came of a rule on tickets that the actor may see, with their numbers, the newest first."""
    query = select(Verdict, Ticket.number).join(Ticket, Ticket.id == Verdict.ticket_id)
    query = query.where(Verdict.rule_id == rule.id, visible(actor, "desk"))
    return [(row, number or "") for row, number in session.execute(query.order_by(Verdict.id.desc()).limit(most))]
