"""Where plugins take part in what the helpdesk says."""

from collections.abc import Sequence
from dataclasses import dataclass

from helpdesk_core.hooks import hookspec


@dataclass(frozen=True, slots=True)
class TextOverride:
    """A text that the site says differently.

    `domain` is `helpdesk` for core, else a plugin's id; `msgid` the text as it is written in the code, `context`
    its gettext context if it has one; `strings` what is said instead: one text, or one for each plural form of the
    language.
    """

    domain: str
    msgid: str
    strings: tuple[str, ...]
    context: str | None = None


@hookspec.collect(since="0.1")
def text_overrides(locale: str) -> Sequence[TextOverride]:
    """Return what the site says differently in the language `locale` (`de`, `pt_BR`), on pages and in mails.

    The answer is kept in every process until `tx.reference_changed()` tells of a change. For the same text, the plugin
    that comes first in the list of enabled plugins decides. Overrides with placeholders that the text does not have,
    and with the wrong number of plural forms, are passed over and logged.
    """
