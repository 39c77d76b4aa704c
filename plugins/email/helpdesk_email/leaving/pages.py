"""The admin pages of the ways out: the mail of each department, and the keys that mail is signed with."""

from collections.abc import Callable, Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from helpdesk_core.api import Helpdesk, HelpdeskError, Route
from helpdesk_core.api.departments import all_departments
from helpdesk_core.api.errors import Invalid
from helpdesk_core.api.portal import refuse_unusable
from helpdesk_core.api.web import close_session, current_actor, current_desk, db, said, words

from ..texts import texts
from .departments import MANAGE, DepartmentDraft, all_mail, department_of, draft_of, mail_of, set_mail
from .keys import KeyDraft, all_keys, delete_key, find_key, save_key, signer_of
from .models import DkimKey
from .servers import try_server

_ = texts.gettext
Errors = dict[str, list[str]]
LIST = "admin_email_ways_out"


class WayOutPages:
    """The views; every one needs the permission to manage settings."""

    def __init__(self, desk: Helpdesk) -> None:
        self.desk = desk

    def routes(self) -> Sequence[Route]:
        """Return the pages below /admin/x/email/out."""
        both = ("GET", "POST")
        table: Sequence[tuple[str, Callable[..., Any], tuple[str, ...], str]] = (
            ("/out", self.ways_out, ("GET",), "ways_out"),
            ("/out/departments/<key>", self.department, both, "department_mail"),
            ("/out/departments/<key>/test", self.test, ("POST",), "test_department_mail"),
            ("/out/keys/new", self.new_key, both, "new_dkim_key"),
            ("/out/keys/<uid>", self.key, both, "dkim_key"),
            ("/out/keys/<uid>/delete", self.delete, ("POST",), "delete_dkim_key"),
        )
        return [Route(rule, view, MANAGE, methods, name) for rule, view, methods, name in table]

    def ways_out(self) -> Any:
        """List departments with how their mail leaves, and the keys."""
        departments = [each for each in all_departments(db()) if each.is_active]
        names = {each.id: each.name for each in departments}
        return _show(
            "ways_out",
            departments=departments,
            mail=all_mail(db()),
            keys=all_keys(db()),
            names=names,
            history=_history(),
        )

    def department(self, key: str) -> Any:
        """Show how the mail of a department leaves, and change it."""
        department = department_of(db(), key)
        there = mail_of(db(), department.id)
        draft = draft_of(there)
        errors: Errors = {}
        if request.method == "POST":
            draft, errors = _typed()
            errors = errors or _attempt(lambda: set_mail(current_desk(), current_actor(), key, draft))
            if not errors:
                flash(_("How mail of “%(name)s” leaves is saved.", name=department.name), "success")
                return redirect(url_for("admin_email_department_mail", key=key))
        has_password = there is not None and bool(there.sealed)
        return _show(
            "department_mail",
            errors,
            department=department,
            mail=there,
            draft=draft,
            has_password=has_password,
            history=_history(),
        )

    def test(self, key: str) -> Response:
        """Connect to the server of a department, and sign in."""
        there = mail_of(db(), department_of(db(), key).id)
        close_session()
        if there is None or not there.host:
            flash(_("This department has no server of its own; its mail leaves like the site's."), "warning")
        else:
            try:
                try_server(self.desk, there)
            except HelpdeskError as error:
                flash(_("It does not work: %(why)s", why=said(error)), "error")
            else:
                flash(_("It works: the server takes our mail."), "success")
        return redirect(url_for("admin_email_department_mail", key=key))

    def new_key(self) -> Any:
        """Add a key."""
        draft = KeyDraft(selector="helpdesk1")
        errors: Errors = {}
        if request.method == "POST":
            draft = _typed_key()
            made: list[DkimKey] = []
            errors = _attempt(lambda: made.append(save_key(current_desk(), current_actor(), None, draft)))
            if not errors:
                flash(_("The key is ready. Publish its other half, then mail can be checked with it."), "success")
                return redirect(url_for("admin_email_dkim_key", uid=made[0].uid))
        return self._form(draft, None, errors)

    def key(self, uid: str) -> Any:
        """Show a key with what has to be published, and change it."""
        there = find_key(db(), uid)
        errors: Errors = {}
        keys = {each.id: each.key for each in words().departments.values()}
        draft = KeyDraft(
            domain=there.domain,
            selector=there.selector,
            department=keys.get(there.department_id or 0, ""),
            file=there.file,
            is_active=there.is_active,
        )
        if request.method == "POST":
            draft = _typed_key()
            errors = _attempt(lambda: save_key(current_desk(), current_actor(), uid, draft))
            if not errors:
                flash(_("The key is saved."), "success")
                return redirect(url_for("admin_email_dkim_key", uid=uid))
        return self._form(draft, there, errors)

    def delete(self, uid: str) -> Response:
        """Remove a key."""
        close_session()
        delete_key(self.desk, current_actor(), uid)
        flash(_("The key is removed. Remove its record from the domain after some days."), "success")
        return redirect(url_for(LIST))

    def _form(self, draft: KeyDraft, there: DkimKey | None, errors: Errors) -> Any:
        record, problem = "", ""
        if there is not None:
            try:
                record = signer_of(self.desk, there).record
            except HelpdeskError as error:
                problem = said(error)
        departments = [(each.key, each.name) for each in words().departments.values() if each.is_active]
        return _show(
            "dkim_key", errors, draft=draft, key=there, record=record, problem=problem, departments=departments
        )


def _history() -> dict[str, str]:
    return {"none": _("Nothing"), "last": _("The message before it"), "thread": _("The whole conversation")}


def _typed() -> tuple[DepartmentDraft, Errors]:
    form = request.form
    port = form.get("port", "").strip() or "0"
    fits = port.isdecimal() and len(port) < 9
    draft = DepartmentDraft(
        host=form.get("host", ""),
        port=int(port) if fits else 0,
        security=form.get("security", ""),
        username=form.get("username", ""),
        password=form.get("password") or None,
        falls_back="falls_back" in form,
        history=form.get("history", ""),
        reply_token=form.get("reply_token", ""),
    )
    return draft, {} if fits else {"port": [_("Give a whole number.")]}


def _typed_key() -> KeyDraft:
    form = request.form
    return KeyDraft(
        domain=form.get("domain", ""),
        selector=form.get("selector", ""),
        department=form.get("department", ""),
        file=form.get("file", ""),
        pem=form.get("pem", "").strip() or None,
        is_active="is_active" in form,
    )


def _attempt(change: Callable[[], object]) -> Errors:
    close_session()
    try:
        refuse_unusable(request.form)
        change()
    except Invalid as error:
        return error.problems
    return {}


def _show(template: str, errors: Errors | None = None, /, **context: Any) -> tuple[str, int]:
    return render_template(f"email/{template}.html", errors=errors or {}, **context), 422 if errors else 200
