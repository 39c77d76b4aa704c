"""What tests of pages look up in the database."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select

from helpdesk_core.runtime import Helpdesk
from helpdesk_core.tickets.models import Ticket


def tickets(desk: Helpdesk) -> Sequence[Ticket]:
    with desk.read() as session:
        return session.scalars(select(Ticket).order_by(Ticket.id)).all()


def count(desk: Helpdesk, table: type[Any]) -> int:
    with desk.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0
