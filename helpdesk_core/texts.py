"""Sentences that are written in English and said in the language of whoever reads them.

A service cannot know who will read its error, a worker not even in which language. So they raise and return `LazyText`:
an ordinary English `str`, for logs, the API and the command line, that pages and mails can say in another language.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

CORE_DOMAIN = "helpdesk"
"""The gettext domain of core; a plugin's is its id."""


class Translations(Protocol):
    """What gettext's classes can do, as far as it is needed here."""

    def gettext(self, message: str, /) -> str:
        """Return the translation of a text."""

    def ngettext(self, one: str, many: str, number: int, /) -> str:
        """Return the form that fits the number."""


class LazyText(str):
    """An English sentence that remembers how it was made, so that it can be said in another language.

    `msgid` is the sentence as catalogues have it, `plural` its form for many (empty if there is but one), `values`
    what is put in; a number that chooses the form is `num`. Values may be lazy themselves.
    """

    __slots__ = ("domain", "msgid", "plural", "values")

    msgid: str
    plural: str
    values: Mapping[str, Any]
    domain: str

    def __new__(
        cls, msgid: str, plural: str = "", values: Mapping[str, Any] | None = None, domain: str = CORE_DOMAIN
    ) -> "LazyText":
        values = dict(values or {})
        english = plural if plural and values["num"] != 1 else msgid
        text = super().__new__(cls, english % values if values else english)
        text.msgid, text.plural, text.values, text.domain = msgid, plural, values, domain
        return text

    def __reduce__(self) -> tuple[type["LazyText"], tuple[str, str, Mapping[str, Any], str]]:
        return LazyText, (self.msgid, self.plural, self.values, self.domain)

    def said(self, texts: Callable[[str], Translations], number: Callable[[float], str] = str) -> str:
        """Return the sentence in the language of `texts`, which gives the catalogue of a domain.

        `number` writes numbers with decimals as people of that language do.
        """
        catalogue = texts(self.domain)
        if self.plural:
            text = catalogue.ngettext(self.msgid, self.plural, self.values["num"])
        else:
            text = catalogue.gettext(self.msgid) if self.msgid else ""
        values = {
            name: value.said(texts, number)
            if isinstance(value, LazyText)
            else (number(value) if isinstance(value, float) else value)
            for name, value in self.values.items()
        }
        return filled(text, values, otherwise=self)


def lazy(msgid: str, /, **values: Any) -> LazyText:
    """Return a text of core's with its values put in as `%(name)s`, to be translated for whoever reads it."""
    return LazyText(msgid, values=values)


def lazy_n(one: str, many: str, /, num: int, **values: Any) -> LazyText:
    """Return the form of a text of core's that fits the number, which is put in as `%(num)s`."""
    return LazyText(one, many, {"num": num, **values})


def joined(sentences: Iterable[str], between: str = " ") -> LazyText:
    """Return sentences one after the other, each to be translated by itself."""
    values = {f"part{place}": text for place, text in enumerate(sentences)}
    return LazyText(between.join(f"%({name})s" for name in values), values=values)


def filled(text: str, values: Mapping[str, Any], *, otherwise: str) -> str:
    """Return a translated text with its values; `otherwise` if the translation has others than there are."""
    if not values:
        return text
    try:
        return text % values
    except (KeyError, ValueError, TypeError):
        return str(otherwise)
