"""Texts in the language of whoever reads them; the domain of a plugin's texts is its id."""

from helpdesk_core.i18n.catalogues import Catalogues, ShippedText, Texts, plural_form_of, plural_forms
from helpdesk_core.i18n.checking import translation_problems
from helpdesk_core.i18n.hooks import TextOverride
from helpdesk_core.i18n.moments import written_moment, zone_named
from helpdesk_core.i18n.translations import known_locale, translator
from helpdesk_core.texts import LazyText, joined
from helpdesk_core.web.localisation import PageTexts

__all__ = [
    "Catalogues",
    "LazyText",
    "PageTexts",
    "ShippedText",
    "TextOverride",
    "Texts",
    "joined",
    "known_locale",
    "plural_form_of",
    "plural_forms",
    "translation_problems",
    "translator",
    "written_moment",
    "zone_named",
]
