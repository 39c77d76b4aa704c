"""What mails say: each with a preview in each language, and an editor that never keeps what would not work."""

import re
from typing import Any

from babel import Locale
from flask import Response as FlaskResponse
from flask import flash, redirect, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from helpdesk_core.errors import Invalid, NotFound
from helpdesk_core.i18n.catalogues import LANGUAGES
from helpdesk_core.mail import texts as service
from helpdesk_core.mail.samples import FRAME, KINDS
from helpdesk_core.mail.templates import Rendered
from helpdesk_core.web.admin.common import act, attempt, new_routes, show
from helpdesk_core.web.admin.deliveries import SANDBOX
from helpdesk_core.web.context import current_actor, current_desk
from helpdesk_core.web.localisation import gettext as _
from helpdesk_core.web.localisation import manner, said

routes = new_routes()

SHOWN = Markup(
    '<!doctype html><meta charset="utf-8"><title>{subject}</title>'
    '<pre style="white-space:pre-wrap;font:14px/1.5 ui-monospace,monospace;margin:16px">{text}</pre>'
)


def titles() -> dict[str, tuple[str, str]]:
    """Return the mails by name: what each is called, and when it leaves."""
    return {
        "ticket_opened": (_("Confirmation"), _("To customers, when their ticket has arrived.")),
        "reply": (_("Reply"), _("To customers, with what a colleague wrote.")),
        "ticket_closed": (_("Ticket closed"), _("To customers, when their ticket is closed without a reply.")),
        "staff_message": (_("New message"), _("To colleagues who follow a ticket, when something is written in it.")),
        "assigned": (_("Ticket assigned"), _("To the colleague who gets a ticket.")),
        "ticket_moved": (_("Ticket moved"), _("To colleagues of the department that a ticket comes to.")),
        "password_link": (_("Password link"), _("To whoever is invited, or has forgotten the password.")),
        "address_confirmation": (_("Address confirmation"), _("To an address that somebody adds to their account.")),
        FRAME: (_("Frame of all mails"), _("What stands around the text of all mails except for replies.")),
    }


def part_titles() -> dict[str, str]:
    """Return what the parts of a mail are called."""
    return {"subject": _("Subject"), "txt": _("As text"), "html": _("As HTML")}


@routes.get("/mail-texts", permission="settings.manage")
def mail_texts() -> Any:
    """List the mails, with the languages in which their text was changed."""
    changed = service.changed_in(current_desk())
    return show(
        "mail_texts",
        kinds=[(name, *titles()[name], [_language(each) for each in changed.get(name, ())]) for name in KINDS],
    )


@routes.form("/mail-texts/<name>", permission="settings.manage")
def mail_text(name: str) -> Any:
    """Show what a mail says in a language, and change it."""
    _known(name)
    locale, desk = _chosen(), current_desk()
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        changed: list[str] = []
        errors = attempt(lambda: changed.extend(service.save(desk, current_actor(), name, locale, _typed(name))))
        if not errors:
            what = ", ".join(part_titles()[part] for part in changed)
            flash(_("Saved: %(parts)s.", parts=what) if changed else _("Nothing was changed."), "success")
            return redirect(url_for("admin.mail_text", name=name, language=locale or None))
    typed = _typed(name) if request.method == "POST" else {}
    parts = service.texts_of(desk, name, locale)
    title, when = titles()[name]
    return show(
        "mail_text",
        errors,
        name=name,
        title=title,
        when=when,
        locale=locale,
        languages=[(each, _language(each)) for each in ("", *LANGUAGES)],
        parts=[(text, typed.get(text.part, text.source)) for text in parts],
        titles=part_titles(),
        changed=any(text.origin == "page" for text in parts),
        folder=f"templates/mail/{locale}/".replace("//", "/"),
        preview=_rendered(name, locale, {}),
        broken=_broken(name, locale),
    )


@routes.form("/mail-texts/<name>/preview", permission="settings.manage")
def mail_preview(name: str) -> Response:
    """Return the mail with invented values for the frame that shows it; what is typed is shown and not kept."""
    _known(name)
    typed = _typed(name) if request.method == "POST" else {}
    found = _rendered(name, _chosen(), typed)
    if isinstance(found, str):
        page: str = SHOWN.format(subject=_("It does not work"), text=found)
    elif found.html is None:
        page = SHOWN.format(subject=found.subject, text=found.text)
    else:
        page = _with_subject(found)
    response = FlaskResponse(page, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = SANDBOX
    return response


@routes.post("/mail-texts/<name>/reset", permission="settings.manage")
def reset_mail_text(name: str) -> Response:
    """Go back to the original text."""
    _known(name)
    locale = _chosen()
    return act(
        lambda: service.reset(current_desk(), current_actor(), name, locale),
        _("The original text is used again."),
        url_for("admin.mail_text", name=name, language=locale or None),
    )


def mail_text_problems() -> list[str]:
    """Return a sentence for each changed text that no longer works, so that the original is sent."""
    changed = service.changed_in(current_desk())
    return [
        f"{titles()[name][0]} ({_language(locale)}): {problem}"
        for name in KINDS
        for locale in changed.get(name, ())
        if (problem := _broken(name, locale))
    ]


def _broken(name: str, locale: str) -> str:
    """Return why what is stored is not used, empty if it is."""
    stored = {
        text.part: text.source for text in service.texts_of(current_desk(), name, locale) if text.origin == "page"
    }
    found = _rendered(name, locale, stored) if stored else ""
    return found if isinstance(found, str) else ""


def _rendered(name: str, locale: str, parts: dict[str, str]) -> Rendered | str:
    """Return the mail, or the sentence that says why it does not work."""
    try:
        return service.preview(current_desk(), name, locale, parts)
    except Invalid as error:
        return said(error)


def _with_subject(found: Rendered) -> str:
    line = Markup(
        '<p style="margin:0 0 16px;padding:0 0 8px;border-bottom:1px solid #ccc;font:bold 15px sans-serif">{}</p>'
    )
    html = found.html or ""
    return re.sub(r"(<body[^>]*>)", lambda body: f"{body[1]}{line.format(found.subject)}", html, count=1)


def _typed(name: str) -> dict[str, str]:
    return {part: request.form[part] for part in service.parts_of(name) if part in request.form}


def _chosen() -> str:
    locale = request.values.get("language", "")
    return locale if locale in LANGUAGES else ""


def _language(locale: str) -> str:
    if not locale:
        return str(_("all languages"))
    return Locale.parse(locale).get_display_name(manner().locale) or locale


def _known(name: str) -> None:
    if name not in KINDS:
        raise NotFound(_("There is no such mail."))
