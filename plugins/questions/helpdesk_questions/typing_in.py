"""What an admin types about a set and its questions, and what it means."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from werkzeug.datastructures import MultiDict

from helpdesk_core.api.errors import Invalid

from .asked import Asked, Set, as_json, set_of
from .texts import lazy

LANGUAGES: Final = (("en", "English"), ("de", "Deutsch"), ("ru", "Русский"), ("uk", "Українська"), ("hr", "Hrvatski"))


def words(form: MultiDict[str, str], name: str) -> str | dict[str, str]:
    """Return a text by language from its fields; one that is only in English holds for all."""
    found = {code: form.get(f"{name}.{code}", "").strip() for code, _label in LANGUAGES}
    found = {code: text for code, text in found.items() if text}
    return found.get("en", "") if set(found) <= {"en"} else found


def read_set(form: MultiDict[str, str], before: Set | None) -> Set:
    """Return the set that was entered, with the questions it has; `Invalid` says what is wrong."""
    written = {
        **(as_json(before) if before else {}),
        "key": before.key if before else form.get("key", "").strip(),
        "name": words(form, "name"),
        "departments": form.getlist("departments"),
        "service_types": [each.strip() for each in form.get("service_types", "").split(",")],
        "is_active": bool(form.get("is_active")),
    }
    return _set(written, "key" if before is None else "")


def with_question(one: Set, form: MultiDict[str, str], before: str) -> Set:
    """Return the set with the question that was entered in place of `before`, or behind all others."""
    written = as_json(one)
    key = before or form.get("key", "").strip()
    question: dict[str, Any] = {
        "key": key,
        "kind": form.get("kind", "text"),
        "text": words(form, "text"),
        "hint": words(form, "hint"),
        "required": bool(form.get("required")),
        "options": options(form),
    }
    if form.get("if_question"):
        values = [each.strip() for each in form.get("if_values", "").split(",") if each.strip()]
        question["only_if"] = {"question": form["if_question"], "is": values}
    if before:
        written["questions"] = [question if each["key"] == before else each for each in written["questions"]]
    else:
        written["questions"].append(question)
    return _set(written, "")


def options(form: MultiDict[str, str]) -> list[dict[str, Any]]:
    """Return options from lines `value = text`, the texts of other languages from theirs."""
    by_value: dict[str, dict[str, str]] = {}
    for code, _label in LANGUAGES:
        for line in form.get(f"options.{code}", "").splitlines():
            value, _equals, text = line.partition("=")
            if value.strip() and (code == "en" or value.strip() in by_value):
                by_value.setdefault(value.strip(), {})[code] = text.strip() or value.strip()
    return [
        {"value": value, "text": texts["en"] if set(texts) == {"en"} else texts} for value, texts in by_value.items()
    ]


def option_lines(asked: Asked, code: str) -> str:
    """Return the options of a question as lines, in a language."""
    lines = []
    for each in asked.options:
        text = each.text.get(code) or (each.text.get("", "") if code == "en" else "")
        if text or code == "en":
            lines.append(each.value if text in ("", each.value) else f"{each.value} = {text}")
    return "\n".join(lines)


def text_of(texts: Mapping[str, str], code: str) -> str:
    """Return a text in exactly that language, for its field; what holds for all stands with English."""
    return texts.get(code) or (texts.get("", "") if code == "en" else "")


def without(one: Set, key: str) -> Set:
    """Return the set without a question; `Invalid` if another depends on it."""
    return _set(as_json(replace(one, questions=[each for each in one.questions if each.key != key])), "")


def moved(one: Set, key: str, by: int) -> Set:
    """Return the set with a question one place further up or down."""
    questions = list(one.questions)
    place = next((place for place, each in enumerate(questions) if each.key == key), None)
    if place is not None and 0 <= place + by < len(questions):
        questions[place], questions[place + by] = questions[place + by], questions[place]
    return _set(as_json(replace(one, questions=questions)), "")


def _set(written: Mapping[str, Any], field: str) -> Set:
    try:
        return set_of(written)
    except ValueError as error:
        raise Invalid({field: [error.args[0]]}) from None


def unique(key: str, taken: Sequence[str]) -> None:
    """Raise `Invalid` for a key that is in use."""
    if key in taken:
        raise Invalid({"key": [lazy("There is one with the key “%(key)s” already.", key=key)]})
