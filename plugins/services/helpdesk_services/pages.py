"""The pages below /admin/x/services/."""

from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for

from helpdesk_core.api import Helpdesk, Route
from helpdesk_core.api.errors import HelpdeskError, Invalid, NotFound, Unavailable
from helpdesk_core.api.web import close_session, current_actor, db, said

from . import sources
from .kinds import KINDS
from .kinds.base import Found, Wanted
from .models import Source
from .sources import MANAGE, Asker, SourceDraft
from .texts import _


class Pages:
    """Views over one helpdesk."""

    def __init__(self, desk: Helpdesk, asker: Asker) -> None:
        self.desk = desk
        self.asker = asker

    def routes(self) -> Sequence[Route]:
        """Return the pages."""
        both, post = ("GET", "POST"), ("POST",)
        return [
            Route("/", self.overview, MANAGE, name="overview"),
            Route("/new/<kind>", self.new, MANAGE, methods=both, name="new"),
            Route("/<uid>", self.source, MANAGE, methods=both, name="source"),
            Route("/<uid>/trial", self.trial, MANAGE, methods=post, name="trial"),
            Route("/<uid>/delete", self.delete, MANAGE, methods=post, name="delete"),
        ]

    def overview(self) -> str:
        """Show the sources."""
        return render_template("services/overview.html", sources=sources.all_sources(db()), kinds=KINDS)

    def new(self, kind: str) -> Any:
        """Show the form for a new source, and make it."""
        if kind not in KINDS:
            raise NotFound(_("There is no such kind of source."))
        return self._form(None, kind)

    def source(self, uid: str) -> Any:
        """Show a source, and save what was entered."""
        row = sources.find_source(db(), uid)
        return self._form(row, row.kind)

    def trial(self, uid: str) -> Any:
        """Ask a source for somebody and show what it says."""
        row = sources.find_source(db(), uid)
        close_session()
        given = request.form.get("customer", "").strip()
        wanted = Wanted(number=given) if row.found_by else Wanted(addresses=(given.casefold(),))
        try:
            found = sources.trial(self.desk, self.asker, current_actor(), uid, wanted) if given else Found()
        except HelpdeskError as error:
            return self._page(row, row.kind, _draft(row), trial=(given, None, said(error)))
        return self._page(row, row.kind, _draft(row), trial=(given, found, "" if given else _("Fill this in.")))

    def delete(self, uid: str) -> Any:
        """Remove a source."""
        close_session()
        sources.remove(self.desk, current_actor(), uid)
        flash(_("The source is gone. Tickets keep what they are about."), "success")
        return redirect(url_for("admin_services_overview"))

    def _form(self, row: Source | None, kind: str) -> Any:
        if request.method == "GET":
            return self._page(row, kind, _draft(row) if row else SourceDraft(name="", kind=kind))
        close_session()
        draft = _entered(kind)
        try:
            if row is None:
                saved = sources.make(self.desk, current_actor(), draft)
            else:
                saved = sources.change(self.desk, current_actor(), row.uid, draft)
        except Invalid as error:
            errors = {name: [_(text) for text in texts] for name, texts in error.problems.items()}
            return self._page(row, kind, draft, errors=errors), 422
        flash(_("Saved."), "success")
        return redirect(url_for("admin_services_source", uid=saved.uid))

    def _page(
        self,
        row: Source | None,
        kind: str,
        draft: SourceDraft,
        *,
        errors: dict[str, list[str]] | None = None,
        trial: tuple[str, Found | None, str] | None = None,
    ) -> str:
        found = trial[1] if trial else None
        return render_template(
            "services/source.html",
            row=row,
            kind=KINDS.get(kind),
            draft=draft,
            errors=errors or {},
            trial=trial,
            problems=[said(Unavailable(each)) for each in found.problems] if found else [],
        )


def _entered(kind: str) -> SourceDraft:
    form = request.form
    return SourceDraft(
        name=form.get("name", ""),
        kind=kind,
        found_by=form.get("found_by", ""),
        is_active=bool(form.get("is_active")),
        settings={each.name: form.get(f"settings.{each.name}", "") for each in KINDS[kind].entries},
    )


def _draft(row: Source) -> SourceDraft:
    return SourceDraft(
        name=row.name, kind=row.kind, found_by=row.found_by, is_active=row.is_active, settings=row.settings
    )
