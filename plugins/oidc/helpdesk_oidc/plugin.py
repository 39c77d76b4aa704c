"""What OpenID Connect adds to the helpdesk; the work itself is done in the other modules."""

from collections.abc import Sequence
from datetime import timedelta

from flask import request
from sqlalchemy import select

from helpdesk_core.api import Actor, Helpdesk, Job, Link, Panel, Permission, Plugin, Route, Transaction, hookimpl
from helpdesk_core.api.hooks import (
    admin_links,
    admin_routes,
    auth_other,
    erase_personal_data,
    permissions,
    personal_data,
    portal_routes,
    scheduled_jobs,
    signing_out,
)
from helpdesk_core.api.settings import gettext_noop as _n
from helpdesk_core.api.users import PersonalData, User

from . import flow, providers
from .discovery import Directory
from .events import ProviderChanged
from .models import Base, Person, Provider
from .pages import AdminPages
from .settings import Settings
from .signing import SignInPages
from .texts import ID, _
from .texts import lazy as _l


class OidcPlugin(Plugin):
    """Lets people sign in with an account elsewhere."""

    id = ID
    title = _n("OpenID Connect")
    summary = _n("People sign in with an account elsewhere: a CMS, a company's directory, any OpenID provider.")
    settings = Settings
    models = Base.metadata
    events = (ProviderChanged,)

    def __init__(self, desk: Helpdesk) -> None:
        """Prepare the pages."""
        super().__init__(desk)
        self.directory = Directory(desk)
        self.sign_in_pages = SignInPages(desk, self.directory)
        self.admin_pages = AdminPages(desk, self.directory)

    @hookimpl(permissions)
    def permissions(self) -> Sequence[Permission]:
        """Return what roles can allow."""
        return [Permission(providers.MANAGE, _l("say which providers vouch for people"), owner=ID)]

    @hookimpl(auth_other)
    def auth_other(self) -> Panel | None:
        """Show a link for each provider below the form for signing in."""
        with self.desk.read() as session:
            rows = [row for row in providers.all_providers(session) if row.is_active]
        onward = request.values.get("next", "")
        return Panel(template="oidc/links.html", context={"providers": rows, "onward": onward}) if rows else None

    @hookimpl(signing_out)
    def signing_out(self, session_uid: str) -> str | None:
        """Let who signs out here be signed out at the provider, too."""
        return flow.leaving(self.desk, session_uid)

    @hookimpl(scheduled_jobs)
    def scheduled_jobs(self) -> Sequence[Job]:
        """Forget sessions of long ago."""
        return [Job("forget", timedelta(days=1), flow.forget_old)]

    @hookimpl(portal_routes)
    def portal_routes(self) -> Sequence[Route]:
        """Return the pages below /x/oidc/."""
        return self.sign_in_pages.routes()

    @hookimpl(admin_routes)
    def admin_routes(self) -> Sequence[Route]:
        """Return the pages below /admin/x/oidc/."""
        return self.admin_pages.routes()

    @hookimpl(admin_links)
    def admin_links(self, actor: Actor) -> Sequence[Link]:
        """Return the link to them, for those who may see them."""
        if not actor.may(providers.MANAGE):
            return []
        return [Link(label=_("OpenID Connect"), href="/admin/x/oidc/", icon="key")]

    @hookimpl(personal_data)
    def personal_data(self, user: User) -> Sequence[PersonalData]:
        """Return which accounts elsewhere are the person's."""
        query = select(Person, Provider.name).join(Provider, Provider.id == Person.provider_id)
        with self.desk.read() as session:
            rows = session.execute(query.where(Person.user_id == user.id)).all()
        data = [{"provider": name, "sub": row.sub, "seen_at": row.seen_at.isoformat()} for row, name in rows]
        return [PersonalData(name="accounts", data=data)] if data else []

    @hookimpl(erase_personal_data)
    def erase_personal_data(self, tx: Transaction, user: User) -> None:
        """Forget which accounts elsewhere were the person's."""
        for row in tx.session.scalars(select(Person).where(Person.user_id == user.id)):
            tx.session.delete(row)
