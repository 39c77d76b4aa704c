"""Asking rules in their order, doing what they say, and noting why; all within one unit of work."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from helpdesk_core.api import SYSTEM, Actor, Helpdesk, HelpdeskError, Transaction
from helpdesk_core.api.automation import Finding, Known, condition_fields_of, explain_conditions, load_facts
from helpdesk_core.api.tickets import Ticket, lock_ticket

from .actions import all_actions, carry_out
from .models import RuleRow, Run, Verdict
from .rules import Rule
from .texts import lazy

FIRED, NOT, CYCLE, FAILED = "fired", "not", "cycle", "failed"
MOST_SHOWN: Final = 200
"""Characters of what was found that the log keeps."""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one action; `error` says what kept it from being done."""

    action: str
    value: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of one rule."""

    rule: Rule
    outcome: str
    findings: Sequence[Finding] = ()
    done: Sequence[Done] = field(default_factory=tuple)


def actor_of(rule: Rule) -> Actor:
    """Return as whom a rule acts; the timeline shows the name."""
    return replace(SYSTEM.through("rules"), name=f"rule: {rule.name}")


def judge(desk: Helpdesk, rule: Rule, known: Known) -> Judged:
    """Return whether a rule applies to a ticket, and why; a condition that cannot be asked makes it fail."""
    findings = explain_conditions(desk, rule.conditions, known, desk.now())
    if any(each.problem for each in findings):
        return Judged(rule, FAILED, findings)
    agree = [each.holds for each in findings]
    applies = (any(agree) or not agree) if rule.match == "any" else all(agree)
    return Judged(rule, FIRED if applies else NOT, findings)


def ask(
    tx: Transaction, ticket: Ticket, rules: Sequence[Rule], chain: Sequence[str] = (), actor: Actor | None = None
) -> list[Judged]:
    """Ask the rules about a locked ticket and do what those that apply say; later ones see what earlier ones did.

    A rule of `chain`, which led here itself, is not asked. `actor` does it instead of the rule.
    """
    fields = {each for rule in rules for each in rule.fields}
    judged: list[Judged] = []
    known: Known | None = None
    for rule in rules:
        if rule.uid and rule.uid in chain:
            judged.append(Judged(rule, CYCLE))
            continue
        known = known or load_facts(tx.desk, tx.session, [ticket.id], fields)[ticket.id]
        found = judge(tx.desk, rule, known)
        if found.outcome == FIRED:
            found = replace(found, done=_do(tx, ticket, rule, actor or actor_of(rule)))
            known = None
        judged.append(found)
        if found.outcome == FIRED and rule.is_last:
            break
    return judged


def run(
    tx: Transaction,
    ticket: Ticket,
    rules: Sequence[Rule],
    trigger: str,
    *,
    event_id: int | None = None,
    event_seq: int | None = None,
    actor: Actor | None = None,
) -> list[Judged]:
    """Ask the rules because of something that happened, and keep what came of it."""
    before = ticket.event_count
    led_here = chain_before(tx.session, ticket.id, event_seq)
    judged = ask(tx, ticket, rules, led_here, actor)
    fired = [each.rule.uid for each in judged if each.outcome == FIRED]
    kept = Run(
        ticket_id=ticket.id,
        event_id=event_id,
        trigger=trigger,
        at=tx.now,
        from_seq=before + 1,
        to_seq=ticket.event_count,
        chain=[*led_here, *fired],
    )
    tx.session.add(kept)
    tx.session.flush()
    tx.session.add_all(_verdict(kept, each, tx.desk) for each in judged)
    _note_problems(tx, judged)
    return judged


def problem_in(judged: Judged) -> str:
    """Return why a rule could not be asked; empty if it could."""
    return next((each.problem for each in judged.findings if each.problem), "")


def note_problem(row: RuleRow, problem: str, now: datetime) -> None:
    """Note on a rule why it could not be asked, with since when; or that it can be again."""
    if bool(problem) != bool(row.problem):
        row.problem_at = now if problem else None
    row.problem = problem or None


def _note_problems(tx: Transaction, judged: Sequence[Judged]) -> None:
    """Note what kept rules from being asked; one that could not be and now can loses its note."""
    problems = {each.rule.id: problem_in(each) for each in judged if each.outcome != CYCLE}
    wrong = [id for id, problem in problems.items() if problem]
    query = select(RuleRow).where(RuleRow.id.in_(list(problems)))
    query = query.where(or_(RuleRow.id.in_(wrong), RuleRow.problem.is_not(None))).order_by(RuleRow.id)
    for row in tx.session.scalars(query):
        note_problem(row, problems[row.id], tx.now)


def chain_before(session: Session, ticket_id: int, event_seq: int | None) -> list[str]:
    """Return the rules that brought an event of the ticket about, the first one first; none if people did."""
    if event_seq is None:
        return []
    query = select(Run.chain).where(Run.ticket_id == ticket_id, Run.from_seq <= event_seq, Run.to_seq >= event_seq)
    return list(session.scalar(query.order_by(Run.id.desc()).limit(1)) or ())


def _do(tx: Transaction, ticket: Ticket, rule: Rule, actor: Actor) -> list[Done]:
    known = all_actions(tx.desk)
    done: list[Done] = []
    for each in rule.actions:
        if each.action not in known:
            problem = lazy("There is no action “%(action)s” any more.", action=each.action)
            done.append(Done(each.action, each.value, problem))
            continue
        error = ""
        try:
            with tx.desk.begin(actor) as own, own.savepoint():
                carry_out(own, ticket, known[each.action], each.value)
        except (HelpdeskError, ValueError) as problem:
            error = str(problem)
        # What the action undid or did is read anew, so that the next one sees the ticket as it is.
        lock_ticket(tx.session, SYSTEM, ticket.number or "")
        done.append(Done(each.action, each.value, error))
    return done


def _verdict(run: Run, judged: Judged, desk: Helpdesk) -> Verdict:
    return Verdict(
        run_id=run.id,
        ticket_id=run.ticket_id,
        rule_id=judged.rule.id or None,
        rule_name=judged.rule.name,
        trigger=run.trigger,
        outcome=judged.outcome,
        at=run.at,
        details=details_of(desk, judged),
    )


def details_of(desk: Helpdesk, judged: Judged) -> dict[str, Any]:
    """Return findings and actions as JSON can hold them; of texts that people wrote, nothing is kept."""
    fields = condition_fields_of(desk)
    texts = {key for key, each in fields.items() if each.kind == "text"}
    return {
        "findings": [
            {
                **each.condition.as_dict(),
                "holds": each.holds,
                "found": [] if each.condition.field in texts else [text[:MOST_SHOWN] for text in each.found],
                "problem": str(each.problem),
            }
            for each in judged.findings
        ],
        "actions": [{"action": each.action, "value": each.value, "error": str(each.error)} for each in judged.done],
    }
