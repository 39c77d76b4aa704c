"""What rules add to the helpdesk; the work itself is done in the other modules."""

from collections.abc import Sequence
from datetime import timedelta

import click
from flask import url_for

from helpdesk_core.api import (
    SYSTEM,
    Actor,
    Helpdesk,
    Job,
    Link,
    Plugin,
    Route,
    TicketAction,
    Transaction,
    hookimpl,
)
from helpdesk_core.api.events import MessagePosted, TicketChanged, TicketOpened
from helpdesk_core.api.hooks import (
    admin_links,
    admin_routes,
    api_routes,
    cli_commands,
    demo_filling,
    desk_routes,
    erase_personal_data,
    message_posted,
    personal_data,
    scheduled_jobs,
    ticket_actions,
    ticket_changed,
    ticket_opened,
)
from helpdesk_core.api.rest import ApiRoute
from helpdesk_core.api.settings import gettext_noop as _l
from helpdesk_core.api.tickets import Ticket
from helpdesk_core.api.users import PersonalData, User

from . import commands, privacy, samples
from .happening import forget, happened
from .keeping import MANAGE
from .models import Base
from .pages import Pages
from .rules import CLICK, rules_for
from .settings import Settings
from .texts import _
from .timing import tick
from .trying import Trying


class RulesPlugin(Plugin):
    """Rules for tickets."""

    id = "rules"
    title = _l("Rules")
    summary = _l("Does what you say when something happens to a ticket or time passes, and tells why.")
    settings = Settings
    models = Base.metadata

    def __init__(self, desk: Helpdesk) -> None:
        """Prepare the pages."""
        super().__init__(desk)
        self.pages = Pages(desk)
        self.trying = Trying(desk)

    @hookimpl(ticket_opened)
    def ticket_opened(self, event: TicketOpened) -> None:
        """Ask the rules for new tickets."""
        happened(self.desk, event)

    @hookimpl(message_posted)
    def message_posted(self, event: MessagePosted) -> None:
        """Ask the rules for replies and notes."""
        happened(self.desk, event)

    @hookimpl(ticket_changed)
    def ticket_changed(self, event: TicketChanged) -> None:
        """Ask the rules for changes."""
        happened(self.desk, event)

    @hookimpl(scheduled_jobs)
    def scheduled_jobs(self) -> Sequence[Job]:
        """Carry out rules on time each minute, and forget the log after its time."""
        return [Job("tick", timedelta(minutes=1), _tick), Job("forget", timedelta(days=1), forget)]

    @hookimpl(admin_routes)
    def admin_routes(self) -> Sequence[Route]:
        """Add the pages of rules."""
        return [*self.pages.routes(), *self.trying.admin_routes()]

    @hookimpl(admin_links)
    def admin_links(self, actor: Actor) -> Sequence[Link]:
        """Lead to them."""
        return [Link(label=_("Rules"), href="/admin/x/rules/", icon="funnel")] if actor.may(MANAGE) else []

    @hookimpl(desk_routes)
    def desk_routes(self) -> Sequence[Route]:
        """Add what rules did to a ticket, and the rules that agents ask for."""
        return self.trying.desk_routes()

    @hookimpl(ticket_actions)
    def ticket_actions(self, ticket: Ticket, actor: Actor) -> Sequence[TicketAction]:
        """Offer the rules that agents ask for, and the log."""
        with self.desk.read() as session:
            asked_for = rules_for(self.desk, session, CLICK)
        offered = [
            TicketAction(
                label=rule.name,
                href=url_for("desk_rules_ask", number=ticket.number, uid=rule.uid),
                icon="play",
                post=True,
                order=200,
            )
            for rule in asked_for
        ]
        log = url_for("desk_rules_log", number=ticket.number)
        return [*offered, TicketAction(label=_("What rules did"), href=log, icon="funnel", order=210)]

    @hookimpl(api_routes)
    def api_routes(self) -> Sequence[ApiRoute]:
        """Return the operations."""
        from .api import endpoints

        return endpoints.routes

    @hookimpl(cli_commands)
    def cli_commands(self) -> Sequence[click.Command]:
        """Return the commands."""
        return commands.commands(self.desk)

    @hookimpl(personal_data)
    def personal_data(self, user: User) -> Sequence[PersonalData]:
        """Hand out what a colleague is said to know."""
        return privacy.kept_about(self.desk, user)

    @hookimpl(erase_personal_data)
    def erase_personal_data(self, tx: Transaction, user: User) -> None:
        """Forget what the log says of somebody, and what they know."""
        privacy.forget(tx, user)

    @hookimpl(demo_filling)
    def demo_filling(self, tx: Transaction) -> None:
        """Have some rules in the demo."""
        samples.fill(self.desk, SYSTEM)


def _tick(desk: Helpdesk) -> None:
    tick(desk)
