"""The pages below /admin/x/cms/."""

from collections.abc import Sequence
from typing import Any, Final

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import func, select

from helpdesk_core.api import Helpdesk, Route
from helpdesk_core.api.departments import all_departments
from helpdesk_core.api.errors import Invalid, Refused
from helpdesk_core.api.users import all_roles
from helpdesk_core.api.web import close_session, current_actor, db, said

from . import sites
from .models import Person, Refusal, Site
from .sites import MANAGE, OWNERS_ONLY, NewKey, SiteDraft
from .texts import _

SHOWN: Final = 50


class Pages:
    """Views over one helpdesk."""

    def __init__(self, desk: Helpdesk) -> None:
        self.desk = desk

    def routes(self) -> Sequence[Route]:
        """Return the pages."""
        both, post = ("GET", "POST"), ("POST",)
        return [
            Route("/", self.overview, MANAGE, name="overview"),
            Route("/new", self.new, MANAGE, methods=both, name="new"),
            Route("/<key>", self.site, MANAGE, methods=both, name="site"),
            Route("/<key>/rotate", self.rotate, MANAGE, methods=post, name="rotate"),
            Route("/<key>/end", self.end, MANAGE, methods=post, name="end"),
            Route("/<key>/delete", self.delete, MANAGE, methods=post, name="delete"),
        ]

    def overview(self) -> str:
        """Show the sites, and how many people came from each."""
        counted = select(Person.site_id, func.count(Person.id)).group_by(Person.site_id)
        people = {row[0]: row[1] for row in db().execute(counted)}
        return render_template("cms/overview.html", sites=sites.all_sites(db()), people=people)

    def new(self) -> Any:
        """Make a site, and show its first secret; or show the form for it."""
        if request.method == "GET":
            return self._page(None, SiteDraft(key="", name=""))
        draft = _entered(request.form.get("key", "").strip())
        close_session()
        try:
            made = sites.make(self.desk, current_actor(), draft)
        except Invalid as error:
            return self._page(None, draft, error), 422
        flash(_("The site is made. Its secret is shown this once."), "success")
        return self._page(made.site, draft, made=made)

    def site(self, key: str) -> Any:
        """Show a site, or save what was entered about it."""
        row = sites.find_site(db(), key)
        if request.method == "GET":
            return self._page(row, self._draft(row))
        draft = _entered(key)
        close_session()
        try:
            sites.change(self.desk, current_actor(), key, draft)
        except Invalid as error:
            return self._page(row, draft, error), 422
        flash(_("Saved."), "success")
        return redirect(url_for("admin_cms_site", key=key))

    def rotate(self, key: str) -> Any:
        """Make a new secret and show it, once."""
        close_session()
        made = sites.rotate(self.desk, current_actor(), key)
        return self._page(made.site, self._draft(made.site), made=made)

    def end(self, key: str) -> Any:
        """End a secret at once."""
        close_session()
        try:
            sites.end_secret(self.desk, current_actor(), key, request.form.get("kid", ""))
        except Refused as error:
            flash(said(error), "error")
        else:
            flash(_("The secret works no more."), "success")
        return redirect(url_for("admin_cms_site", key=key))

    def delete(self, key: str) -> Any:
        """Remove a site."""
        close_session()
        sites.remove(self.desk, current_actor(), key)
        flash(_("The site is gone. Accounts and tickets that came from there stay."), "success")
        return redirect(url_for("admin_cms_overview"))

    def _draft(self, row: Site) -> SiteDraft:
        keys = {each.id: each.key for each in all_departments(db())}
        return SiteDraft(
            key=row.key,
            name=row.name,
            url=row.url,
            origins=row.origins,
            department=keys.get(row.department_id or 0, ""),
            comment_department=keys.get(row.comment_department_id or 0, ""),
            logout_url=row.logout_url,
            answers_url=row.answers_url,
            staff=row.staff,
            roles=row.roles,
            is_active=row.is_active,
        )

    def _page(
        self, row: Site | None, draft: SiteDraft, error: Invalid | None = None, made: NewKey | None = None
    ) -> str:
        refusals: Sequence[Refusal] = ()
        if row is not None:
            query = select(Refusal).where(Refusal.site_id == row.id).order_by(Refusal.at.desc(), Refusal.id.desc())
            refusals = db().scalars(query.limit(SHOWN)).all()
        return render_template(
            "cms/site.html",
            row=row,
            draft=draft,
            errors=error.problems if error else {},
            made=made,
            kids=sites.kids(self.desk, row) if row else {},
            refusals=refusals,
            departments=[(each.key, each.name) for each in all_departments(db()) if each.is_active],
            roles=[
                role.key for role in all_roles(db()) if not {each.permission for each in role.permissions} & OWNERS_ONLY
            ],
            roles_text="\n".join(_as_line(each) for each in draft.roles),
            here=self.desk.settings.site().url,
        )


def _entered(key: str) -> SiteDraft:
    form = request.form
    return SiteDraft(
        key=key,
        name=form.get("name", ""),
        url=form.get("url", ""),
        origins=form.get("origins", "").split(),
        department=form.get("department", ""),
        comment_department=form.get("comment_department", ""),
        logout_url=form.get("logout_url", ""),
        answers_url=form.get("answers_url", ""),
        staff=bool(form.get("staff")),
        roles=[read_role(line) for line in form.get("roles", "").splitlines() if line.strip()],
        is_active=bool(form.get("is_active")) or request.endpoint == "admin_cms_new",
    )


def read_role(line: str) -> list[str]:
    """Return `editor = agent @ support` as [role of the site, role of the helpdesk, department or ""]."""
    theirs, _equals, ours = line.partition("=")
    ours, _at, department = ours.partition("@")
    return [theirs.strip(), ours.strip(), department.strip()]


def _as_line(role: Sequence[str]) -> str:
    theirs, ours, department = role
    return f"{theirs} = {ours}" + (f" @ {department}" if department else "")
