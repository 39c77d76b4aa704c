"""Language, time zone, and how times and sizes are written for the person who reads."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from gettext import NullTranslations
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import flask_babel
from babel import Locale
from babel.dates import format_date, format_timedelta
from babel.numbers import format_decimal
from babel.units import format_unit
from flask import Flask, has_request_context, request
from markupsafe import escape
from sqlalchemy.exc import DBAPIError

from helpdesk_core.errors import HelpdeskError, Invalid
from helpdesk_core.i18n.catalogues import Texts, chosen_locale
from helpdesk_core.i18n.moments import written_moment
from helpdesk_core.texts import CORE_DOMAIN, LazyText, filled
from helpdesk_core.web.channels import channel_name
from helpdesk_core.web.context import (
    LANGUAGE_COOKIE,
    Manner,
    current_actor,
    current_desk,
    signed_in,
    state,
)

ACCEPTED = 10
"""How many of the languages that a browser names are looked at."""
KEPT_TEXTS = 8192
"""How many dates are kept as they were written: lists show the same ones again and again."""


def register_localisation(app: Flask) -> None:
    """Let pages speak the person's language: their own choice, else the browser's, else the site's."""
    _Babel(app, locale_selector=language, timezone_selector=time_zone)
    app.jinja_env.finalize = spoken
    app.jinja_env.filters |= {
        "datetime": moment,
        "date": date,
        "reltime": relative,
        "filesize": file_size,
        "number": number,
        "stored": str,
        "channel_name": channel_name,
    }


def language() -> str:
    """Return the language of this request, as a locale's name.

    It is the person's own; for guests what they chose on the page, else what the mails to them are written in; else
    the browser's; else the site's.
    """
    desk = current_desk()
    own, here = _own("locale"), request.cookies.get(LANGUAGE_COOKIE)
    wishes = (own, here) if _is_account() else (here, own)
    for name in wishes:
        if name and (offered := desk.catalogues.offered(name)) is not None:
            return str(offered)
    accepted = [tag for tag, quality in request.accept_languages if quality > 0]
    for name in (*accepted[:ACCEPTED], desk.settings.site().language):
        if (offered := desk.catalogues.offered(name)) is not None:
            return str(offered)
    return "en"


def languages() -> list[tuple[str, str]]:
    """Return the languages to choose from, each with its own name."""
    found = [(name, chosen_locale(name)) for name in current_desk().catalogues.languages]
    return [(name, (locale.display_name or name).capitalize()) for name, locale in found if locale is not None]


def time_zone() -> str:
    """Return the name of the time zone of this request."""
    for name in (_own("timezone"), current_desk().settings.site().timezone):
        if name:
            try:
                ZoneInfo(name)
            except (ZoneInfoNotFoundError, ValueError):
                continue
            return name
    return "UTC"


def text_direction() -> str:
    """Return `rtl` for languages that are written from right to left, else `ltr`."""
    return manner().locale.text_direction


def manner() -> Manner:
    """Return how this request writes, found out once."""
    mine = state()
    if mine.manner is None:
        spoken_here = language()
        mine.manner = Manner(_locale(spoken_here), ZoneInfo(time_zone()), _texts(spoken_here))
    return mine.manner


@lru_cache
def _locale(name: str) -> Locale:
    return Locale.parse(name)


def gettext(text: str, /, **values: Any) -> str:
    """Return a text of core's in the person's language; for templates, where a page asks for a hundred."""
    if isinstance(text, LazyText):
        return text.said(manner().texts, number)
    said = text_of((CORE_DOMAIN, text)) if text else ""
    return _filled(said, values, text) if values else said


def text_of(key: tuple[str, str]) -> str:
    """Return a text that a template says without values, by its domain and the text; as it is where nobody asks."""
    texts = _texts_of_reader()
    return key[1] if texts is None else texts.said[key]


def safe_text_of(key: tuple[str, str]) -> str:
    """Return the same as it stands in a page."""
    texts = _texts_of_reader()
    return str(escape(key[1])) if texts is None else texts.escaped[key]


def _texts_of_reader() -> Texts | None:
    try:
        found = state().manner
    except RuntimeError:  # no application, and so nobody who reads
        return None
    if found is None:
        if not has_request_context():
            return None
        found = manner()
    return found.texts


def ngettext(one: str, many: str, /, num: int, **values: Any) -> str:
    """Return the form of a text of core's that fits the number, in the person's language; for templates."""
    return PageTexts(CORE_DOMAIN).ngettext(one, many, num, **values)


class PageTexts:
    """The texts of one domain, in the language of whoever asks for the page; in English where there is no request."""

    def __init__(self, domain: str) -> None:
        self.domain = domain

    def gettext(self, text: str, /, **values: Any) -> str:
        """Return a text with its values, given as `%(name)s`."""
        if isinstance(text, LazyText):
            return str(spoken(text))
        return _filled(self._own().gettext(text) if text else "", values, text)

    def ngettext(self, one: str, many: str, /, num: int, **values: Any) -> str:
        """Return the form that fits the number, which is put in as `%(num)s`."""
        values = {"num": num, **values}
        return _filled(self._own().ngettext(one, many, num), values, many)

    def pgettext(self, context: str, text: str, /, **values: Any) -> str:
        """Return a text that means something of its own in a context."""
        return _filled(self._own().pgettext(context, text), values, text)

    def npgettext(self, context: str, one: str, many: str, /, num: int, **values: Any) -> str:
        """Return the form that fits the number, of a text in a context."""
        values = {"num": num, **values}
        return _filled(self._own().npgettext(context, one, many, num), values, many)

    def lazy(self, text: str, /, **values: Any) -> LazyText:
        """Return a text that is translated when it is shown: for errors, and for what is made once at the start."""
        return LazyText(text, values=values, domain=self.domain)

    def lazy_n(self, one: str, many: str, /, num: int, **values: Any) -> LazyText:
        """Return the form that fits the number, to be translated when it is shown."""
        return LazyText(one, many, {"num": num, **values}, self.domain)

    def _own(self) -> NullTranslations:
        return manner().texts(self.domain) if has_request_context() else NullTranslations()


def spoken(value: Any) -> Any:
    """Return a text that can be translated in the person's language, and anything else as it is."""
    return value.said(manner().texts, number) if isinstance(value, LazyText) and has_request_context() else value


def _filled(text: str, values: Mapping[str, Any], msgid: str) -> str:
    """Put in the values; into the text of the code if the translation has others than there are."""
    if not values:
        return text
    spoken_values = {name: spoken(value) for name, value in values.items()}
    return (
        filled(text, spoken_values, otherwise=msgid)
        if text == msgid
        else filled(text, spoken_values, otherwise=msgid % spoken_values)
    )


def said(error: BaseException) -> str:
    """Return what an error says, in the person's language."""
    if isinstance(error, Invalid):
        return "; ".join(str(spoken(text)) for texts in error.problems.values() for text in texts)
    first = error.args[0] if error.args and isinstance(error, HelpdeskError) else None
    return str(spoken(first)) if isinstance(first, LazyText) else str(error)


def in_domain(domain: str, text: str) -> str:
    """Return a text of a plugin that names its own domain nowhere, such as the label of a setting."""
    return str(spoken(text)) if isinstance(text, LazyText) else PageTexts(domain).gettext(text)


def moment(when: datetime) -> str:
    """Return date and time in the person's zone and manner."""
    mine = manner()
    return _moment(when, str(mine.locale), mine.zone)


def date(when: datetime) -> str:
    """Return the date in the person's zone and manner."""
    mine = manner()
    return _date(when, str(mine.locale), mine.zone)


def relative(when: datetime) -> str:
    """Return how long ago (or until) a moment is, in words."""
    return relatives()(when)


def relatives() -> Callable[[datetime], str]:
    """Return `relative` as it is at this moment, for those who ask for many."""
    mine, locale = state(), str(manner().locale)
    now = mine.now = mine.now or datetime.now(UTC)

    def relative_to_now(when: datetime) -> str:
        seconds = (when - now).total_seconds()
        away = -seconds if seconds < 0 else seconds
        # No finer than the words are, so that what was said lately can be said again.
        step = 1 if away < 3600 else 60 if away < 86400 else 3600
        return _relative(int(seconds // step * step), locale)

    return relative_to_now


# What is kept is found by the locale's name, as two locales are compared in Python, and slowly.


@lru_cache(KEPT_TEXTS)
def _moment(when: datetime, locale: str, zone: tzinfo) -> str:
    return written_moment(when, zone, Locale.parse(locale))


@lru_cache(KEPT_TEXTS)
def _date(when: datetime, locale: str, zone: tzinfo) -> str:
    return format_date(when.astimezone(zone), "medium", locale=locale)


@lru_cache(KEPT_TEXTS)
def _relative(seconds: int, locale: str) -> str:
    return format_timedelta(seconds, add_direction=True, locale=locale)


def number(value: float) -> str:
    """Return a number as the person writes it."""
    return format_decimal(value, locale=manner().locale)


def file_size(size: int) -> str:
    """Return a number of bytes in the unit people use for it."""
    return written_size(size, manner().locale)


@lru_cache(KEPT_TEXTS)
def written_size(size: int, locale: Locale) -> str:
    """Return a number of bytes as people of that language write it."""
    value = float(size)
    units = ["gigabyte", "megabyte", "kilobyte", "byte"]
    unit = units.pop()
    while value >= 1000 and units:
        value, unit = value / 1000, units.pop()
    digits = "#,##0" if unit == "byte" or value >= 100 else "#,##0.#"
    # CLDR's short form of a byte knows no plural
    length: Literal["long", "short"] = "long" if unit == "byte" else "short"
    return format_unit(value, f"digital-{unit}", length, digits, locale)


class _Domain(flask_babel.Domain):  # type: ignore[misc]  # the library has no types
    """Core's texts, for `flask_babel.gettext` and its kin in views."""

    def gettext(self, string: str, **values: Any) -> str:
        return PageTexts(CORE_DOMAIN).gettext(string, **values)

    def ngettext(self, singular: str, plural: str, num: int, **values: Any) -> str:
        return PageTexts(CORE_DOMAIN).ngettext(singular, plural, num, **values)

    def pgettext(self, context: str, string: str, **values: Any) -> str:
        return PageTexts(CORE_DOMAIN).pgettext(context, string, **values)

    def npgettext(self, context: str, singular: str, plural: str, num: int, **values: Any) -> str:
        return PageTexts(CORE_DOMAIN).npgettext(context, singular, plural, num, **values)


class _Babel(flask_babel.Babel):  # type: ignore[misc]  # the library has no types
    domain_instance = _Domain(domain=CORE_DOMAIN)


def _texts(locale: str) -> Texts:
    desk, signed = current_desk(), None
    try:
        signed = signed_in()
        return desk.texts(locale, signed.generation if signed else None)
    except DBAPIError:  # an error page has to work without the database
        return desk.catalogues.texts(locale)


def _is_account() -> bool:
    try:
        return current_actor().is_signed_in
    except DBAPIError:
        return False


def _own(what: str) -> str | None:
    try:
        value: str | None = getattr(current_actor(), what)
    except DBAPIError:  # an error page has to work without the database
        return None
    return value
