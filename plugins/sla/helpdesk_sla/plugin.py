"""The plugin: promised times, their clocks, and what happens around them. Wiring only."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from flask import url_for

from helpdesk_core.api import Actor, Column, Event, Helpdesk, Job, Link, Panel, Plugin, Route, Transaction, hookimpl
from helpdesk_core.api.events import MessagePosted, TicketChanged, TicketFactsChanged, TicketOpened
from helpdesk_core.api.hooks import (
    admin_links,
    admin_routes,
    answer_promise,
    demo_filling,
    desk_links,
    desk_routes,
    desk_ticket_sidebar,
    event_recorded,
    list_filters,
    list_orders,
    message_posted,
    portal_ticket_sidebar,
    scheduled_jobs,
    ticket_changed,
    ticket_column_values,
    ticket_columns,
    ticket_extras,
    ticket_facts,
    ticket_opened,
)
from helpdesk_core.api.settings import gettext_noop as _l
from helpdesk_core.api.tickets import ListFilter, ListOrder, Ticket, TicketFacts

from . import narrowing, showing
from .agreeing import MANAGE
from .keeping import bring_up, take_up
from .looking_back import LookingBack
from .models import Base, CalendarRow, PolicyRow
from .pages import Pages
from .texts import _, lazy
from .ticking import tick


class SlaPlugin(Plugin):
    """Service levels."""

    id = "sla"
    title = _l("Service levels")
    summary = _l("Promises replies and solutions in business hours, warns before they are late, and says why.")
    models = Base.metadata

    def __init__(self, desk: Helpdesk) -> None:
        """Prepare the pages."""
        super().__init__(desk)
        self.pages = Pages(desk)
        self.looking_back = LookingBack(desk)

    @hookimpl(ticket_opened)
    def ticket_opened(self, event: TicketOpened) -> None:
        """Start clocks."""
        self._bring_up(event)

    @hookimpl(message_posted)
    def message_posted(self, event: MessagePosted) -> None:
        """Meet what was promised, and promise the next."""
        self._bring_up(event)

    @hookimpl(ticket_changed)
    def ticket_changed(self, event: TicketChanged) -> None:
        """Pause, resume, stop, or measure by another policy."""
        self._bring_up(event)

    @hookimpl(event_recorded, events=(TicketFactsChanged,))
    def event_recorded(self, event: Event) -> None:
        """Measure by another policy, where policies ask for what another plugin knows."""
        self._bring_up(event)

    @hookimpl(scheduled_jobs)
    def scheduled_jobs(self) -> Sequence[Job]:
        """Look at what is due each minute, and take up tickets from before the plugin."""
        return [
            Job("tick", timedelta(minutes=1), _tick),
            Job("take-up", timedelta(hours=1), take_up),
        ]

    @hookimpl(admin_routes)
    def admin_routes(self) -> Sequence[Route]:
        """Add the pages of policies and calendars."""
        return [*self.pages.admin_routes(), *self.looking_back.admin_routes()]

    @hookimpl(admin_links)
    def admin_links(self, actor: Actor) -> Sequence[Link]:
        """Lead to them."""
        return [Link(label=_("Service levels"), href="/admin/x/sla/", icon="timer")] if actor.may(MANAGE) else []

    @hookimpl(desk_routes)
    def desk_routes(self) -> Sequence[Route]:
        """Add the ledger of a ticket, and the report."""
        return [*self.pages.desk_routes(), *self.looking_back.desk_routes()]

    @hookimpl(desk_links)
    def desk_links(self, actor: Actor) -> Sequence[Link]:
        """Lead to the report."""
        return [Link(label=_("Service levels"), href="/desk/x/sla/report", icon="timer")]

    @hookimpl(desk_ticket_sidebar)
    def desk_ticket_sidebar(self, ticket: Ticket, actor: Actor) -> Panel | None:
        """Show the clocks beside a ticket."""
        clocks = showing.panel(self.desk, ticket)
        if not clocks:
            return None
        why = url_for("desk_sla_why", number=ticket.number)
        context = {"clocks": clocks, "why": why}
        return Panel(title=_("Service levels"), template="sla/panel.html", context=context, icon="timer", order=20)

    @hookimpl(portal_ticket_sidebar)
    def portal_ticket_sidebar(self, ticket: Ticket, actor: Actor) -> Panel | None:
        """Tell a customer by when we answer, where that is promised."""
        due = showing.expected(self.desk, ticket)
        if due is None:
            return None
        return Panel(title=_("Our answer"), template="sla/promise.html", context={"due": due}, icon="timer")

    @hookimpl(ticket_facts)
    def ticket_facts(self) -> Sequence[TicketFacts]:
        """Have the clocks read with the ticket, and with lists."""
        return [showing.CLOCKS]

    @hookimpl(ticket_columns)
    def ticket_columns(self) -> Sequence[Column]:
        """Add the next target to lists."""
        return [Column(key="next", label=lazy("Next target"), sort="next")]

    @hookimpl(ticket_column_values)
    def ticket_column_values(self, ticket_ids: Sequence[int], actor: Actor) -> Mapping[int, Mapping[str, str]]:
        """Fill it."""
        return showing.column(self.desk, ticket_ids)

    @hookimpl(list_orders)
    def list_orders(self) -> Sequence[ListOrder]:
        """Let lists be sorted by it."""
        return narrowing.orders()

    @hookimpl(list_filters)
    def list_filters(self) -> Sequence[ListFilter]:
        """Let lists and searches ask how clocks stand."""
        return narrowing.filters(self.desk)

    @hookimpl(ticket_extras)
    def ticket_extras(self, ticket_ids: Sequence[int], actor: Actor) -> Mapping[int, Any]:
        """Add clocks to tickets in the API."""
        return showing.extras(self.desk, ticket_ids, actor)

    @hookimpl(answer_promise)
    def answer_promise(self, actor: Actor, department: str | None) -> str | None:
        """Say when we answer, before a customer sends."""
        return showing.promise(self.desk, actor, department)

    @hookimpl(demo_filling)
    def demo_filling(self, tx: Transaction) -> None:
        """Promise something in the demo."""
        office = CalendarRow(name="Office hours", zone="Europe/Berlin", hours=[[[480, 1080]]] * 5 + [[], []])
        tx.session.add(office)
        tx.session.flush()
        urgent = {"first_reply": 60, "next_reply": 120, "resolution": 480}
        usual = {"first_reply": 240, "next_reply": 480, "resolution": 2400}
        tx.session.add(PolicyRow(name="Urgent", position=0, targets=urgent, conditions={"priority": ["urgent"]}))
        tx.session.add(PolicyRow(name="Standard", position=1, targets=usual, calendar_id=office.id, is_promised=True))
        tx.reference_changed()

    def _bring_up(self, event: Event) -> None:
        if event.ticket_id is not None:
            bring_up(self.desk, event.ticket_id)


def _tick(desk: Helpdesk) -> None:
    tick(desk)
