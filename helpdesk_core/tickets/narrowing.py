"""What plugins add to lists of tickets: filters, words of the search language, and orders."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from flask_babel import LazyString
from sqlalchemy import ColumnElement, false

from helpdesk_core.errors import Invalid
from helpdesk_core.search.query import FIELDS
from helpdesk_core.texts import LazyText

Condition = ColumnElement[bool]
_KEY: Final = re.compile(r"[a-z][a-z0-9_]*")
_WORD: Final = re.compile(r"[^\W\d_]+")


class Unknown(Invalid):
    """A value that a filter does not know."""

    def __init__(self, sentence: LazyText) -> None:
        super().__init__({"x": [sentence]})
        self.sentence = sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFilter:
    """A filter of ticket lists; `key` is unique within the plugin, and in addresses stands `<plugin id>.<key>:<value>`.

    `choices` are values with what they are called, offered beside core's filters; the label has to be lazy where it is
    to be translated. `condition` returns what has to hold of `Ticket` for a value, and raises `ValueError` with a
    sentence for one that it does not know; values hold no comma. Statements are kept and run again: what depends on the
    time is a `bindparam` with `callable_`. `word` makes it a field of the search language, as in `word:value`; it
    consists of letters, and takes any value that `condition` understands. Only tickets that one works are found by it.
    """

    key: str
    label: str | LazyString
    choices: Sequence[tuple[str, str | LazyString]]
    condition: Callable[[str], Condition]
    word: str = ""

    def __post_init__(self) -> None:
        """Refuse names that could not be asked for."""
        _check_key(self.key)
        if self.word and (not _WORD.fullmatch(self.word) or self.word != self.word.casefold() or self.word in FIELDS):
            raise ValueError(f"“{self.word}” cannot be a field of searches: write small letters, and none of core's.")
        if any("," in value for value, _name in self.choices):
            raise ValueError("The values of a filter hold no commas, which part several of them.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOrder:
    """An order of ticket lists; `key` is unique within the plugin, and `<plugin id>.<key>` sorts upwards, `-…` down.

    `column` belongs to a table of the plugin with at most one row a ticket, whose id is in `ticket`; with an index on
    it, a page costs what the page holds. It has a moment, a number or a text. Tickets without a row or a value come
    last in both directions. `label`, lazy, names the upward order where orders are chosen.
    """

    key: str
    label: str | LazyString
    column: Any
    ticket: Any

    def __post_init__(self) -> None:
        """Refuse names that could not be asked for."""
        _check_key(self.key)


@dataclass(frozen=True, slots=True)
class Narrowing:
    """All filters and orders of plugins, by `<plugin id>.<key>`; `words` lead from fields of searches to filters."""

    filters: Mapping[str, ListFilter] = field(default_factory=dict)
    orders: Mapping[str, ListOrder] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    run: Callable[[str, Callable[[], Condition]], Condition | None] = lambda _plugin_id, ask: ask()
    """Asks a plugin under the rules of its hook; None when it fails."""

    def condition(self, key: str, value: str) -> Condition:
        """Return what has to hold for a value; nothing does while its plugin is off or fails.

        Raises `Unknown` with the plugin's sentence for a value that it does not know.
        """
        asked = self.filters.get(key)
        if asked is None:
            return false()
        problems: list[LazyText] = []

        def ask() -> Condition:
            try:
                return asked.condition(value)
            except ValueError as error:
                problems.append(_sentence(error))
                return false()

        found = self.run(key.partition(".")[0], ask)
        if problems:
            raise Unknown(problems[0])
        return false() if found is None else found


def _sentence(error: ValueError) -> LazyText:
    said = error.args[0] if error.args else ""
    return said if isinstance(said, LazyText) else LazyText("%(said)s", values={"said": str(said)})


def _check_key(key: str) -> None:
    if not _KEY.fullmatch(key):
        raise ValueError(f"“{key}” cannot be a key: write small letters, digits and “_”, a letter first.")
