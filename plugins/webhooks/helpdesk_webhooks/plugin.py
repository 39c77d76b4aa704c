"""What webhooks add to the helpdesk; the work itself is done in the other modules."""

from collections.abc import Sequence
from datetime import timedelta

import click

from helpdesk_core.api import Actor, Event, Helpdesk, Job, Link, Permission, Plugin, Route, hookimpl
from helpdesk_core.api.hooks import (
    admin_links,
    admin_routes,
    api_routes,
    cli_commands,
    event_recorded,
    health,
    permissions,
    scheduled_jobs,
)
from helpdesk_core.api.rest import ApiRoute
from helpdesk_core.api.settings import gettext_noop as _n

from . import endpoints, mailing, sending
from .events import EndpointChanged, EndpointSwitchedOff
from .models import Base
from .pages import Pages
from .settings import Settings
from .texts import _
from .texts import lazy as _l


class WebhooksPlugin(Plugin):
    """Tells other programs of what happens."""

    id = "webhooks"
    title = _n("Webhooks")
    summary = _n("Other programs are told of what happens: signed, tried again until they have it, with a log.")
    settings = Settings
    models = Base.metadata
    events = (EndpointChanged, EndpointSwitchedOff)

    def __init__(self, desk: Helpdesk) -> None:
        """Prepare the pages."""
        super().__init__(desk)
        self.pages = Pages(desk)

    @hookimpl(permissions)
    def permissions(self) -> Sequence[Permission]:
        """Return what roles can allow."""
        return [Permission(endpoints.MANAGE, _l("see to webhooks, which tell of everything"), owner="webhooks")]

    @hookimpl(event_recorded)
    def event_recorded(self, event: Event) -> None:
        """Let every event wait for those who ask for it, and tell people of an endpoint that was switched off."""
        if isinstance(event, EndpointSwitchedOff):
            mailing.tell(self.desk, event)
        else:
            sending.queue(self.desk, event)

    @hookimpl(scheduled_jobs)
    def scheduled_jobs(self) -> Sequence[Job]:
        """Send, and forget what ended long ago."""
        return [
            Job("send", timedelta(seconds=3), sending.send_due),
            Job("forget", timedelta(days=1), sending.forget_old),
        ]

    @hookimpl(health)
    def health(self) -> Sequence[str]:
        """Name the endpoints that do not work."""
        with self.desk.read() as session:
            rows = endpoints.all_endpoints(session)
        return [_("Webhooks to “%(name)s” were switched off.", name=row.name) for row in rows if row.off_because] + [
            _("Webhooks to “%(name)s” have failed %(times)s times in a row.", name=row.name, times=row.failures)
            for row in rows
            if row.is_active and row.failures >= sending.LEAST_FAILURES
        ]

    @hookimpl(admin_routes)
    def admin_routes(self) -> Sequence[Route]:
        """Return the pages below /admin/x/webhooks/."""
        return self.pages.routes()

    @hookimpl(admin_links)
    def admin_links(self, actor: Actor) -> Sequence[Link]:
        """Return the link to them, for those who may see them."""
        if not actor.may(endpoints.MANAGE):
            return []
        return [Link(label=_("Webhooks"), href="/admin/x/webhooks/", icon="send")]

    @hookimpl(api_routes)
    def api_routes(self) -> Sequence[ApiRoute]:
        """Return the operations."""
        from .api import operations

        return operations.routes

    @hookimpl(cli_commands)
    def cli_commands(self) -> Sequence[click.Command]:
        """Return the commands of `helpdesk webhooks …`."""
        from .commands import commands

        return commands(self.desk)
