"""Lists, searches, rules and service levels that ask what was answered."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask import url_for
from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from helpdesk_core.api import Actor, Event, Helpdesk
from helpdesk_core.api.automation import ConditionField
from helpdesk_core.api.search import (
    FoundPage,
    SearchDocument,
    SearchQuery,
    SearchSource,
    TicketWords,
    search_documents,
)
from helpdesk_core.api.tickets import ListFilter, Message, Ticket, visible

from .asked import WITH_OPTIONS, say
from .models import Answer
from .sets import all_sets
from .texts import _, lazy

ANY: Final = "any"
NONE: Final = "none"
SOURCE: Final = "questions.answers"


def filters() -> Sequence[ListFilter]:
    """Return the filter of lists; in searches `answer:invoice`, `answer:any`, `answer:none`."""
    choices = [(ANY, lazy("Questions answered")), (NONE, lazy("No questions answered"))]
    return [ListFilter(key="answer", label=lazy("Answers"), choices=choices, condition=_condition, word="answer")]


def fields() -> Sequence[ConditionField]:
    """Return what rules and service levels can ask."""
    return [
        ConditionField(
            key="set",
            label=lazy("Questions answered"),
            load=load,
            choices=_sets,
            among=lambda values: Ticket.id.in_(
                _tickets(or_(*(Answer.key.startswith(f"{each}.", autoescape=True) for each in values)))
            ),
            absent=Ticket.id.not_in(_tickets()),
        ),
        ConditionField(
            key="chosen",
            label=lazy("Answer chosen"),
            load=load,
            choices=_options,
            among=lambda values: Ticket.id.in_(_tickets(or_(*(_is_chosen(each) for each in values)))),
            absent=Ticket.id.not_in(_tickets(Answer.kind.in_(WITH_OPTIONS))),
        ),
        ConditionField(
            key="answer",
            label=lazy("Answer to a question"),
            kind="text",
            hint=lazy("As key: value, such as “invoice.payment: card”; the keys stand beside the questions."),
            load=load,
            among=lambda values: Ticket.id.in_(_tickets(or_(*(_has(each) for each in values)))),
            absent=Ticket.id.not_in(_tickets()),
        ),
    ]


def load(session: Session, ticket_ids: Sequence[int]) -> Mapping[int, Mapping[str, Sequence[str]]]:
    """Return the facts of tickets; one query."""
    query = select(Answer.ticket_id, Answer.key, Answer.kind, Answer.value, Answer.line)
    found: dict[int, dict[str, list[str]]] = {}
    for ticket_id, key, kind, value, line in session.execute(
        query.where(Answer.ticket_id.in_(ticket_ids)).order_by(Answer.id)
    ):
        facts = found.setdefault(ticket_id, {"set": [], "chosen": [], "answer": []})
        facts["answer"].append(line)
        if kind in WITH_OPTIONS:
            facts["chosen"] += [f"{key}: {each}" for each in (value if isinstance(value, list) else [value])]
        if key.partition(".")[0] not in facts["set"]:
            facts["set"].append(key.partition(".")[0])
    return found


def source(desk: Helpdesk) -> SearchSource:
    """Return what puts tickets on the search page by what was answered, where no index has it (`words_of`)."""

    def find(query: SearchQuery, actor: Actor, limit: int) -> Sequence[FoundPage]:
        words = [value for term in query.terms if not term.field and not term.negated for value in term.values]
        if not words or search_documents(desk, SOURCE, query, frozenset(), 1) is not None:
            return []
        fits = and_(*(Ticket.id.in_(_tickets(_has(each))) for each in words))
        with desk.read() as session:
            found = session.execute(
                select(Ticket.number, Ticket.subject, Answer.question, Answer.said)
                .join(Answer, Answer.ticket_id == Ticket.id)
                .where(fits, _has(words[0]), visible(actor, "desk"))
                .order_by(Ticket.id.desc())
                .limit(limit * 3)
            ).all()
        pages = {
            number: FoundPage(
                title=f"#{number} {subject}",
                href=url_for("desk.ticket", number=number),
                text=_("Answer to “%(question)s”", question=question),
                body=said,
                icon="circle-question-mark",
            )
            for number, subject, question, said in reversed(found)
        }
        return list(reversed(pages.values()))[:limit]

    def nothing(*_given: Any) -> Sequence[SearchDocument]:
        return []

    return SearchSource(SOURCE, load=nothing, keys=lambda _session: iter(()), changed=_nothing, find=find)


def words_of(desk: Helpdesk, ticket_ids: Sequence[int]) -> Sequence[TicketWords]:
    """Return what was answered with the messages that stand on these tickets now; one query."""
    query = select(Message.ticket_id, Answer.said).join(Message, Message.id == Answer.message_id)
    found: dict[int, list[str]] = {}
    with desk.read() as session:
        for ticket_id, said in session.execute(query.where(Message.ticket_id.in_(ticket_ids)).order_by(Answer.id)):
            found.setdefault(ticket_id, []).append(said)
    return [TicketWords(ticket_id=ticket_id, public=said) for ticket_id, said in found.items()]


def _nothing(_event: Event) -> Sequence[str]:
    return []


def _tickets(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
    found: ColumnElement[int] = select(Answer.ticket_id).where(*conditions)  # type: ignore[assignment]  # used as a column
    return found


def _sets(desk: Helpdesk, session: Session) -> Sequence[tuple[str, str]]:
    return [(each.key, say(each.name, "en")) for each in all_sets(desk, session)]


def _options(desk: Helpdesk, session: Session) -> Sequence[tuple[str, str]]:
    return [
        (f"{one.key}.{asked.key}: {option.value}", f"{say(asked.text, 'en')} {say(option.text, 'en')}")
        for one in all_sets(desk, session)
        for asked in one.questions
        for option in asked.options
    ]


def _is_chosen(value: str) -> ColumnElement[bool]:
    """Return the condition on an answer that it is this option, or has it among several; options have no commas."""
    key, _colon, option = value.lower().partition(": ")
    line, first = Answer.line, f"{key}: {option}"
    is_it = or_(
        line == first,
        line.startswith(f"{first}, ", autoescape=True),
        line.endswith(f", {option}", autoescape=True),
        line.contains(f", {option}, ", autoescape=True),
    )
    return and_(Answer.key == key, Answer.kind.in_(WITH_OPTIONS), is_it)


def _has(text: str) -> ColumnElement[bool]:
    return or_(Answer.line.contains(text.lower(), autoescape=True), Answer.said.contains(text, autoescape=True))


def _condition(value: str) -> ColumnElement[bool]:
    if value == ANY:
        return Ticket.id.in_(_tickets())
    return Ticket.id.not_in(_tickets()) if value == NONE else Ticket.id.in_(_tickets(_has(value)))
