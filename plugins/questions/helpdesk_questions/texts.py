"""The plugin's own texts."""

from helpdesk_core.api.i18n import PageTexts

_texts = PageTexts("questions")
_ = _texts.gettext
ngettext = _texts.ngettext
lazy = _texts.lazy
