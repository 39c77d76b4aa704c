"""Lists, searches, rules and service levels that ask what a ticket is about."""

from collections.abc import Mapping, Sequence
from typing import Final

from flask_babel import LazyString
from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from helpdesk_core.api import Helpdesk
from helpdesk_core.api.automation import ConditionField
from helpdesk_core.api.search import TicketWords
from helpdesk_core.api.tickets import ListFilter, Ticket

from . import keeping
from .choosing import NONE
from .models import TicketService
from .texts import lazy

ANY: Final = "any"
ABOUT: Final = (("service", lazy("A service")), (NONE, lazy("Not about a product")))


def filters() -> Sequence[ListFilter]:
    """Return the filter of lists; in searches `service:example.com`, `service:hosting`, `service:none`."""
    choices = [(ANY, lazy("About a service")), (NONE, lazy("Not about a product"))]
    return [ListFilter(key="service", label=lazy("Service"), choices=choices, condition=_condition, word="service")]


def fields() -> Sequence[ConditionField]:
    """Return what rules and service levels can ask."""
    return [
        ConditionField(
            key="about",
            label=lazy("About"),
            load=load,
            choices=_about,
            among=lambda values: or_(*(_is_about(each) for each in values)),
            absent=Ticket.id.not_in(_tickets()),
        ),
        _field("type", lazy("Type of service"), TicketService.type),
        _field("state", lazy("State of service"), TicketService.state),
        ConditionField(
            key="name",
            label=lazy("Name of service"),
            kind="text",
            load=load,
            among=lambda values: Ticket.id.in_(_tickets(or_(*(_has(TicketService.name, each) for each in values)))),
            absent=Ticket.id.not_in(_tickets(TicketService.name != "")),
        ),
    ]


def load(session: Session, ticket_ids: Sequence[int]) -> Mapping[int, Mapping[str, Sequence[str]]]:
    """Return the facts of tickets; one query."""
    return {
        ticket_id: {
            "about": [NONE if row.key == NONE else "service"],
            "type": [row.type] if row.type else [],
            "state": [row.state] if row.state else [],
            "name": [row.name] if row.name else [],
        }
        for ticket_id, row in keeping.current(session, ticket_ids).items()
    }


def words_of(desk: Helpdesk, ticket_ids: Sequence[int]) -> Sequence[TicketWords]:
    """Return what tickets are about, as it was when that was said; what only staff are shown is internal."""
    with desk.read() as session:
        rows = keeping.current(session, ticket_ids)
    return [
        TicketWords(
            ticket_id=ticket_id,
            public=[each for each in (row.name, row.type, row.state) if each],
            internal=[
                each for each in (row.source, *(f"{name}: {value}" for name, value in row.facts.items())) if each
            ],
        )
        for ticket_id, row in rows.items()
    ]


def _field(key: str, label: LazyString, column: InstrumentedAttribute[str]) -> ConditionField:
    return ConditionField(
        key=key,
        label=label,
        load=load,
        hint=lazy("As the source writes it, such as hosting or suspended."),
        among=lambda values: Ticket.id.in_(_tickets(_is_one_of(column, values))),
        absent=Ticket.id.not_in(_tickets(column != "")),
    )


def _tickets(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
    found: ColumnElement[int] = select(TicketService.ticket_id).where(  # type: ignore[assignment]  # used as a column
        TicketService.is_current, *conditions
    )
    return found


def _about(_desk: Helpdesk, _session: Session) -> Sequence[tuple[str, str]]:
    return [(key, str(name)) for key, name in ABOUT]


def _is_about(value: str) -> ColumnElement[bool]:
    if value == NONE:
        return Ticket.id.in_(_tickets(TicketService.key == NONE))
    return Ticket.id.in_(_tickets(TicketService.key != NONE))


def _condition(value: str) -> ColumnElement[bool]:
    if value in (ANY, NONE):
        return _is_about(value)
    fits = or_(
        _has(TicketService.name, value),
        *(_is_one_of(column, [value]) for column in (TicketService.type, TicketService.state)),
    )
    return Ticket.id.in_(_tickets(and_(TicketService.key != NONE, fits)))


def _is_one_of(column: InstrumentedAttribute[str], values: Sequence[str]) -> ColumnElement[bool]:
    return func.lower(column).in_([each.lower() for each in values])


def _has(column: InstrumentedAttribute[str], text: str) -> ColumnElement[bool]:
    return func.lower(column).contains(text.lower(), autoescape=True)
