"""Sentences about a mail: plain English, that remembers how it was made, so that it can be said in another language."""

from __future__ import annotations

from collections.abc import Mapping


class Sentence(str):
    """An English sentence; `msgid` is its text without values, `values` is what is put in as `%(name)s`."""

    msgid: str
    values: Mapping[str, str]

    def __new__(cls, msgid: str, values: Mapping[str, str] | None = None) -> Sentence:
        """Put the sentence together."""
        made = super().__new__(cls, msgid % values if values else msgid)
        made.msgid, made.values = msgid, dict(values or {})
        return made


def lazy(msgid: str, /, **values: str) -> Sentence:
    """Return a sentence with its values; by this name those who translate find it."""
    return Sentence(msgid, values)
