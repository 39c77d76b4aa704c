"""The plugin's own texts."""

from helpdesk_core.api.i18n import PageTexts, known_locale

_texts = PageTexts("kb")
_ = _texts.gettext
ngettext = _texts.ngettext
lazy = _texts.lazy


def language_name(locale: str) -> str:
    """Return a language's own name."""
    return (known_locale(locale).display_name or locale).capitalize()
