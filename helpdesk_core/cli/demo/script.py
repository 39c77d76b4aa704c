"""What the demo plays: the company and the conversations, read from the files in `data`."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

DATA: Final = Path(__file__).parent / "data"
LANGUAGES: Final = ("en", "de", "ru", "uk", "hr")

Kind = Literal["customer", "agent", "note", "colleague", "do"]
_SPEAKERS: Final[Mapping[str, Kind]] = {"C": "customer", "A": "agent", "N": "note", "M": "colleague"}
_SAID = re.compile(r"(?P<speaker>[CANM])(?: \[(?P<file>[^\]]+)\])?: (?P<text>.+)", re.DOTALL)
_DONE = re.compile(r"!(?P<verb>\w+)(?: (?P<rest>.+))?", re.DOTALL)


@dataclass(frozen=True)
class Line:
    """One line of a conversation: somebody says `text` (with a file), or does the `verb` to the ticket."""

    kind: Kind
    text: str
    file: str = ""
    verb: str = ""


@dataclass(frozen=True)
class Thread:
    """A conversation as it is written; `times` is how often it is played, each time with another customer.

    `cluster` is the age in days at which all of them begin at once; `of` is the organisation whose people it is about,
    `by` the address of the only one who has it.
    """

    key: str
    subject: str
    language: str
    lines: tuple[Line, ...]
    department: str = "support"
    type: str = "question"
    priority: str = "normal"
    tags: tuple[str, ...] = ()
    times: int = 4
    channel: str = ""
    cluster: int = 0
    of: str = ""
    by: str = ""


@dataclass(frozen=True)
class Company:
    """Who works there, who asks, and how it is arranged; each entry as it stands in the file."""

    site: str
    departments: list[dict[str, Any]]
    agents: list[dict[str, Any]]
    organisations: list[dict[str, Any]]
    customers: list[dict[str, Any]]
    searches: list[dict[str, Any]] = field(default_factory=list)


def company() -> Company:
    """Return the company."""
    return Company(**_read("company.toml"))


def threads() -> list[Thread]:
    """Return all conversations, by language."""
    return [
        Thread(
            **{key: value for key, value in each.items() if key not in ("say", "tags")},
            language=language,
            tags=tuple(each.get("tags", ())),
            lines=tuple(_line(text, each["key"]) for text in each["say"]),
        )
        for language in LANGUAGES
        for each in _read(f"{language}.toml")["thread"]
    ]


@cache
def file_texts() -> Mapping[str, str]:
    """Return what stands in the attached text files, by name."""
    texts: dict[str, str] = _read("files.toml")
    return texts


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((DATA / name).read_text(encoding="utf-8"))


def _line(text: str, key: str) -> Line:
    if said := _SAID.fullmatch(text):
        return Line(_SPEAKERS[said["speaker"]], said["text"], file=said["file"] or "")
    if done := _DONE.fullmatch(text):
        return Line("do", done["rest"] or "", verb=done["verb"])
    raise ValueError(f"conversation {key}: nobody says {text[:40]!r}")
