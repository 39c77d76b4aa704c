"""The pages below /admin/x/oidc/."""

from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import select

from helpdesk_core.api import Helpdesk, HelpdeskError, Route
from helpdesk_core.api.departments import Department
from helpdesk_core.api.errors import Invalid
from helpdesk_core.api.web import close_session, current_actor, db, said

from . import flow, providers
from .discovery import Directory
from .models import Provider
from .providers import MANAGE, ProviderDraft
from .texts import _

SPARE_ROWS = 2
"""Empty rows for more roles, so that the form needs no script."""


class AdminPages:
    """Views over one helpdesk."""

    def __init__(self, desk: Helpdesk, directory: Directory) -> None:
        self.desk, self.directory = desk, directory

    def routes(self) -> Sequence[Route]:
        """Return the pages."""
        both, post = ("GET", "POST"), ("POST",)
        return [
            Route("/", self.overview, MANAGE, name="overview"),
            Route("/new", self.provider, MANAGE, methods=both, name="new"),
            Route("/<key>", self.provider, MANAGE, methods=both, name="provider"),
            Route("/<key>/test", self.test, MANAGE, methods=post, name="test"),
            Route("/<key>/delete", self.delete, MANAGE, methods=post, name="delete"),
        ]

    def overview(self) -> str:
        """Show the providers."""
        return render_template("oidc/overview.html", providers=providers.all_providers(db()))

    def provider(self, key: str | None = None) -> Any:
        """Show a provider, or the form for a new one, and save what was entered."""
        row = providers.find_provider(db(), key) if key else None
        draft = _entered(row) if request.method == "POST" else _draft(row)
        errors: dict[str, list[str]] = {}
        if request.method == "POST":
            close_session()
            try:
                if row:
                    saved = providers.change(self.desk, current_actor(), row.key, draft)
                else:
                    saved = providers.make(self.desk, current_actor(), draft)
            except Invalid as error:
                errors = {name: [_(text) for text in texts] for name, texts in error.problems.items()}
            else:
                self.directory.forget(saved.issuer)
                flash(_("Saved."), "success")
                return redirect(url_for("admin_oidc_provider", key=saved.key))
        return self._page(row, draft, errors), 422 if errors else 200

    def test(self, key: str) -> Any:
        """Ask the provider what it says of itself, and for its keys."""
        row = providers.find_provider(db(), key)
        close_session()
        try:
            self.directory.forget(row.issuer)
            metadata = self.directory.metadata(row.issuer, fresh=True)
            number = self.directory.keys(row.issuer)
            providers.secret_of(self.desk, row)
        except HelpdeskError as error:
            flash(_("It does not work: %(problem)s", problem=said(error)), "error")
        else:
            out = _("yes") if metadata.end_session else _("no")
            flash(_("It answers, with %(keys)s keys; signing out there: %(out)s.", keys=number, out=out), "success")
        return redirect(url_for("admin_oidc_provider", key=key))

    def delete(self, key: str) -> Any:
        """Remove a provider."""
        close_session()
        providers.remove(self.desk, current_actor(), key)
        flash(_("The provider is gone. The accounts of its people stay."), "success")
        return redirect(url_for("admin_oidc_overview"))

    def _page(self, row: Provider | None, draft: ProviderDraft, errors: dict[str, list[str]]) -> str:
        sample = Provider(key=draft.key or "key")
        departments = db().execute(select(Department.key, Department.name).order_by(Department.name)).all()
        return render_template(
            "oidc/provider.html",
            row=row,
            draft=draft,
            errors=errors,
            role_rows=[*draft.roles, *([["", "", ""]] * SPARE_ROWS)],
            roles=[("", ""), *providers.given_roles(db())],
            departments=[("", _("Everywhere")), *((key, name) for key, name in departments)],
            redirect_uri=flow.redirect_uri(self.desk, row or sample),
            logout_uri=flow.logout_uri(self.desk, row or sample),
            home_uri=flow.home_uri(self.desk),
        )


def _entered(row: Provider | None) -> ProviderDraft:
    form = request.form
    pairs = zip(form.getlist("role_theirs"), form.getlist("role_mine"), form.getlist("role_at"), strict=False)
    return ProviderDraft(
        key=row.key if row else form.get("key", "").strip(),
        name=form.get("name", ""),
        issuer=form.get("issuer", ""),
        client_id=form.get("client_id", ""),
        secret=form.get("secret", ""),
        scopes=form.get("scopes", ""),
        roles_claim=form.get("roles_claim", ""),
        roles=[[theirs, mine, at] for theirs, mine, at in pairs if theirs.strip() or mine],
        staff=bool(form.get("staff")),
        sign_out=bool(form.get("sign_out")),
        is_active=bool(form.get("is_active")),
    )


def _draft(row: Provider | None) -> ProviderDraft:
    if row is None:
        return ProviderDraft(key="", name="", issuer="", client_id="")
    return ProviderDraft(
        key=row.key,
        name=row.name,
        issuer=row.issuer,
        client_id=row.client_id,
        scopes=row.scopes,
        roles_claim=row.roles_claim,
        roles=row.roles,
        staff=row.staff,
        sign_out=row.sign_out,
        is_active=row.is_active,
    )
