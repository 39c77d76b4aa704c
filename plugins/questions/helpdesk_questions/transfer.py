"""Sets of questions as files: TOML or JSON, `{"sets": [...]}`; what is written can be read again."""

import json
import re
import tomllib
from collections.abc import Sequence
from typing import Any

from helpdesk_core.api import Actor, Helpdesk
from helpdesk_core.api.errors import Invalid

from .asked import Set, as_json, set_of
from .sets import save
from .texts import lazy


def as_toml(sets: Sequence[Set]) -> str:
    """Return the sets as TOML."""
    lines: list[str] = []
    for each in sets:
        written = as_json(each)
        questions = written.pop("questions")
        lines += ["[[sets]]", *(f"{name} = {_value(value)}" for name, value in written.items()), ""]
        for question in questions:
            lines += ["[[sets.questions]]", *(f"{name} = {_value(value)}" for name, value in question.items()), ""]
    return "\n".join(lines)


def as_json_text(sets: Sequence[Set]) -> str:
    """Return the sets as JSON."""
    return json.dumps({"sets": [as_json(each) for each in sets]}, ensure_ascii=False, indent=2) + "\n"


def read(written: str) -> list[Set]:
    """Return the sets of a file, JSON if it begins like that; `Invalid` says what is wrong and in which set."""
    try:
        found: Any = json.loads(written) if written.lstrip().startswith("{") else tomllib.loads(written)
    except ValueError as error:
        raise Invalid({"file": [lazy("This is neither TOML nor JSON: %(problem)s.", problem=str(error))]}) from None
    listed = found.get("sets")
    if not isinstance(listed, list) or not listed:
        raise Invalid({"file": [lazy("There are no [[sets]] in it.")]})
    sets: list[Set] = []
    for place, each in enumerate(listed, 1):
        try:
            sets.append(set_of(each))
        except ValueError as error:
            problem = lazy("Set %(place)s: %(problem)s", place=place, problem=error.args[0])
            raise Invalid({"file": [problem]}) from None
    return sets


def take_in(desk: Helpdesk, actor: Actor, written: str) -> list[Set]:
    """Write the sets of a file, all or none; those that are there already get a new version."""
    sets = read(written)
    with desk.begin(actor):
        return [save(desk, actor, each) for each in sets]


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_name(name)} = {_value(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_value(each) for each in value) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _name(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)
