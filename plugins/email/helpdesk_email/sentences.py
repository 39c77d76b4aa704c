"""Sentences that the plugin's tables keep, in a form in which they can be said in anybody's language later on.

A sentence is kept as JSON of what it is made of: the text of the catalogue, its values, and its plugin where that is
another one. Read back it is `LazyText`: English for logs, the API and the command line, the reader's language on pages.
What is no such sentence (a server's own words, what another plugin has written plainly) is kept and shown as it is.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import Dialect
from sqlalchemy.types import TypeDecorator

from helpdesk_core.api import Helpdesk, HelpdeskError
from helpdesk_core.api.db import JSONText, LongText
from helpdesk_core.api.errors import Invalid
from helpdesk_core.api.i18n import LazyText, joined

from .reading import Sentence
from .texts import texts

MARK: Final = '{"msgid":'
"""What a kept sentence begins with."""
SAID: Final = ("result", "why")
"""What of a step of a mail's path is a sentence."""


class KeptSentence(TypeDecorator[str]):
    """A column for one sentence."""

    impl = LongText
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Write what it is made of."""
        return None if value is None else as_kept(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """Read it back."""
        return None if value is None else as_read(value)


class KeptPath(JSONText):
    """A column for the steps of a mail: `{"step", "result", "why"}`, of which the last two are sentences."""

    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Write what the sentences are made of."""
        return (
            None if value is None else super().process_bind_param([_each_said(step, _parts) for step in value], dialect)
        )

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Read them back."""
        steps = super().process_result_value(value, dialect)
        return None if steps is None else [_each_said(step, _put_together) for step in steps]


def as_kept(text: str) -> str:
    """Return a sentence as a column keeps it."""
    parts = _parts(text)
    if isinstance(parts, str):
        if not parts.startswith(MARK):
            return parts
        parts = {"msgid": "%(said)s", "values": {"said": parts}}
    return json.dumps(parts, ensure_ascii=False)


def as_read(kept: str) -> str:
    """Return a sentence as it was given; anything else that a column holds as it is."""
    if not kept.startswith(MARK):
        return kept
    try:
        text: str = _put_together(json.loads(kept), kept)
    except ValueError:
        return kept
    return text


def lazy_of(text: str) -> str:
    """Return a sentence of the reading library as one that can be said in any language, and any other as it is."""
    return LazyText(text.msgid, values=text.values, domain=texts.domain) if isinstance(text, Sentence) else text


def words_of(error: Exception) -> str:
    """Return what an error says, as a sentence that can be said in any language if it has brought one."""
    if isinstance(error, Invalid):
        said = [each for problems in error.problems.values() for each in problems]
        return said[0] if len(said) == 1 else joined(said, "; ")
    first = error.args[0] if error.args and isinstance(error, HelpdeskError) else None
    return first if isinstance(first, LazyText) else str(error)


def in_site_language(desk: Helpdesk, text: str) -> str:
    """Return a sentence as notes on tickets and core's tables have it: in the site's language, one text for all."""
    return desk.texts(desk.settings.site().language).say(text)


def _each_said(step: Mapping[str, Any], change: Callable[[Any], Any]) -> dict[str, Any]:
    return {name: change(value) if name in SAID else value for name, value in step.items()}


def _parts(value: Any) -> Any:
    """Return what a sentence is made of; other values as JSON can hold them."""
    text: Any = lazy_of(value)
    if not isinstance(text, LazyText):
        return text if text is None or isinstance(text, str | int | float) else str(text)
    parts: dict[str, Any] = {"msgid": text.msgid}
    if text.plural:
        parts["plural"] = text.plural
    if text.values:
        parts["values"] = {name: _parts(each) for name, each in text.values.items()}
    if text.domain != texts.domain:
        parts["domain"] = text.domain
    return parts


def _put_together(parts: Any, otherwise: str = "?") -> Any:
    """Return the sentence that is made of these, `otherwise` if that cannot be; what is no sentence as it is."""
    if not isinstance(parts, dict):
        return parts
    if not isinstance(parts.get("msgid"), str):
        return otherwise
    try:
        values = {name: _put_together(each) for name, each in parts.get("values", {}).items()}
        return LazyText(parts["msgid"], parts.get("plural", ""), values, parts.get("domain", texts.domain))
    except (ValueError, TypeError, KeyError, AttributeError):  # written by another version
        return otherwise
