"""The plugin's own texts."""

from helpdesk_core.api.i18n import PageTexts

ID = "cms"

_texts = PageTexts(ID)
_ = _texts.gettext
ngettext = _texts.ngettext
lazy = _texts.lazy

UNUSABLE = lazy("This has a character that no text can have. Take it out.")
"""Said of NUL, and of half of a pair of surrogates: databases and pages take neither."""
