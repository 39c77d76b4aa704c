"""The plugin's own texts."""

from typing import Final

from helpdesk_core.api.i18n import PageTexts

ID: Final = "oidc"

_texts = PageTexts(ID)
_ = _texts.gettext
lazy = _texts.lazy
