"""What ratings add to the helpdesk; the work itself is done in the other modules."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from flask import url_for
from sqlalchemy import update

from helpdesk_core.api import Actor, Event, Helpdesk, Job, Link, Panel, Permission, Plugin, Route, Transaction, hookimpl
from helpdesk_core.api.db import affect
from helpdesk_core.api.events import TicketChanged
from helpdesk_core.api.hooks import (
    api_routes,
    demo_filling,
    desk_links,
    desk_routes,
    desk_ticket_sidebar,
    erase_personal_data,
    event_recorded,
    message_parts,
    messages_moving,
    page_head,
    permissions,
    personal_data,
    portal_routes,
    portal_ticket_foot,
    scheduled_jobs,
    ticket_changed,
    ticket_extras,
    ticket_facts,
)
from helpdesk_core.api.rest import ApiRoute
from helpdesk_core.api.settings import gettext_noop as _n
from helpdesk_core.api.tickets import Message, Ticket, TicketFacts
from helpdesk_core.api.users import PersonalData, User

from . import asking, mailing, privacy
from .desk_pages import DeskPages, badges, beside_ticket
from .events import RatingAsked, RatingGiven
from .giving import is_open_again, is_ratable
from .models import Base, Rating
from .portal import Portal
from .reading import OF_TICKET, rated, rated_by, ratings_of
from .reporting import REPORT
from .settings import Settings, rules
from .texts import _
from .texts import lazy as _l


class RatingsPlugin(Plugin):
    """Asks customers how it went, and shows what they say."""

    id = "ratings"
    title = _n("Ratings")
    summary = _n("Customers say how an answer and a ticket went; results by agent, department and period.")
    settings = Settings
    models = Base.metadata
    events = (RatingGiven, RatingAsked)

    def __init__(self, desk: Helpdesk) -> None:
        """Prepare the pages."""
        super().__init__(desk)
        self.portal = Portal(desk)
        self.pages = DeskPages(desk)

    @hookimpl(permissions)
    def permissions(self) -> Sequence[Permission]:
        """Return what roles can allow."""
        return [
            Permission(REPORT, _l("see the results of ratings"), owner="ratings", reading=True, per_department=True),
            Permission(mailing.ALERT, _l("be told of bad ratings"), owner="ratings", reading=True, per_department=True),
        ]

    @hookimpl(ticket_changed)
    def ticket_changed(self, event: TicketChanged) -> None:
        """Plan to ask, or call it off."""
        asking.closed_or_reopened(self.desk, event)

    @hookimpl(event_recorded, events=(RatingGiven, RatingAsked))
    def event_recorded(self, event: Event) -> None:
        """Send the mails that belong to the plugin's own events."""
        if isinstance(event, RatingAsked):
            mailing.send_question(self.desk, event)
        elif isinstance(event, RatingGiven):
            mailing.bad_rating(self.desk, event)

    @hookimpl(scheduled_jobs)
    def scheduled_jobs(self) -> Sequence[Job]:
        """Ask where the time has come."""
        return [Job("ask", timedelta(minutes=1), asking.ask_due)]

    @hookimpl(messages_moving)
    def messages_moving(self, tx: Transaction, target: Ticket, messages: Sequence[Message]) -> None:
        """Take the ratings of answers along."""
        moved = update(Rating).where(Rating.message_id.in_([message.id for message in messages]))
        affect(tx.session, moved.values(ticket_id=target.id))

    @hookimpl(portal_routes)
    def portal_routes(self) -> Sequence[Route]:
        """Return the pages where customers rate."""
        return self.portal.routes()

    @hookimpl(portal_ticket_foot)
    def portal_ticket_foot(self, ticket: Ticket, actor: Actor) -> Panel | None:
        """Ask below a closed ticket; what was said of one that is open again can be changed there."""
        rule = rules(self.desk)
        mine = next((each for each in rated_by(self.desk, ticket, actor) if each.message_id is None), None)
        asks = is_ratable(rule, ticket, None) or (mine is not None and is_open_again(rule, ticket, None))
        return self.portal.below_ticket(ticket, mine) if asks and self.portal.asks(actor, ticket) else None

    @hookimpl(message_parts)
    def message_parts(self, messages: Sequence[Message], ticket: Ticket, actor: Actor) -> Mapping[int, Panel]:
        """Ask below answers on the portal; show what was said on the desk."""
        if self.portal.asks(actor, ticket):
            return self.portal.beside_answers(messages, ticket, rated_by(self.desk, ticket, actor))
        return badges(rated(self.desk, ticket)) if actor.may("ticket.read", ticket.department_id) else {}

    @hookimpl(desk_ticket_sidebar)
    def desk_ticket_sidebar(self, ticket: Ticket, actor: Actor) -> Panel | None:
        """Show what was said about a ticket."""
        return beside_ticket(rated(self.desk, ticket))

    @hookimpl(ticket_facts)
    def ticket_facts(self) -> Sequence[TicketFacts]:
        """Have the ratings read with the ticket."""
        return [OF_TICKET]

    @hookimpl(desk_routes)
    def desk_routes(self) -> Sequence[Route]:
        """Return the report."""
        return self.pages.routes()

    @hookimpl(desk_links)
    def desk_links(self, actor: Actor) -> Sequence[Link]:
        """Return the link to the report, for those who may see it."""
        if not actor.may(REPORT):
            return []
        return [Link(label=_("Ratings"), href=url_for("desk_ratings_report"), icon="star")]

    @hookimpl(page_head)
    def page_head(self) -> Panel | None:
        """Bring the style sheet."""
        return Panel(template="ratings/head.html")

    @hookimpl(api_routes)
    def api_routes(self) -> Sequence[ApiRoute]:
        """Return the operations."""
        from .api import endpoints

        return endpoints.routes

    @hookimpl(ticket_extras)
    def ticket_extras(self, ticket_ids: Sequence[int], actor: Actor) -> Mapping[int, Any]:
        """Return the ratings of tickets for `x.ratings`."""
        return {
            ticket_id: [
                {"message": each.message, "scale": each.scale, "score": each.score, "verdict": each.verdict}
                for each in ratings
            ]
            for ticket_id, ratings in ratings_of(self.desk, actor, ticket_ids).items()
            if ratings
        }

    @hookimpl(demo_filling)
    def demo_filling(self, tx: Transaction) -> None:
        """Let the demo's customers have rated."""
        from .samples import fill

        fill(self.desk, tx)

    @hookimpl(personal_data)
    def personal_data(self, user: User) -> Sequence[PersonalData]:
        """Hand out what the person said."""
        return privacy.ratings_by(self.desk, user)

    @hookimpl(erase_personal_data)
    def erase_personal_data(self, tx: Transaction, user: User) -> None:
        """Forget who said it."""
        privacy.forget(tx, user)
