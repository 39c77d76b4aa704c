"""The pages below /admin/x/webhooks/."""

from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for

from helpdesk_core.api import Helpdesk, Route
from helpdesk_core.api.errors import Conflict, Invalid, Refused
from helpdesk_core.api.web import close_session, current_actor, db

from . import endpoints, log
from .endpoints import MANAGE, EndpointDraft
from .models import Endpoint
from .sending import Outcome, content, message_id
from .texts import _, ngettext

PAGE = 50


class Pages:
    """Views over one helpdesk."""

    def __init__(self, desk: Helpdesk) -> None:
        self.desk = desk

    def routes(self) -> Sequence[Route]:
        """Return the pages."""
        both, post = ("GET", "POST"), ("POST",)
        return [
            Route("/", self.overview, MANAGE, name="overview"),
            Route("/new", self.endpoint, MANAGE, methods=both, name="new"),
            Route("/<uid>", self.endpoint, MANAGE, methods=both, name="endpoint"),
            Route("/<uid>/secret", self.secret, MANAGE, methods=post, name="secret"),
            Route("/<uid>/trial", self.trial, MANAGE, methods=post, name="trial"),
            Route("/<uid>/again", self.all_again, MANAGE, methods=post, name="all_again"),
            Route("/<uid>/delete", self.delete, MANAGE, methods=post, name="delete"),
            Route("/deliveries/<uid>", self.delivery, MANAGE, name="delivery"),
            Route("/deliveries/<uid>/again", self.again, MANAGE, methods=post, name="again"),
        ]

    def overview(self) -> str:
        """Show the endpoints and how they do."""
        return render_template(
            "webhooks/overview.html", endpoints=endpoints.all_endpoints(db()), counts=log.counts(db())
        )

    def endpoint(self, uid: str | None = None) -> Any:
        """Show an endpoint with its log, or the form for a new one, and save what was entered."""
        row = endpoints.find_endpoint(db(), uid) if uid else None
        draft = _entered() if request.method == "POST" else _draft(row)
        errors: dict[str, list[str]] = {}
        if request.method == "POST":
            close_session()
            try:
                if row:
                    saved = endpoints.change(self.desk, current_actor(), row.uid, draft)
                else:
                    saved = endpoints.make(self.desk, current_actor(), draft)
            except Invalid as error:
                errors = {name: [_(text) for text in texts] for name, texts in error.problems.items()}
            else:
                flash(_("Saved."), "success")
                return redirect(url_for("admin_webhooks_endpoint", uid=saved.uid))
        page = self._page(row, draft, errors)
        return page, 422 if errors else 200

    def secret(self, uid: str) -> Any:
        """Show the secret, or make a new one and show that."""
        close_session()
        if request.form.get("do") == "renew":
            secret = endpoints.renew_secret(self.desk, current_actor(), uid)
        else:
            try:
                secret = endpoints.secret_of(self.desk, current_actor(), uid)
            except Refused as error:
                flash(_(str(error)), "error")
                return redirect(url_for("admin_webhooks_endpoint", uid=uid))
        row = endpoints.find_endpoint(db(), uid)
        return self._page(row, _draft(row), {}, secret=secret)

    def trial(self, uid: str) -> Any:
        """Send something to the endpoint and tell what it answered."""
        close_session()
        outcome = log.try_out(self.desk, current_actor(), uid)
        flash(*_told(outcome))
        return redirect(url_for("admin_webhooks_endpoint", uid=uid))

    def all_again(self, uid: str) -> Any:
        """Let everything that was given up go out again."""
        close_session()
        try:
            number = log.send_failed_again(self.desk, current_actor(), uid)
        except Conflict as error:
            flash(_(str(error)), "error")
        else:
            flash(ngettext("%(num)d delivery goes out again.", "%(num)d deliveries go out again.", number), "success")
        return redirect(url_for("admin_webhooks_endpoint", uid=uid))

    def delete(self, uid: str) -> Any:
        """Remove an endpoint."""
        close_session()
        endpoints.remove(self.desk, current_actor(), uid)
        flash(_("The endpoint and its log are gone."), "success")
        return redirect(url_for("admin_webhooks_overview"))

    def delivery(self, uid: str) -> str:
        """Show what was sent, and what was answered each time."""
        row = log.find_delivery(db(), uid)
        body = content(db(), row, row.endpoint)
        return render_template(
            "webhooks/delivery.html",
            delivery=row,
            attempts=log.attempts(db(), row),
            body=body.decode() if body else "",
            message_id=message_id(row),
            states=_states(),
        )

    def again(self, uid: str) -> Any:
        """Let a delivery go out again."""
        close_session()
        try:
            log.send_again(self.desk, current_actor(), uid)
        except Conflict as error:
            flash(_(str(error)), "error")
        else:
            flash(_("It goes out again within seconds."), "success")
        return redirect(url_for("admin_webhooks_delivery", uid=uid))

    def _page(
        self, row: Endpoint | None, draft: EndpointDraft, errors: dict[str, list[str]], *, secret: str = ""
    ) -> str:
        state = request.args.get("state", "")
        state = state if state in log.STATES else ""
        before = request.args.get("before", type=int)
        found = list(log.deliveries(db(), endpoint=row.uid, state=state, before=before, limit=PAGE + 1)) if row else []
        older = ""
        if row and len(found) > PAGE:
            older = url_for("admin_webhooks_endpoint", uid=row.uid, state=state or None, before=found[PAGE - 1].id)
        return render_template(
            "webhooks/endpoint.html",
            row=row,
            draft=draft,
            errors=errors,
            secret=secret,
            types=[(each, each) for each in endpoints.event_types(self.desk)],
            deliveries=found[:PAGE],
            counts=log.counts(db()).get(row.id, {}) if row else {},
            older=older,
            state=state,
            states=_states(),
        )


def _entered() -> EndpointDraft:
    form = request.form
    return EndpointDraft(
        name=form.get("name", ""),
        url=form.get("url", ""),
        events=form.getlist("events"),
        is_active=bool(form.get("is_active")),
    )


def _draft(row: Endpoint | None) -> EndpointDraft:
    if row is None:
        return EndpointDraft(name="", url="")
    return EndpointDraft(name=row.name, url=row.url, events=tuple(row.events), is_active=row.is_active)


def _states() -> dict[str, tuple[str, str]]:
    return {
        "waiting": (_("On its way"), "info"),
        "delivered": (_("Delivered"), "success"),
        "failed": (_("Given up"), "danger"),
    }


def _told(outcome: Outcome) -> tuple[str, str]:
    if outcome.ok:
        time = outcome.milliseconds
        return _("It answered %(status)s after %(time)s ms.", status=outcome.status, time=time), "success"
    return _("It did not work: %(problem)s", problem=outcome.problem), "error"
