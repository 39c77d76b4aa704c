"""What guided questions add to the helpdesk; the work itself is done in the other modules. Wiring only."""

from collections.abc import Mapping, Sequence
from typing import Any

import click

from helpdesk_core.api import (
    Actor,
    FormField,
    Helpdesk,
    Link,
    Panel,
    Permission,
    Plugin,
    Route,
    Transaction,
    hookimpl,
)
from helpdesk_core.api.automation import ConditionField
from helpdesk_core.api.hooks import (
    admin_links,
    admin_routes,
    api_routes,
    cli_commands,
    condition_fields,
    demo_filling,
    desk_ticket_sidebar,
    erase_personal_data,
    list_filters,
    message_redacting,
    permissions,
    personal_data,
    portal_ticket_sidebar,
    search_sources,
    ticket_extras,
    ticket_facts,
    ticket_form_fields,
    ticket_opening,
    ticket_opening_check,
    ticket_words,
)
from helpdesk_core.api.rest import ApiRoute
from helpdesk_core.api.search import SearchSource, TicketWords
from helpdesk_core.api.settings import gettext_noop as _n
from helpdesk_core.api.tickets import ListFilter, Message, NewTicket, Ticket, TicketFacts
from helpdesk_core.api.users import PersonalData, User
from helpdesk_core.api.web import language

from . import asking, narrowing, sets, showing
from .api import operations
from .events import SetChanged
from .models import Base
from .pages import Pages
from .texts import _, lazy


class QuestionsPlugin(Plugin):
    """Guided questions."""

    id = "questions"
    title = _n("Guided questions")
    summary = _n("The form asks what you need to know for each department and kind of service, and keeps the answers.")
    models = Base.metadata
    events = (SetChanged,)

    def __init__(self, desk: Helpdesk) -> None:
        """Prepare the pages."""
        super().__init__(desk)
        self.pages = Pages(desk)

    @hookimpl(permissions)
    def permissions(self) -> Sequence[Permission]:
        """Return what roles can allow."""
        return [Permission(sets.MANAGE, lazy("write the questions of the form for a new ticket"), owner=self.id)]

    @hookimpl(ticket_form_fields)
    def ticket_form_fields(
        self, actor: Actor, customer_id: int | None, department: str | None, entered: Mapping[str, Mapping[str, str]]
    ) -> Sequence[FormField]:
        """Ask what is to be asked there."""
        service = entered.get("services", {}).get("service", "")
        found = asking.places(self.desk, customer_id, department, service, entered.get(self.id, {}))
        return asking.fields(found, language(), is_staff=customer_id != actor.user_id)

    @hookimpl(ticket_opening_check)
    def ticket_opening_check(self, draft: NewTicket, actor: Actor) -> Sequence[str]:
        """Say which answers do not fit, and which file is missing."""
        return asking.problems(self.desk, actor, draft)

    @hookimpl(ticket_opening)
    def ticket_opening(self, tx: Transaction, ticket: Ticket, message: Message, draft: NewTicket) -> None:
        """Keep the answers."""
        asking.store(tx, ticket, message, draft)

    @hookimpl(desk_ticket_sidebar)
    def desk_ticket_sidebar(self, ticket: Ticket) -> Panel | None:
        """Show the answers beside a ticket."""
        return self._panel(ticket, for_staff=True)

    @hookimpl(portal_ticket_sidebar)
    def portal_ticket_sidebar(self, ticket: Ticket) -> Panel | None:
        """Show customers what they have answered."""
        return self._panel(ticket, for_staff=False)

    @hookimpl(admin_routes)
    def admin_routes(self) -> Sequence[Route]:
        """Return the pages below /admin/x/questions/."""
        return self.pages.routes()

    @hookimpl(admin_links)
    def admin_links(self, actor: Actor) -> Sequence[Link]:
        """Return the link to them, for those who may see them."""
        if not actor.may(sets.MANAGE):
            return []
        return [Link(label=_("Guided questions"), href="/admin/x/questions/", icon="circle-question-mark")]

    @hookimpl(api_routes)
    def api_routes(self) -> Sequence[ApiRoute]:
        """Return the operations."""
        return operations.routes

    @hookimpl(ticket_facts)
    def ticket_facts(self) -> Sequence[TicketFacts]:
        """Have the answers read with the ticket."""
        return [showing.ANSWERS]

    @hookimpl(ticket_extras)
    def ticket_extras(self, ticket_ids: Sequence[int]) -> Mapping[int, Any]:
        """Add the answers to tickets in the API."""
        return showing.extras(self.desk, ticket_ids)

    @hookimpl(list_filters)
    def list_filters(self) -> Sequence[ListFilter]:
        """Let lists and searches ask for answers."""
        return narrowing.filters()

    @hookimpl(condition_fields)
    def condition_fields(self) -> Sequence[ConditionField]:
        """Let rules and service levels ask for answers."""
        return narrowing.fields()

    @hookimpl(search_sources)
    def search_sources(self) -> Sequence[SearchSource]:
        """Let the desk's search find tickets by their answers."""
        return [narrowing.source(self.desk)]

    @hookimpl(ticket_words)
    def ticket_words(self, ticket_ids: Sequence[int]) -> Sequence[TicketWords]:
        """Have tickets found by what was answered."""
        return narrowing.words_of(self.desk, ticket_ids)

    @hookimpl(cli_commands)
    def cli_commands(self) -> Sequence[click.Command]:
        """Return the commands of `helpdesk questions …`."""
        from .commands import commands

        return commands(self.desk)

    @hookimpl(message_redacting)
    def message_redacting(self, tx: Transaction, message: Message) -> None:
        """Remove the answers with the message that they came with."""
        showing.redacted(tx, message)

    @hookimpl(personal_data)
    def personal_data(self, user: User) -> Sequence[PersonalData]:
        """Return what a person has answered."""
        return showing.data_of(self.desk, user)

    @hookimpl(erase_personal_data)
    def erase_personal_data(self, tx: Transaction, user: User) -> None:
        """Forget it."""
        showing.forget(tx, user)

    @hookimpl(demo_filling)
    def demo_filling(self, tx: Transaction) -> None:
        """Ask what a hosting company asks."""
        from .samples import fill

        fill(self.desk, tx)

    def _panel(self, ticket: Ticket, *, for_staff: bool) -> Panel | None:
        answers = showing.answers(self.desk, [ticket.id]).get(ticket.id)
        if not answers:
            return None
        context = {"answers": answers, "for_staff": for_staff}
        return Panel(
            title=_("Answers") if for_staff else _("What you told us"),
            template="questions/panel.html",
            context=context,
            icon="circle-question-mark",
            order=15,
        )
