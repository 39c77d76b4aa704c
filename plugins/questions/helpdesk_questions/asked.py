"""A set of questions: its shape, what is wrong with one, and which of them are asked.

A text is written once, or for several languages: `{en = "Since when?", de = "Seit wann?"}`. A question is known by
`<set>.<question>`; both keys never change, so that rules and figures keep their meaning when the words do.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from urllib.parse import urlsplit

from .texts import lazy

Words = Mapping[str, str]
"""A text by language; under an empty name what holds for all."""

KINDS: Final = ("text", "long", "choice", "several", "number", "date", "url", "file")
WITH_OPTIONS: Final = ("choice", "several")
MOST_QUESTIONS: Final = 40
LONGEST_ANSWER: Final = 10_000
_KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """Something to choose; `value` is what is kept."""

    value: str
    text: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question. It is asked only if `if_question` (a key of the same set) was answered with one of `if_values`."""

    key: str
    kind: str
    text: Words
    hint: Words = field(default_factory=dict)
    required: bool = False
    options: Sequence[Option] = ()
    if_question: str = ""
    if_values: Sequence[str] = ()

    def is_wanted(self, given: Mapping[str, Any]) -> bool:
        """Tell whether it is asked, by what was answered so far (values by key)."""
        if not self.if_question:
            return True
        value = given.get(self.if_question)
        values = value if isinstance(value, list) else str(value or "").split("\n")
        return any(each in self.if_values for each in values)

    def read(self, entered: str) -> str | list[str]:
        """Return what an answer means; `ValueError` says what is wrong. Of `several` each line is one value."""
        given = entered.strip()
        if len(given) > LONGEST_ANSWER:
            raise ValueError(lazy("Write at most %(most)s characters.", most=LONGEST_ANSWER))
        if not given:
            return [] if self.kind == "several" else ""
        allowed = {each.value for each in self.options}
        if self.kind == "several":
            values = [each for each in given.split("\n") if each]
            if not set(values) <= allowed:
                raise ValueError(lazy("Choose from the list."))
            return values
        if self.kind == "choice" and given not in allowed:
            raise ValueError(lazy("Choose from the list."))
        if self.kind in _READERS:
            return _READERS[self.kind](given)
        return given

    def said(self, value: str | Sequence[str], locale: str) -> str:
        """Return an answer in words."""
        names = {each.value: say(each.text, locale) for each in self.options}
        values = [value] if isinstance(value, str) else value
        return ", ".join(names.get(each, each) for each in values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Set:
    """Questions that belong together; no departments and no types mean all. Types are as the source writes them."""

    key: str
    name: Words
    departments: Sequence[str] = ()
    service_types: Sequence[str] = ()
    is_active: bool = True
    questions: Sequence[Asked] = ()
    version: int = 1

    def fits(self, department: str | None, service_type: str) -> bool:
        """Tell whether it is asked for a ticket in that department about a service of that type."""
        if not self.is_active or department is None:
            return False
        types = {each.casefold() for each in self.service_types}
        return (not self.departments or department in self.departments) and (
            not types or service_type.casefold() in types
        )


def say(words: Words, locale: str) -> str:
    """Return a text in a language, else in English, else in any."""
    for name in ("", locale, locale.partition("_")[0], "en"):
        if words.get(name):
            return words[name]
    return next(iter(words.values()), "")


def set_of(written: Any) -> Set:
    """Return the set that a mapping describes; `ValueError` names what is wrong with it."""
    if not isinstance(written, Mapping):
        raise ValueError(lazy("A set of questions is a table with key, name and questions."))
    key = _key(written)
    found = written.get("questions", [])
    if not isinstance(found, list) or len(found) > MOST_QUESTIONS:
        raise ValueError(lazy("“questions” is a list of at most %(most)s.", most=MOST_QUESTIONS))
    questions = [_question(each) for each in found]
    keys: dict[str, Asked] = {}
    for each in questions:
        if each.key in keys:
            raise ValueError(lazy("There are two questions with the key “%(key)s”.", key=each.key))
        before = keys.get(each.if_question)
        if each.if_question and before is None:
            raise ValueError(
                lazy(
                    "“%(key)s” depends on “%(other)s”, which is not asked before.", key=each.key, other=each.if_question
                )
            )
        if before is not None and before.kind in WITH_OPTIONS:
            _check_values(each, before)
        keys[each.key] = each
    return Set(
        key=key,
        name=_words(written.get("name") or key),
        departments=_list(written, "departments"),
        service_types=_list(written, "service_types"),
        is_active=bool(written.get("is_active", True)),
        questions=questions,
        version=_version(written),
    )


def as_json(one: Set) -> dict[str, Any]:
    """Return the mapping that describes a set, as `set_of` reads it; without its version."""
    return {
        "key": one.key,
        "name": _written(one.name),
        "departments": list(one.departments),
        "service_types": list(one.service_types),
        "is_active": one.is_active,
        "questions": [_question_json(each) for each in one.questions],
    }


def _version(written: Mapping[str, Any]) -> int:
    version = written.get("version", 1)
    if not isinstance(version, int) or version < 1:
        raise ValueError(lazy("“version” is a number of 1 or more, or is left out."))
    return version


def _question_json(one: Asked) -> dict[str, Any]:
    found: dict[str, Any] = {"key": one.key, "kind": one.kind, "text": _written(one.text), "required": one.required}
    if one.hint:
        found["hint"] = _written(one.hint)
    if one.options:
        found["options"] = [{"value": each.value, "text": _written(each.text)} for each in one.options]
    if one.if_question:
        found["only_if"] = {"question": one.if_question, "is": list(one.if_values)}
    return found


def _question(written: Any) -> Asked:
    if not isinstance(written, Mapping):
        raise ValueError(lazy("A question is a table with key, kind and text."))
    key, kind = _key(written), written.get("kind", "text")
    if kind not in KINDS:
        raise ValueError(lazy("“%(key)s”: the kind is one of %(kinds)s.", key=key, kinds=", ".join(KINDS)))
    text = _words(written.get("text") or "")
    if not any(text.values()):
        raise ValueError(lazy("“%(key)s” has no text. Write what is asked.", key=key))
    options = [_option(key, each) for each in _list_of(written, "options")]
    if kind in WITH_OPTIONS and not options:
        raise ValueError(lazy("“%(key)s” has nothing to choose from. Add options.", key=key))
    if len({each.value for each in options}) < len(options):
        raise ValueError(lazy("“%(key)s” has the same option twice.", key=key))
    only_if = written.get("only_if") or {}
    if not isinstance(only_if, Mapping):
        raise ValueError(lazy('“only_if” is a table: {question = "which", is = ["this"]}.'))
    return Asked(
        key=key,
        kind=kind,
        text=text,
        hint=_words(written.get("hint") or ""),
        required=bool(written.get("required", False)),
        options=options if kind in WITH_OPTIONS else (),
        if_question=str(only_if.get("question", "")),
        if_values=[str(each) for each in _list_of(only_if, "is")],
    )


def _option(key: str, written: Any) -> Option:
    value = str(written.get("value", "") if isinstance(written, Mapping) else written).strip()
    if not 1 <= len(value) <= 100 or "\n" in value or "," in value:
        raise ValueError(lazy("“%(key)s”: the value of an option has 1 to 100 characters and no comma.", key=key))
    return Option(
        value=value, text=_words(written.get("text") or value) if isinstance(written, Mapping) else {"": value}
    )


def _check_values(one: Asked, before: Asked) -> None:
    known = {each.value for each in before.options}
    if unknown := [each for each in one.if_values if each not in known]:
        raise ValueError(
            lazy("“%(key)s” waits for “%(value)s”, which nobody can choose.", key=one.key, value=unknown[0])
        )


def _key(written: Mapping[str, Any]) -> str:
    key = written.get("key")
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise ValueError(
            lazy("“%(key)s” is no key: write small letters, digits and _, a letter first.", key=str(key or "")[:60])
        )
    return key


def _words(given: Any) -> Words:
    if isinstance(given, str):
        return {"": given.strip()[:1000]} if given.strip() else {}
    if isinstance(given, Mapping) and all(isinstance(each, str) for each in given.values()):
        return {str(name): text.strip()[:1000] for name, text in given.items() if text.strip()}
    raise ValueError(lazy('A text is written once, or by language: {en = "Yes", de = "Ja"}.'))


def _written(words: Words) -> str | dict[str, str]:
    return words.get("", "") if set(words) <= {""} else dict(words)


def _list_of(written: Mapping[str, Any], name: str) -> list[Any]:
    found = written.get(name) or []
    if not isinstance(found, list):
        raise ValueError(lazy("“%(name)s” is a list.", name=name))
    return found


def _list(written: Mapping[str, Any], name: str) -> list[str]:
    return [str(each).strip() for each in _list_of(written, name) if str(each).strip()]


def _number(given: str) -> str:
    plain = given.replace(" ", "").replace(",", ".")
    if not re.fullmatch(r"-?\d{1,15}(\.\d{1,6})?", plain):
        raise ValueError(lazy("Write a number."))
    return plain


def _date(given: str) -> str:
    try:
        return date.fromisoformat(given).isoformat()
    except ValueError:
        raise ValueError(lazy("Write a date such as 2026-11-30.")) from None


def _url(given: str) -> str:
    place = given if "://" in given else f"https://{given}"
    try:
        parts = urlsplit(place)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("https", "http") or not parts.hostname or " " in place:
        raise ValueError(lazy("Write an address such as https://www.example.com."))
    return place


_READERS: Final = {"number": _number, "date": _date, "url": _url}
