"""What differs between two versions, line by line."""

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final, Literal

from .models import Version

CONTEXT: Final = 3
MOST_LINES: Final = 4000
"""Longer texts are shown as taken out and put in: comparing them line by line would take too long."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a comparison: it stayed, was taken out, was put in; or stands for lines that are left out."""

    kind: Literal["same", "out", "in", "gap"]
    text: str


def compare(old: Version, new: Version) -> list[Line]:
    """Return what became of title, summary and text; equal parts are shortened to what is around a change."""
    return _lines(_head(old) + old.body.split("\n"), _head(new) + new.body.split("\n"))


def _head(version: Version) -> list[str]:
    return [version.title, version.summary, ""]


def _lines(old: list[str], new: list[str]) -> list[Line]:
    if len(old) + len(new) > MOST_LINES:
        return [Line("out", each) for each in old] + [Line("in", each) for each in new]
    found: list[Line] = []
    groups = list(SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(CONTEXT))
    for number, group in enumerate(groups):
        if number:
            found.append(Line("gap", ""))
        for tag, first, last, start, end in group:
            if tag == "equal":
                found += [Line("same", each) for each in old[first:last]]
            else:
                found += [Line("out", each) for each in old[first:last]]
                found += [Line("in", each) for each in new[start:end]]
    return found
