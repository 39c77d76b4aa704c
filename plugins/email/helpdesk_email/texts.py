"""The plugin's words, in the language of whoever reads them."""

from helpdesk_core.api.i18n import PageTexts

texts = PageTexts("email")
lazy = texts.lazy
