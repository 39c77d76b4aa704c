"""The language in which people search: words, phrases, fields, exclusions.

`invoice "not paid" from:ann agent:bob status:open,waiting after:2026-03 has:attachment -refund`

Everything given has to hold. Several values of one field, parted by commas, are alternatives. What cannot be understood
is said in `problems`, and the rest is searched for all the same.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import MAXYEAR, MINYEAR, UTC, datetime, timedelta, tzinfo
from difflib import get_close_matches
from typing import Final

from helpdesk_core.texts import LazyText
from helpdesk_core.texts import lazy as _l

FIELDS: Final = (
    "from", "to", "agent", "assignee", "department", "status", "state", "priority", "type", "tag", "organisation",
    "number", "subject", "has", "before", "after",
)  # fmt: skip
KEYS: Final = ("assignee", "department", "status", "state", "priority", "type", "tag", "has", "number")
"""Fields whose values are compared as they are written; those of the others are words to look for."""
FOR_STAFF: Final = ("assignee", "tag")
"""Fields that ask for what only those who work a ticket are shown."""
HAVE: Final = ("attachment",)
MAX_TERMS: Final = 32
_PART = re.compile(r'(?P<no>-)?(?:(?P<field>[^\W\d_]+):)?(?:"(?P<phrase>[^"]*)(?P<end>"|$)|(?P<word>[^\s"]+))')
_MONTH, _YEAR = re.compile(r"\d{4}-\d{2}"), re.compile(r"\d{4}")
_AGO = re.compile(r"(\d{1,4})([dwmy])")
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}


@dataclass(frozen=True, slots=True)
class SearchTerm:
    """One condition: `values` are alternatives, looked for in `field` (empty: anywhere); each may have several words.

    With `phrase` the words of a value stand beside each other in this order. `negated` turns the condition round.
    """

    values: tuple[str, ...]
    field: str = ""
    phrase: bool = False
    negated: bool = False


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What somebody looks for: opened from `after` on and before `before` (both aware), and all `terms` hold."""

    text: str
    terms: tuple[SearchTerm, ...] = ()
    after: datetime | None = None
    before: datetime | None = None
    problems: tuple[LazyText, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """Return the texts that are to be found anywhere, phrases among them."""
        return tuple(value for term in self.terms if not term.field and not term.negated for value in term.values)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is looked for, so that everything would be found."""
        return not (self.terms or self.after or self.before)

    def of(self, field: str) -> Sequence[SearchTerm]:
        """Return the terms of a field."""
        return [term for term in self.terms if term.field == field]


def parse_query(text: str, *, now: datetime, zone: tzinfo = UTC, more: Sequence[str] = ()) -> SearchQuery:
    """Read a search; `now` (aware) and the reader's `zone` give dates their meaning. Never raises.

    `more` are fields besides `FIELDS`, such as those of plugins; their values are compared as they are written.
    """
    known = (*FIELDS, *more)
    query = SearchQuery(text=text)
    terms: list[SearchTerm] = []
    problems: list[LazyText] = []
    for found in _PART.finditer(text):
        field, phrase = (found["field"] or "").casefold(), found["phrase"]
        value = (phrase if phrase is not None else found["word"]).strip()
        if phrase is not None and not found["end"]:
            problems.append(
                _l("A quotation mark is missing at the end of “%(text)s”.", text=phrase[:60])
                if value
                else _l("A quotation mark stands alone. Put the words of a phrase between two of them.")
            )
        if not field and phrase is None and value.endswith(":") and value[:-1].casefold() in known:
            field, value = value[:-1].casefold(), ""
        if field and field not in known:
            meant = get_close_matches(field, known, 1, 0.75)
            if meant:
                problems.append(
                    _l("There is no field “%(field)s:”. Did you mean “%(meant)s:”?", field=field, meant=meant[0])
                )
            value, field = f"{found['field']}:{value}", ""  # an address of the web, or a time of day
        if field and not value:
            problems.append(_l("What is looked for must follow “%(field)s:” without a space.", field=field))
            continue
        if field in ("before", "after"):
            moment = _moment(value, now.astimezone(zone))
            if moment is None:
                problems.append(
                    _l(
                        "“%(value)s” is no date. Write 2026-03-31, 2026-03, 2026, or 7d for seven days ago.",
                        value=value,
                    )
                )
            elif (field == "after") != bool(found["no"]):  # not before a day is from that day on
                query = replace(query, after=max(moment, query.after or moment))
            else:
                query = replace(query, before=min(moment, query.before or moment))
            continue
        if not value:
            continue
        values = (value,) if phrase is not None or not field else tuple(each for each in value.split(",") if each)
        if field in KEYS or field in more:
            values = tuple(each.casefold().lstrip("#") for each in values)
        if field == "has" and (unknown := [each for each in values if each.rstrip("s") not in HAVE]):
            problems.append(_l("One can ask for has:attachment, but not for has:%(value)s.", value=unknown[0]))
            continue
        if field == "has":
            values = tuple(each.rstrip("s") for each in values)
        if values:
            terms.append(SearchTerm(values, field, phrase is not None, bool(found["no"])))
    if len(terms) > MAX_TERMS:
        problems.append(_l("Only the first %(count)s words are looked for.", count=MAX_TERMS))
    return replace(query, terms=tuple(terms[:MAX_TERMS]), problems=tuple(problems))


def narrowed(text: str, field: str, value: str) -> str:
    """Return a search with a condition more."""
    return f'{text} {field}:"{value}"' if " " in value else f"{text} {field}:{value}"


def widened(text: str, field: str, value: str) -> str | None:
    """Return a search without that condition; None if it is not in it."""
    for found in _PART.finditer(text):
        given = found["phrase"] if found["phrase"] is not None else found["word"]
        if not found["no"] and (found["field"] or "").casefold() == field and given.casefold() == value.casefold():
            return " ".join((text[: found.start()] + text[found.end() :]).split())
    return None


def _moment(value: str, now: datetime) -> datetime | None:
    """Return the moment at which a year, month or day begins in the reader's zone, or None for what is no date."""
    if ago := _AGO.fullmatch(value):
        days = int(ago[1]) * _DAYS[ago[2]]
        return now - timedelta(days=days) if days < now.toordinal() - 2 * _DAYS["y"] else None
    if _YEAR.fullmatch(value):
        value += "-01"
    if _MONTH.fullmatch(value):
        value += "-01"
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    if moment.year in (MINYEAR, MAXYEAR):  # in another zone there may be no such moment
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)
