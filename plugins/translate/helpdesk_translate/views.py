"""The pages under Administration, Texts."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from helpdesk_core.api import Helpdesk
from helpdesk_core.api.errors import Invalid, NotFound
from helpdesk_core.api.i18n import known_locale, plural_form_of
from helpdesk_core.api.web import close_session, current_actor

from . import overrides
from .texts import _, lazy

PAGE = 50


class Pages:
    """The list of texts, and the page of one."""

    def __init__(self, desk: Helpdesk) -> None:
        self.desk = desk

    def texts(self) -> str:
        """Show the texts of a language, with the words of `?q=`, in the state `?state=`."""
        locale = self._locale()
        q, state = request.args.get("q", "").strip(), request.args.get("state", "")
        found = overrides.matching(overrides.entries(self.desk, locale), q, state)
        start = max(0, min(request.args.get("start", 0, type=int), len(found)))

        def at(place: int) -> str:
            return url_for(
                "admin_translate_texts", locale=locale, q=q or None, state=state or None, start=place or None
            )

        return render_template(
            "translate/texts.html",
            entries=found[start : start + PAGE],
            total=len(found),
            locale=locale,
            languages=self._languages(),
            states=[
                ("", _("All")),
                ("edited", _("Edited here")),
                ("unedited", _("Not edited")),
                ("untranslated", _("Not translated")),
            ],
            state=state,
            q=q,
            newer=at(max(0, start - PAGE)) if start else "",
            older=at(start + PAGE) if start + PAGE < len(found) else "",
        )

    def text(self, locale: str, digest: str) -> Any:
        """Show one text, and keep what is said instead."""
        if locale not in self.desk.catalogues.languages:
            raise NotFound(lazy("There is no such language here."))
        entry = overrides.find(self.desk, locale, digest)
        wanted = overrides.forms(locale) if len(entry.msgids) > 1 else 1
        strings = list(entry.own or entry.shipped or _padded(entry.msgids, wanted))
        errors: dict[str, list[str]] = {}
        if request.method == "POST":
            strings = [request.form.get(f"strings.{place}", "") for place in range(wanted)]
            if "reset" in request.form:
                strings = [""] * wanted
            close_session()
            try:
                kept = overrides.keep(self.desk, current_actor(), locale, entry, strings)
            except Invalid as error:
                errors = error.problems
            else:
                flash(
                    _("Saved. Pages and mails say it so from now on.") if kept else _("The text is as shipped."),
                    "success",
                )
                return redirect(url_for("admin_translate_text", locale=locale, digest=digest))
        page = render_template(
            "translate/text.html",
            entry=entry,
            strings=strings,
            errors=errors,
            locale=locale,
            language=dict(self._languages())[locale],
            numbers=_numbers(locale) if wanted > 1 else [],
        )
        return page, 422 if errors else 200

    def _languages(self) -> list[tuple[str, str]]:
        names = self.desk.catalogues.languages
        return [(name, (known_locale(name).display_name or name).capitalize()) for name in names]

    def _locale(self) -> str:
        asked = request.args.get("locale", "")
        return asked if asked in self.desk.catalogues.languages else "en"


def _padded(msgids: tuple[str, ...], wanted: int) -> list[str]:
    return [msgids[min(place, len(msgids) - 1)] for place in range(wanted)]


def _numbers(locale: str) -> list[str]:
    """Return for each plural form a few of the numbers that it stands for."""
    form = plural_form_of(locale)
    return [
        ", ".join(str(number) for number in range(200) if form(number) == index)[:24].rpartition(",")[0] or "1"
        for index in range(overrides.forms(locale))
    ]
