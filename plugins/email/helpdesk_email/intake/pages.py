"""The admin pages of the ways in: mailboxes, their accounts at Google and Microsoft, and addresses for providers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from helpdesk_core.api import Helpdesk, HelpdeskError, Route
from helpdesk_core.api.errors import Invalid, Refused
from helpdesk_core.api.portal import refuse_unusable
from helpdesk_core.api.web import close_session, current_actor, current_desk, db, said

from ..texts import texts
from .doors import DoorDraft, address_of, all_doors, change_door, create_door, delete_door, find_door
from .fetching import try_connection
from .mailboxes import (
    MANAGE,
    MailboxDraft,
    all_mailboxes,
    change_mailbox,
    create_mailbox,
    delete_mailbox,
    draft_of,
    find_mailbox,
    hurry,
    secrets_of,
)
from .models import Door, Mailbox
from .oauth import connect, consent_address
from .providers import PROVIDERS

_ = texts.gettext
Errors = dict[str, list[str]]
LIST = "admin_email_ways_in"


class Pages:
    """The views; every one needs the permission to manage settings."""

    def __init__(self, desk: Helpdesk) -> None:
        self.desk = desk

    def routes(self) -> Sequence[Route]:
        """Return the pages below /admin/x/email/."""
        both = ("GET", "POST")
        table: Sequence[tuple[str, Callable[..., Any], tuple[str, ...], str]] = (
            ("/", self.ways_in, ("GET",), "ways_in"),
            ("/mailboxes/new", self.new_mailbox, both, "new_mailbox"),
            ("/mailboxes/<uid>", self.mailbox, both, "mailbox"),
            ("/mailboxes/<uid>/test", self.test, ("POST",), "test_mailbox"),
            ("/mailboxes/<uid>/fetch", self.fetch, ("POST",), "fetch_mailbox"),
            ("/mailboxes/<uid>/delete", self.delete, ("POST",), "delete_mailbox"),
            ("/connected", self.connected, ("GET",), "connected"),
            ("/addresses/new", self.new_door, both, "new_door"),
            ("/addresses/<uid>", self.door, both, "door"),
            ("/addresses/<uid>/delete", self.shut, ("POST",), "delete_door"),
        )
        return [Route(rule, view, MANAGE, methods, name) for rule, view, methods, name in table]

    def ways_in(self) -> Any:
        """List mailboxes and addresses with how they are."""
        return _show(
            "ways_in", mailboxes=all_mailboxes(db()), doors=all_doors(db()), providers=PROVIDERS, looks=_looks()
        )

    def new_mailbox(self) -> Any:
        """Add a mailbox."""
        if request.method == "GET":
            return self._form(MailboxDraft(), None, {})
        draft, errors = _typed(None)
        if not errors:
            made: list[Mailbox] = []
            errors = _attempt(lambda: made.append(create_mailbox(current_desk(), current_actor(), draft)))
            if not errors:
                flash(_("The mailbox “%(name)s” is added.", name=made[0].name), "success")
                return redirect(url_for("admin_email_mailbox", uid=made[0].uid))
        return self._form(draft, None, errors)

    def mailbox(self, uid: str) -> Any:
        """Show how a mailbox is, and change it."""
        there = find_mailbox(db(), uid)
        if request.method == "GET":
            return self._form(draft_of(there), there, {})
        draft, errors = _typed(there)
        errors = errors or _attempt(lambda: change_mailbox(current_desk(), current_actor(), uid, draft))
        if errors:
            return self._form(draft, there, errors)
        flash(_("The mailbox “%(name)s” is saved.", name=draft.name), "success")
        return redirect(url_for("admin_email_mailbox", uid=uid))

    def test(self, uid: str) -> Response:
        """Connect to a mailbox, and say how many mails there are."""
        there = find_mailbox(db(), uid)
        close_session()
        try:
            count = try_connection(self.desk, there)
        except HelpdeskError as error:
            flash(_("It does not work: %(why)s", why=said(error)), "error")
        else:
            flash(
                texts.ngettext("It works. There is %(num)s mail.", "It works. There are %(num)s mails.", count),
                "success",
            )
        return redirect(url_for("admin_email_mailbox", uid=uid))

    def fetch(self, uid: str) -> Response:
        """Have a mailbox looked into at once."""
        close_session()
        hurry(self.desk, current_actor(), uid)
        flash(_("The mailbox is looked into within ten seconds. Reload this page to see what came of it."), "success")
        return redirect(url_for("admin_email_mailbox", uid=uid))

    def delete(self, uid: str) -> Response:
        """Remove a mailbox."""
        close_session()
        delete_mailbox(self.desk, current_actor(), uid)
        flash(_("The mailbox is removed here. On its server nothing has changed."), "success")
        return redirect(url_for(LIST))

    def connected(self) -> Response:
        """Take back who has consented at Google or Microsoft."""
        close_session()
        try:
            if "error" in request.args:
                why = request.args.get("error_description") or request.args["error"]
                raise Refused(_("Access was not given: %(why)s", why=why[:300]))
            state, code = request.args.get("state", ""), request.args.get("code", "")
            mailbox = connect(self.desk, current_actor(), state, code, _callback(self.desk))
        except HelpdeskError as error:
            flash(said(error), "error")
            return redirect(url_for(LIST))
        flash(_("The account of “%(name)s” is connected.", name=mailbox.name), "success")
        return redirect(url_for("admin_email_mailbox", uid=mailbox.uid))

    def new_door(self) -> Any:
        """Make an address for a provider."""
        draft, errors = DoorDraft(), {}
        if request.method == "POST":
            draft = _typed_door()
            made: list[str] = []
            errors = _attempt(lambda: made.append(create_door(current_desk(), current_actor(), draft).uid))
            if not errors:
                flash(_("The address is ready. Enter it at the provider."), "success")
                return redirect(url_for("admin_email_door", uid=made[0]))
        return _show_door(errors, None, draft, "")

    def door(self, uid: str) -> Any:
        """Show an address, and change its name or signing key."""
        there = find_door(db(), uid)
        draft, errors = DoorDraft(name=there.name, provider=there.provider), {}
        if request.method == "POST":
            draft = replace(_typed_door(), provider=there.provider)
            errors = _attempt(lambda: change_door(current_desk(), current_actor(), uid, draft))
            if not errors:
                flash(_("The address is saved."), "success")
                return redirect(url_for("admin_email_door", uid=uid))
        return _show_door(errors, there, draft, address_of(self.desk, there))

    def shut(self, uid: str) -> Response:
        """Remove an address."""
        close_session()
        delete_door(self.desk, current_actor(), uid)
        flash(_("The address is removed. Mail that is sent there is refused from now on."), "success")
        return redirect(url_for(LIST))

    def _form(self, draft: MailboxDraft, there: Mailbox | None, errors: Errors) -> Any:
        consent, why_not, connected = "", "", False
        if there is not None and there.login != "password":
            try:
                consent = consent_address(self.desk, there, current_actor(), _callback(self.desk))
                connected = bool(secrets_of(self.desk, there).get("refresh_token"))
            except Refused as error:
                why_not = said(error)
        return _show(
            "mailbox",
            errors,
            mailbox=there,
            draft=draft,
            has_password=there is not None and there.login == "password" and bool(there.sealed),
            consent=consent,
            connected=connected,
            why_not=why_not,
            callback=_callback(self.desk),
            look=_look(there) if there is not None else None,
        )


def _callback(desk: Helpdesk) -> str:
    return f"{desk.settings.site().url}/admin/x/email/connected"


def _looks() -> Mapping[int, tuple[str, str]]:
    return {each.id: _look(each) for each in all_mailboxes(db())}


def _look(mailbox: Mailbox) -> tuple[str, str]:
    """Return how a mailbox is: kind and words."""
    if not mailbox.is_active:
        return "", _("Not in use")
    if mailbox.failures:
        return "danger", _("Fails")
    if mailbox.last_error:
        return "warning", _("Incomplete")
    return ("success", _("Works")) if mailbox.succeeded_at else ("info", _("Not looked into yet"))


def _typed(there: Mailbox | None) -> tuple[MailboxDraft, Errors]:
    form = request.form
    errors: Errors = {}
    numbers = {}
    for name, otherwise in (("port", "0"), ("interval", "60")):
        text = form.get(name, "").strip() or otherwise
        numbers[name] = int(text) if text.isdecimal() and len(text) < 9 else -1
        if numbers[name] < 0:
            errors[name] = [_("Give a whole number.")]
    words = ("name", "protocol", "host", "security", "login", "username", "folder", "afterwards", "move_to", "address")
    given: dict[str, Any] = {name: form.get(name, "") for name in words} | numbers
    draft = MailboxDraft(
        **given,
        is_active="is_active" in form,
        idle="idle" in form,
        only_new=there.only_new if there is not None else "only_new" in form,
        password=form.get("password") or None,
    )
    return (draft if draft.folder.strip() else replace(draft, folder="INBOX")), errors


def _typed_door() -> DoorDraft:
    key = request.form.get("signing_key", "").strip()
    return DoorDraft(
        name=request.form.get("name", ""), provider=request.form.get("provider", ""), signing_key=key or None
    )


def _show_door(errors: Errors, door: Door | None, draft: DoorDraft, address: str) -> Any:
    choices = [(key, each.title) for key, each in PROVIDERS.items()]
    return _show("door", errors, door=door, draft=draft, providers=PROVIDERS, choices=choices, address=address)


def _attempt(change: Callable[[], object]) -> Errors:
    close_session()
    try:
        refuse_unusable(request.form)
        change()
    except Invalid as error:
        return error.problems
    except HelpdeskError as error:
        return {"": [said(error)]}
    return {}


def _show(template: str, errors: Errors | None = None, /, **context: Any) -> tuple[str, int]:
    return render_template(f"email/{template}.html", errors=errors or {}, **context), 422 if errors else 200
