"""Rules on time: the tickets that have come of age since a rule was last asked, found by index and in portions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, exists, func, or_, select, tuple_

from helpdesk_core.api import SYSTEM, Helpdesk, NotFound, Transaction
from helpdesk_core.api.automation import Known, clause_of, condition_fields_of, load_facts, span
from helpdesk_core.api.tickets import Message, Ticket, lock_ticket

from .models import RuleRow, Timed
from .rules import TIME, Rule, rule_of, rules_for
from .running import FIRED, Judged, judge, note_problem, problem_in, run

PORTION: Final = 500
OVERLAP: Final = timedelta(minutes=5)
"""How far what a rule looked at before is looked at again: units of work that took so long are not missed."""
SWEEP: Final = timedelta(hours=1)
"""After so long a rule looks at all tickets, for what changed without them, such as what another plugin knows."""


@dataclass(frozen=True, slots=True)
class Source:
    """Tickets within bounds, in the order of a column that has an index with the id behind it."""

    column: Any
    within: Sequence[ColumnElement[bool]] = ()
    is_all: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A ticket, and whether the rule applies to it."""

    id: int
    number: str
    judged: Judged


@dataclass(frozen=True, slots=True)
class Looked:
    """Until when a rule has looked for tickets, when it last looked at all, and what kept it from being asked."""

    looked_at: datetime | None = None
    swept_at: datetime | None = None
    problem: str | None = None


def tick(desk: Helpdesk) -> int:
    """Carry out the rules on time that are due, each once a ticket until somebody writes again; return how many."""
    with desk.read() as session:
        rules = rules_for(desk, session, TIME)
        query = select(RuleRow.id, RuleRow.looked_at, RuleRow.swept_at, RuleRow.problem)
        rows = session.execute(query.where(RuleRow.id.in_([each.id for each in rules])))
        looked = {row.id: Looked(row.looked_at, row.swept_at, row.problem) for row in rows}
    return sum(_look_after(desk, rule, looked.get(rule.id, Looked())) for rule in rules)


def _look_after(desk: Helpdesk, rule: Rule, looked: Looked) -> int:
    """Carry a rule out where it is due; one that cannot be asked says so, and looks again from the same moment.

    Whatever goes wrong with it is its own problem, so that the rules after it are asked.
    """
    begun = desk.now()
    sweeps = looked.looked_at is None or looked.swept_at is None or begun - looked.swept_at >= SWEEP
    fired, is_asked, problem = 0, False, unaskable(desk, rule)
    try:
        for portion in () if problem else portions(desk, rule, None if sweeps else looked.looked_at):
            is_asked = is_asked or bool(portion)
            problem = next((text for each in portion if (text := problem_in(each.judged))), "")
            if problem:
                break
            fired += sum(_carry_out(desk, rule, each) for each in portion if each.judged.outcome == FIRED)
        if looked.problem and not is_asked and not problem:
            problem = _problem_of_newest(desk, rule)
    except Exception as error:  # noqa: BLE001 - the rules after it have to be asked
        problem = str(error) or type(error).__name__
    is_old = looked.looked_at is None or begun - looked.looked_at >= OVERLAP
    if problem or looked.problem or sweeps or is_old:
        _note(desk, rule, problem, begun, sweeps=sweeps)
    return fired


def unaskable(desk: Helpdesk, rule: Rule) -> str:
    """Return what keeps a rule from being asked about any ticket, such as a field that is gone; empty if nothing."""
    return problem_in(judge(desk, rule, Known()))


def _problem_of_newest(desk: Helpdesk, rule: Rule) -> str:
    """Return what keeps a rule from being asked about the newest ticket; empty if it can be, or if there is none."""
    with desk.read() as session:
        id = session.scalar(select(func.max(Ticket.id)))
        known = load_facts(desk, session, [id], rule.fields)[id] if id is not None else Known()
    return problem_in(judge(desk, rule, known))


def _note(desk: Helpdesk, rule: Rule, problem: str, begun: datetime, *, sweeps: bool) -> None:
    """Keep how far a rule has looked, unless somebody has changed it meanwhile."""
    with desk.begin(SYSTEM) as tx:
        row = tx.session.get(RuleRow, rule.id, with_for_update=True)
        if row is None or rule_of(row) != rule:
            return
        note_problem(row, problem, tx.now)
        if not problem:
            row.looked_at = begun
            row.swept_at = begun if sweeps else row.swept_at


def portions(desk: Helpdesk, rule: Rule, since: datetime | None) -> Iterator[list[Found]]:
    """Return the tickets that a rule on time may have come to apply to since then, judged, in portions.

    Without `since` all tickets are looked at. Those on which it has been carried out are left out.
    """
    wanted = [Ticket.merged_into_id.is_(None), ~_is_done(rule), *clauses(desk, rule)]
    for source in _sources(desk, rule, since):
        last: tuple[Any, int] | None = None
        while True:
            with desk.read() as session:
                query = select(source.column, Ticket.id).where(*source.within, *(wanted if source.is_all else ()))
                if last is not None:
                    query = query.where(source.column >= last[0], tuple_(source.column, Ticket.id) > tuple_(*last))
                rows = session.execute(query.order_by(source.column, Ticket.id).limit(PORTION)).all()
                fit = select(Ticket.id, Ticket.number).where(Ticket.id.in_([id for _value, id in rows]), *wanted)
                numbers = {id: number or "" for id, number in session.execute(fit.order_by(Ticket.id))} if rows else {}
                known = load_facts(desk, session, list(numbers), rule.fields) if numbers else {}
            yield [Found(id, number, judge(desk, rule, known[id])) for id, number in numbers.items()]
            if len(rows) < PORTION:
                break
            last = rows[-1][0], rows[-1][1]


def clauses(desk: Helpdesk, rule: Rule) -> Sequence[ColumnElement[bool]]:
    """Return what the database can look for; tickets that it finds are to be looked at once more.

    `HookFailed` where a plugin's field cannot say.
    """
    now = desk.now()
    found = [clause_of(desk, each, now) for each in rule.conditions]
    usable = [each for each in found if each is not None]
    if rule.match == "any":
        return [or_(*usable)] if usable and len(usable) == len(found) else []
    return usable


def _sources(desk: Helpdesk, rule: Rule, since: datetime | None) -> Sequence[Source]:
    """Return where to look: at what changed, and at what has come of age by each condition on time.

    All conditions have to hold, so nothing else can have become so. A moment that the database does not know can.
    """
    everything = [Source(Ticket.id, is_all=True)]
    if since is None:
        return everything
    begin, now = since - OVERLAP, desk.now()
    found = [Source(Ticket.updated_at, [Ticket.updated_at >= begin])]
    fields = condition_fields_of(desk)
    for each in rule.conditions:
        field = fields.get(each.field)
        if field is not None and field.kind == "time" and each.operator == "over":
            if field.column is None:
                return everything
            age = span(each.values[0])
            found.append(Source(field.column, [field.column >= begin - age, field.column <= now - age]))
    return found


def _carry_out(desk: Helpdesk, rule: Rule, found: Found) -> bool:
    with desk.begin(SYSTEM) as tx:
        try:
            ticket = lock_ticket(tx.session, SYSTEM, found.number)
        except NotFound:
            return False  # it was deleted in between
        if tx.session.scalar(select(_is_done(rule)).where(Ticket.id == found.id)):
            return False
        fired = any(each.outcome == FIRED for each in run(tx, ticket, [rule], TIME))
        if fired:
            _note_done(tx, rule, found.id)
        return fired


def _note_done(tx: Transaction, rule: Rule, ticket_id: int) -> None:
    mark = tx.session.scalar(select(_mark()).where(Ticket.id == ticket_id)) or 0
    row = tx.session.get(Timed, (rule.id, ticket_id), populate_existing=True)
    if row is None:
        tx.session.add(Timed(rule_id=rule.id, ticket_id=ticket_id, mark=mark))
    else:
        row.mark = mark


def _mark() -> ColumnElement[int]:
    """Return the id of the last message of a ticket that no rule wrote."""
    return func.coalesce(
        select(func.max(Message.id))
        .where(Message.ticket_id == Ticket.id, Message.kind == "public", Message.channel != "rules")
        .correlate(Ticket)
        .scalar_subquery(),
        0,
    )


def _is_done(rule: Rule) -> ColumnElement[Any]:
    return (
        exists(Timed.ticket_id)
        .where(Timed.rule_id == rule.id, Timed.ticket_id == Ticket.id, Timed.mark == _mark())
        .correlate(Ticket)
    )
