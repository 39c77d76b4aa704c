"""What the plugin adds to the helpdesk; the work itself is done in the other modules."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import click

from helpdesk_core.api import Actor, Helpdesk, Job, Link, Panel, Permission, Plugin, Route, Transaction, hookimpl
from helpdesk_core.api.events import MessagePosted
from helpdesk_core.api.hooks import (
    admin_links,
    admin_routes,
    cli_commands,
    customer_facts,
    desk_ticket_sidebar,
    erase_personal_data,
    health,
    message_posted,
    permissions,
    personal_data,
    portal_routes,
    scheduled_jobs,
    signing_out,
    ticket_extras,
    ticket_facts,
    ticket_opening,
)
from helpdesk_core.api.settings import gettext_noop as _n
from helpdesk_core.api.tickets import NewTicket, Ticket, TicketFacts
from helpdesk_core.api.users import PersonalData, User

from . import answers, people, privacy, sessions, showing, sites, snapshots
from .events import SiteChanged
from .models import Base
from .pages import Pages
from .settings import Settings
from .shells import Shells
from .texts import ID, _
from .texts import lazy as _l
from .visits import Visits


class CmsPlugin(Plugin):
    """Shows the helpdesk in pages of other sites."""

    id = ID
    title = _n("Sites")
    summary = _n(
        "The helpdesk inside another site: single sign-on, forms and tickets in its pages, comments as tickets."
    )
    settings = Settings
    models = Base.metadata
    events = (SiteChanged,)

    def __init__(self, desk: Helpdesk) -> None:
        """Prepare the views."""
        super().__init__(desk)
        self.shells, self.visits, self.pages = Shells(desk), Visits(desk), Pages(desk)

    @hookimpl(permissions)
    def permissions(self) -> Sequence[Permission]:
        """Return what roles can allow."""
        return [Permission(sites.MANAGE, _l("see to sites that sign people in"), owner=ID)]

    @hookimpl(portal_routes)
    def portal_routes(self) -> Sequence[Route]:
        """Return the addresses below /x/cms/."""
        return [*self.shells.routes(), *self.visits.routes()]

    @hookimpl(signing_out)
    def signing_out(self, session_uid: str) -> str | None:
        """Lead on to the site that began the session, so that people are logged out there too."""
        return sessions.goes_on_to(self.desk, session_uid)

    @hookimpl(ticket_opening)
    def ticket_opening(self, tx: Transaction, ticket: Ticket, draft: NewTicket) -> None:
        """Keep what came along from a site."""
        snapshots.write(tx, ticket, draft)

    @hookimpl(message_posted)
    def message_posted(self, event: MessagePosted) -> None:
        """Send answers to comments back to their sites."""
        answers.tell(self.desk, event)

    @hookimpl(desk_ticket_sidebar)
    def desk_ticket_sidebar(self, ticket: Ticket) -> Panel | None:
        """Show where a ticket is from."""
        return showing.beside_ticket(self.desk, ticket)

    @hookimpl(ticket_facts)
    def ticket_facts(self) -> Sequence[TicketFacts]:
        """Have that read with the ticket."""
        return [showing.ORIGINS, showing.MERGED]

    @hookimpl(ticket_extras)
    def ticket_extras(self, ticket_ids: Sequence[int], actor: Actor) -> Mapping[int, Any]:
        """Return where tickets are from for `x.cms`; for staff."""
        return showing.extras(self.desk, ticket_ids) if actor.is_staff else {}

    @hookimpl(customer_facts)
    def customer_facts(self, user_id: int) -> Sequence[tuple[str, str]]:
        """Return what sites say of a person, for those who look for their services."""
        return people.facts_about(self.desk, user_id)

    @hookimpl(personal_data)
    def personal_data(self, user: User) -> Sequence[PersonalData]:
        """Return what is kept about a person."""
        return privacy.data_of(self.desk, user)

    @hookimpl(erase_personal_data)
    def erase_personal_data(self, tx: Transaction, user: User) -> None:
        """Forget a person."""
        privacy.forget(tx, user)

    @hookimpl(admin_routes)
    def admin_routes(self) -> Sequence[Route]:
        """Return the pages below /admin/x/cms/."""
        return self.pages.routes()

    @hookimpl(admin_links)
    def admin_links(self, actor: Actor) -> Sequence[Link]:
        """Return the link to them, for those who may see them."""
        return [Link(label=_("Sites"), href="/admin/x/cms/", icon="globe")] if actor.may(sites.MANAGE) else []

    @hookimpl(health)
    def health(self) -> Sequence[str]:
        """Name sites whose secrets cannot be read, and say when tokens would travel in the open."""
        with self.desk.read() as session:
            rows = [row for row in sites.all_sites(session) if row.is_active]
        here = urlsplit(self.desk.settings.site().url)
        found = [
            _("The secrets of the site “%(name)s” cannot be read: make a new one.", name=row.name)
            for row in rows
            if not sites.kids(self.desk, row)
        ]
        if rows and here.scheme != "https" and here.hostname not in ("localhost", "127.0.0.1", "::1"):
            found.append(_("Sites send tokens in the open: serve the helpdesk by HTTPS, and correct [site] url."))
        return found

    @hookimpl(scheduled_jobs)
    def scheduled_jobs(self) -> Sequence[Job]:
        """Forget what is over."""
        return [Job("forget", timedelta(hours=1), lambda desk: sessions.forget_old(desk, self.config["keep"]))]

    @hookimpl(cli_commands)
    def cli_commands(self) -> Sequence[click.Command]:
        """Return the commands of `helpdesk cms …`."""
        from .commands import commands

        return commands(self.desk)
