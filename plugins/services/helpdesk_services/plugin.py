"""What services add to the helpdesk; the work itself is done in the other modules. Wiring only."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import url_for

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
    condition_fields,
    customer_services,
    demo_filling,
    desk_routes,
    desk_ticket_sidebar,
    erase_personal_data,
    list_filters,
    permissions,
    personal_data,
    portal_ticket_sidebar,
    ticket_extras,
    ticket_facts,
    ticket_form_fields,
    ticket_opening,
    ticket_opening_check,
    ticket_words,
)
from helpdesk_core.api.rest import ApiRoute
from helpdesk_core.api.search import TicketWords
from helpdesk_core.api.services import Customer, ServiceSource
from helpdesk_core.api.settings import gettext_noop as _n
from helpdesk_core.api.tickets import ListFilter, NewTicket, Ticket, TicketFacts
from helpdesk_core.api.users import PersonalData, User

from . import choosing, keeping, narrowing, sources
from .api import operations
from .desk import Desk
from .events import ServiceChanged, SourceChanged
from .models import Base
from .pages import Pages
from .settings import Settings
from .texts import _, lazy


class ServicesPlugin(Plugin):
    """What customers have, beside their tickets."""

    id = "services"
    title = _n("Services of customers")
    summary = _n(
        "Customers choose which of their services a ticket is about; billing systems and panels say what they have."
    )
    settings = Settings
    models = Base.metadata
    events = (SourceChanged, ServiceChanged)

    def __init__(self, desk: Helpdesk) -> None:
        """Prepare the pages."""
        super().__init__(desk)
        self.asker = sources.Asker(desk)
        self.pages = Pages(desk, self.asker)
        self.at_desk = Desk(desk)

    @hookimpl(permissions)
    def permissions(self) -> Sequence[Permission]:
        """Return what roles can allow."""
        return [Permission(sources.MANAGE, lazy("set up the sources of customers' services"), owner=self.id)]

    @hookimpl(customer_services)
    def customer_services(self, customer: Customer) -> Sequence[ServiceSource]:
        """Name the sources that an admin has set up."""
        return self.asker.for_customer(customer)

    @hookimpl(ticket_form_fields)
    def ticket_form_fields(self, actor: Actor, customer_id: int | None) -> Sequence[FormField]:
        """Ask which service it is about."""
        another = customer_id != actor.user_id
        field = choosing.field(choosing.answers_for(self.desk, customer_id, for_staff=another), is_staff=another)
        return [field] if field is not None else []

    @hookimpl(ticket_opening_check)
    def ticket_opening_check(self, draft: NewTicket, actor: Actor) -> Sequence[str]:
        """Refuse a service that is not the customer's."""
        return choosing.problem(self.desk, actor, draft)

    @hookimpl(ticket_opening)
    def ticket_opening(self, tx: Transaction, ticket: Ticket, draft: NewTicket) -> None:
        """Keep what it is about."""
        choosing.store(tx, tx.actor, ticket, draft)

    @hookimpl(desk_ticket_sidebar)
    def desk_ticket_sidebar(self, ticket: Ticket) -> Panel | None:
        """Leave room for what is loaded after the page."""
        href = url_for("desk_services_services", number=ticket.number)
        return Panel(
            title=_("Service"), template="services/panel.html", context={"href": href}, icon="server", order=30
        )

    @hookimpl(portal_ticket_sidebar)
    def portal_ticket_sidebar(self, ticket: Ticket) -> Panel | None:
        """Show customers what their ticket is about."""
        with self.desk.read() as session:
            row = keeping.current(session, [ticket.id]).get(ticket.id)
        if row is None or not row.name:
            return None
        return Panel(title=_("Service"), template="services/chosen.html", context={"row": row}, icon="server")

    @hookimpl(desk_routes)
    def desk_routes(self) -> Sequence[Route]:
        """Return the pages below /desk/x/services/."""
        return self.at_desk.routes()

    @hookimpl(admin_routes)
    def admin_routes(self) -> Sequence[Route]:
        """Return the pages below /admin/x/services/."""
        return self.pages.routes()

    @hookimpl(admin_links)
    def admin_links(self, actor: Actor) -> Sequence[Link]:
        """Return the link to them, for those who may see them."""
        if not actor.may(sources.MANAGE):
            return []
        return [Link(label=_("Services of customers"), href="/admin/x/services/", icon="server")]

    @hookimpl(api_routes)
    def api_routes(self) -> Sequence[ApiRoute]:
        """Return the operations."""
        return operations.routes

    @hookimpl(ticket_facts)
    def ticket_facts(self) -> Sequence[TicketFacts]:
        """Have what tickets are about read with what others keep."""
        return [keeping.CURRENT]

    @hookimpl(ticket_extras)
    def ticket_extras(self, ticket_ids: Sequence[int], actor: Actor) -> Mapping[int, Any]:
        """Add to tickets in the API what they are about."""
        return keeping.extras(self.desk, ticket_ids, actor)

    @hookimpl(list_filters)
    def list_filters(self) -> Sequence[ListFilter]:
        """Let lists and searches ask for services."""
        return narrowing.filters()

    @hookimpl(ticket_words)
    def ticket_words(self, ticket_ids: Sequence[int]) -> Sequence[TicketWords]:
        """Have tickets found by what they are about."""
        return narrowing.words_of(self.desk, ticket_ids)

    @hookimpl(condition_fields)
    def condition_fields(self) -> Sequence[ConditionField]:
        """Let rules and service levels ask for services."""
        return narrowing.fields()

    @hookimpl(personal_data)
    def personal_data(self, user: User) -> Sequence[PersonalData]:
        """Return what is kept about a person."""
        return keeping.data_of(self.desk, user)

    @hookimpl(erase_personal_data)
    def erase_personal_data(self, tx: Transaction, user: User) -> None:
        """Forget a person."""
        keeping.forget(tx, user)

    @hookimpl(demo_filling)
    def demo_filling(self, tx: Transaction) -> None:
        """Give the demo's customers something to choose from."""
        from .samples import fill

        fill(self.desk, tx)
