"""What the plugin adds to the helpdesk; the work itself is done in the other modules."""

from collections.abc import Sequence
from datetime import timedelta

import click

from helpdesk_core.api import Helpdesk, Job, Permission, Plugin, Route, Transaction, hookimpl
from helpdesk_core.api.hooks import (
    cli_commands,
    permissions,
    portal_routes,
    scheduled_jobs,
    signing_out,
    ticket_opening,
)
from helpdesk_core.api.settings import gettext_noop as _n
from helpdesk_core.api.tickets import NewTicket, Ticket

from . import sessions, sites, snapshots
from .events import SiteChanged
from .models import Base
from .settings import Settings
from .shells import Shells
from .texts import ID
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
        self.shells, self.visits = Shells(desk), Visits(desk)

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

    @hookimpl(scheduled_jobs)
    def scheduled_jobs(self) -> Sequence[Job]:
        """Forget what is over."""
        return [Job("forget", timedelta(hours=1), lambda desk: sessions.forget_old(desk, self.config["keep"]))]

    @hookimpl(cli_commands)
    def cli_commands(self) -> Sequence[click.Command]:
        """Return the commands of `helpdesk cms …`."""
        from .commands import commands

        return commands(self.desk)
