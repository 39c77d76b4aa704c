"""The plugin's own texts."""

from helpdesk_core.api.i18n import PageTexts

ID = "cms"

_texts = PageTexts(ID)
_ = _texts.gettext
ngettext = _texts.ngettext
lazy = _texts.lazy
