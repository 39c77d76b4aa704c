"""Texts in somebody's language where no helpdesk is open; English where a catalogue has none."""

from collections.abc import Callable
from functools import lru_cache
from gettext import NullTranslations
from pathlib import Path

from babel import Locale, UnknownLocaleError

from helpdesk_core.i18n.catalogues import LOCALES, Catalogues
from helpdesk_core.texts import CORE_DOMAIN

Translate = Callable[[str | None], NullTranslations]
"""Gives the texts for a locale's name."""


def translator(locale: str | None, domain: str = CORE_DOMAIN, folder: Path = LOCALES) -> NullTranslations:
    """Return `gettext`, `ngettext`, `pgettext` and `npgettext` for a locale such as `de`, `pt_BR` or `de-AT`.

    A language without a catalogue, and a locale that is none, give the texts as they are written in the code. What the
    site itself says differently is not known here: use `desk.texts(locale)` where a helpdesk is open.
    """
    return _catalogues(domain, folder).texts(locale)(domain)


def known_locale(name: str | None) -> Locale:
    """Return what is known of a locale (how it writes dates, in which direction); English when it is not known."""
    try:
        return Locale.parse((name or "en").replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale("en")


@lru_cache(32)
def _catalogues(domain: str, folder: Path) -> Catalogues:
    return Catalogues({CORE_DOMAIN: (LOCALES,), domain: (folder,)})
