"""The catalogues of an opened helpdesk: those of core and of its plugins, and what the site says differently.

A catalogue is `<folder>/<language>/LC_MESSAGES/<domain>.po`, read as it is: there is nothing to compile and nothing
that can be out of date. Every domain is looked up on its own, so that a plugin's texts never replace core's; what a
plugin has not translated, core may have.
"""

import io
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from gettext import NullTranslations, c2py
from itertools import pairwise
from pathlib import Path
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.plurals import get_plural
from babel.messages.pofile import PoFileError, read_po
from babel.support import Translations
from markupsafe import escape

from helpdesk_core.i18n.checking import as_forms, translation_problems
from helpdesk_core.i18n.hooks import TextOverride
from helpdesk_core.texts import CORE_DOMAIN, LazyText

log = logging.getLogger(__name__)

LOCALES: Final = Path(__file__).parent / "locales"
LANGUAGES: Final = ("en", "de", "ru", "uk", "hr")
"""What core is written in and translated to, the way a list shows them."""

_SAME: Final = NullTranslations()


@dataclass(frozen=True, slots=True)
class ShippedText:
    """A text as the code has it (one msgid, or two for one and many), and its translation; empty if there is none."""

    msgids: tuple[str, ...]
    context: str | None
    strings: tuple[str, ...]


class Texts:
    """What core and plugins say in one language."""

    def __init__(self, locale: str, domains: Mapping[str, NullTranslations]) -> None:
        self.locale = locale
        self._domains = domains
        self.core = domains.get(CORE_DOMAIN, _SAME)
        self.said = _Said(self)
        """Texts without values by domain and text, looked up once; for what templates say again and again."""
        self.escaped = _Escaped(self)
        """The same as they stand in a page."""

    def __call__(self, domain: str = CORE_DOMAIN) -> NullTranslations:
        """Return the texts of a domain; core's for a domain without a catalogue."""
        return self._domains.get(domain, self.core)

    def say(self, text: str) -> str:
        """Return a text in this language if it is one that can be translated, else as it is."""
        return text.said(self) if isinstance(text, LazyText) else text


class _Said(dict[tuple[str, str], str]):
    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def __missing__(self, key: tuple[str, str]) -> str:
        domain, text = key
        said = self[key] = self._texts(domain).gettext(text) if text else ""
        return said


class _Escaped(dict[tuple[str, str], str]):
    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def __missing__(self, key: tuple[str, str]) -> str:
        safe = self[key] = str(escape(self._texts.said[key]))
        return safe


class Catalogues:
    """Finds and keeps the texts of each language. `folders` are those of each domain, the first one wins."""

    def __init__(self, folders: Mapping[str, Sequence[Path]]) -> None:
        self.folders = {domain: tuple(each) for domain, each in folders.items()}
        self._plain: dict[str, Texts] = {}

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """The languages that people can choose: those of core, then those that the site has added."""
        added = {
            place.parent.parent.name
            for folder in self.folders[CORE_DOMAIN]
            for place in folder.glob(f"*/LC_MESSAGES/{CORE_DOMAIN}.po")
        }
        return (*LANGUAGES, *sorted(name for name in added - set(LANGUAGES) if chosen_locale(name)))

    def offered(self, name: str | None) -> Locale | None:
        """Return the locale of that name if its language is one of those there are; `de_AT` is where `de` is."""
        locale = chosen_locale(name)
        there = locale is not None and not {str(locale), locale.language}.isdisjoint(self.languages)
        return locale if there else None

    def texts(self, locale: str | None, overrides: Iterable[TextOverride] = ()) -> Texts:
        """Return the texts of a language; English ones for a locale that is none, or that nobody has translated."""
        chosen = chosen_locale(locale) or Locale("en")
        given = list(overrides)
        name = str(chosen)
        if given:
            return self._make(chosen, given)
        if name not in self._plain:
            self._plain[name] = self._make(chosen, ())
        return self._plain[name]

    def catalogue(self, domain: str, locale: str) -> Catalog:
        """Return a domain's catalogue in exactly this language, with what lies in the first folder last said."""
        merged = Catalog(locale=locale, fuzzy=False)
        for folder in reversed(self.folders.get(domain, ())):
            file = folder / locale / "LC_MESSAGES" / f"{domain}.po"
            if file.is_file():
                for message in _read(file, file.stat().st_mtime_ns):
                    if message.id and any(as_forms(message.string)) and not message.fuzzy:
                        merged.delete(message.id, message.context)  # adding alone keeps what was there
                        merged.add(message.id, message.string, context=message.context)
        return merged

    def messages(self, domain: str, locale: str) -> list[ShippedText]:
        """Return every text of a domain, with its translation in exactly this language; in no particular order."""
        translated = self.catalogue(domain, locale)
        found: dict[tuple[str, str | None], ShippedText] = {}
        for folder in self.folders.get(domain, ()):
            for file in sorted(folder.glob(f"*/LC_MESSAGES/{domain}.po")):
                for message in _read(file, file.stat().st_mtime_ns):
                    if message.id:
                        msgids = as_forms(message.id)
                        known = translated.get(msgids[0], message.context)
                        strings = as_forms(known.string) if known is not None else ()
                        found.setdefault((msgids[0], message.context), ShippedText(msgids, message.context, strings))
        return list(found.values())

    def _make(self, locale: Locale, overrides: Iterable[TextOverride]) -> Texts:
        wanted: dict[str, list[TextOverride]] = {}
        for each in overrides:
            wanted.setdefault(each.domain, []).append(each)
        core = self._load(CORE_DOMAIN, locale, wanted.get(CORE_DOMAIN, ()))
        domains = {CORE_DOMAIN: core}
        for domain in self.folders:
            if domain != CORE_DOMAIN:
                own = self._load(domain, locale, wanted.get(domain, ()))
                own.add_fallback(core)
                domains[domain] = own
        return Texts(str(locale), domains)

    def _load(self, domain: str, locale: Locale, overrides: Iterable[TextOverride]) -> NullTranslations:
        """Return a domain's texts in `pt_BR`, then in `pt`."""
        chain = [self.catalogue(domain, name) for name in dict.fromkeys((str(locale), locale.language))]
        for override in overrides:
            _override(chain[0], override)
        texts = [_compiled(each, domain) for each in chain]
        for one, other in pairwise(texts):
            one.add_fallback(other)
        return texts[0]


def _override(catalogue: Catalog, override: TextOverride) -> None:
    """Let the catalogue say something else; the first override of a text counts."""
    known = catalogue.get(override.msgid, override.context)
    msgids = as_forms(known.id) if known is not None else (override.msgid,)
    if len(override.strings) > 1 and len(msgids) == 1:
        msgids = (override.msgid, override.msgid)
    wrong = translation_problems(msgids, override.strings, catalogue.num_plurals)
    if wrong or not any(override.strings):
        log.error(
            "%s: the override of “%s” is not used: %s", override.domain, override.msgid, " ".join(wrong) or "empty"
        )
        return
    if known is not None and "overridden" in known.user_comments:
        return
    several = len(msgids) > 1
    catalogue.delete(override.msgid, override.context)
    catalogue.add(
        msgids if several else msgids[0],
        override.strings if several else override.strings[0],
        context=override.context,
        user_comments=["overridden"],
    )


def _compiled(catalogue: Catalog, domain: str) -> Translations:
    file = io.BytesIO()
    write_mo(file, catalogue)
    file.seek(0)
    return Translations(file, domain)


@lru_cache(256)
def _read(file: Path, _changed: int) -> Catalog:
    try:
        with file.open("rb") as source:
            return read_po(source, domain=file.stem, abort_invalid=True)
    except (OSError, ValueError, PoFileError) as error:
        log.error("The catalogue %s is not used: %s", file, error)
        return Catalog()


def plural_form_of(locale: str) -> Callable[[int], int]:
    """Return the rule that says which plural form of a language a number takes."""
    rule: Callable[[int], int] = c2py(get_plural(locale)[1])
    return rule


def plural_forms(locale: str) -> int:
    """Return how many plural forms a language has in its catalogues."""
    forms: int = get_plural(locale)[0]
    return forms


def chosen_locale(name: str | None) -> Locale | None:
    """Return the locale of that name, such as `de`, `pt_BR` or `de-AT`; None if there is none."""
    try:
        return Locale.parse(name.replace("-", "_")) if name else None
    except (UnknownLocaleError, ValueError):
        return None
