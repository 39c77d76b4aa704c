"""Reading what an administrator types: hours, days off, countries, times and steps; errors say the mend."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Any, Final

from helpdesk_core.api.automation import AutomaticAction
from helpdesk_core.api.db import new_uid
from helpdesk_core.api.mail import is_address
from helpdesk_core.api.tickets import Vocabulary

from .calendars import WHOLE_DAY, Interval, holidays_of
from .policies import FIRST_REPLY, NEXT_REPLY, RESOLUTION, UPDATE, Step
from .texts import lazy
from .wording import duration, parse_duration

INTERVAL: Final = re.compile(r"(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})")
STEP: Final = re.compile(
    r"(?:(?P<time>.+?)\s+(?P<side>before|after)|at)\s+"
    r"(?P<kind>first reply|next reply|update|resolution)\s*:\s*(?P<acts>.+)",
    re.IGNORECASE,
)
KINDS: Final = {
    "first reply": FIRST_REPLY,
    "next reply": NEXT_REPLY,
    "update": UPDATE,
    "resolution": RESOLUTION,
}
WORDS: Final = {
    "notify agent": "notify_agent",
    "notify manager": "notify_manager",
    "notify role": "notify_role",
    "mail": "mail",
    "priority": "priority",
    "tag": "tag",
    "assign": "assign",
    "move": "move",
    "do": "do",
}
"""What a step does, as it is typed; behind `do` stands an action of another plugin, with its value if it takes one."""
WITHOUT_VALUE: Final = ("notify_agent", "notify_manager")
YEAR: Final = 2026
"""Any year will do to ask whether a country is known."""


class Mistake(ValueError):
    """What was typed cannot be used; the text says what to change."""


def hours_of_day(text: str) -> tuple[Interval, ...]:
    """Return the intervals of `09:00-12:00, 13:00-17:00` in order; an empty text is a day without hours."""
    found: list[Interval] = []
    for part in filter(None, (each.strip() for each in text.split(","))):
        match = INTERVAL.fullmatch(part)
        if match is None:
            raise Mistake(lazy("“%(part)s” is no span of hours. Write it like 09:00-12:00.", part=part))
        first, last = (int(hour) * 60 + int(minute) for hour, minute in (match.groups()[:2], match.groups()[2:]))
        if int(match[2]) > 59 or int(match[4]) > 59 or last > WHOLE_DAY:
            raise Mistake(lazy("“%(part)s” is not on the clock. A day goes from 00:00 to 24:00.", part=part))
        if first >= last:
            raise Mistake(
                lazy("“%(part)s” ends before it begins. Give hours after midnight to the next day.", part=part)
            )
        found.append((first, last))
    found.sort()
    for before, after in pairwise(found):
        if after[0] < before[1]:
            raise Mistake(lazy("Two spans overlap at %(time)s. Join them to one.", time=clock(after[0])))
    return tuple(found)


def clock(minute: int) -> str:
    """Return a minute of the day as `09:30`."""
    return f"{minute // 60:02}:{minute % 60:02}"


def said_hours(intervals: Sequence[Sequence[int]]) -> str:
    """Return intervals as they are typed."""
    return ", ".join(f"{clock(first)}-{clock(last)}" for first, last in intervals)


def days_off(text: str) -> dict[str, str]:
    """Return the names of days off by date from lines such as `2026-12-24 Christmas Eve`."""
    found: dict[str, str] = {}
    for line in filter(None, (each.strip() for each in text.splitlines())):
        day, _space, name = line.partition(" ")
        try:
            found[date.fromisoformat(day).isoformat()] = name.strip()[:100]
        except ValueError:
            raise Mistake(
                lazy("“%(line)s” does not begin with a day. Write it like 2026-12-24 Christmas Eve.", line=line)
            ) from None
    return dict(sorted(found.items()))


def countries(text: str) -> list[str]:
    """Return country codes from `DE-BY, AT`; each has to be known."""
    found = [each.strip().upper() for each in text.split(",") if each.strip()]
    for each in found:
        try:
            holidays_of(each, YEAR)
        except LookupError:
            raise Mistake(
                lazy(
                    "No public holidays are known for “%(code)s”. Write a country like DE, or a part like DE-BY.",
                    code=each,
                )
            ) from None
    return found


def target(text: str) -> int | None:
    """Return the minutes of a target; nothing typed is none."""
    if not text.strip():
        return None
    try:
        minutes = parse_duration(text)
    except ValueError:
        raise Mistake(lazy("“%(text)s” is no time. Write it like 4h, 30m or 1d 4h.", text=text)) from None
    if not minutes:
        raise Mistake(lazy("A target of no time is missed at once. Leave it empty for none."))
    return minutes


@dataclass(frozen=True, slots=True)
class Usable:
    """What steps can name: words, keys of roles, and the actions of other plugins; `problem` judges a value of one.

    `assignable` says what is wrong with an address that tickets are to be given to; steps that were there while the
    policy `was_in_use` are not judged once more, so that it can be changed although somebody has left.
    """

    words: Vocabulary
    roles: Sequence[str]
    assignable: Callable[[str], str | None]
    was_in_use: bool
    actions: Mapping[str, AutomaticAction]
    problem: Callable[[AutomaticAction, str], str | None]


def steps(text: str, usable: Usable, known: Sequence[Step], now: datetime) -> list[dict[str, Any]]:
    """Return the steps of lines such as `30m before first reply: notify agent; tag late`, as they are stored.

    A step that was there already keeps its name, so that it is not carried out again.
    """
    found: list[dict[str, Any]] = []
    names = {(step.kind, step.offset.total_seconds() // 60, step.action, step.value): step for step in known}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        match = STEP.fullmatch(line.strip())
        if match is None:
            raise Mistake(
                lazy(
                    "Line %(number)s cannot be read. Write it like “30m before first reply: notify agent”, "
                    "“at resolution: priority urgent” or “2h after resolution: mail boss@example.com”.",
                    number=number,
                )
            )
        kind, offset = KINDS[match["kind"].lower()], _offset(match, number)
        acts = [each.strip() for each in match["acts"].split(";") if each.strip()]
        if not acts:
            raise Mistake(lazy("Line %(number)s does nothing. Say what, such as “notify agent”.", number=number))
        for act in acts:
            action, value = _act(act, number, usable)
            before = names.get((kind, offset, action, value))
            if action == "assign" and not (before and usable.was_in_use):
                _refuse(usable.assignable(value), number)
            since = before.since if before else now
            found.append(
                {
                    "uid": before.uid if before else new_uid(),
                    "kind": kind,
                    "offset": offset,
                    "action": action,
                    "value": value,
                    "since": since.isoformat() if since else None,
                }
            )
    if len({(each["kind"], each["offset"], each["action"], each["value"]) for each in found}) < len(found):
        raise Mistake(lazy("The same step stands there twice. Take one away."))
    return found


def said_steps(known: Sequence[Step]) -> str:
    """Return steps as they are typed, one a line."""
    kinds = {kind: name for name, kind in KINDS.items()}
    actions = {action: word for word, action in WORDS.items()}
    lines = []
    for step in known:
        minutes = int(step.offset.total_seconds() // 60)
        when = "at" if not minutes else f"{duration(minutes)} {'before' if minutes < 0 else 'after'}"
        lines.append(f"{when} {kinds[step.kind]}: {actions[step.action]} {step.value}".rstrip())
    return "\n".join(lines)


def _offset(match: re.Match[str], number: int) -> int:
    if match["time"] is None:
        return 0
    try:
        minutes = parse_duration(match["time"])
    except ValueError:
        raise Mistake(
            lazy("Line %(number)s: “%(text)s” is no time. Write it like 30m or 2h.", number=number, text=match["time"])
        ) from None
    return -minutes if match["side"].lower() == "before" else minutes


def _act(text: str, number: int, usable: Usable) -> tuple[str, str]:
    for word, action in WORDS.items():
        if text.lower() == word or text.lower().startswith(f"{word} "):
            value = text[len(word) :].strip()
            _check_value(action, value, number, usable)
            return action, value.lower() if action == "tag" else value
    raise Mistake(
        lazy(
            "Line %(number)s: nothing is known that is called “%(text)s”. There are: %(list)s.",
            number=number,
            text=text,
            list=", ".join(WORDS),
        )
    )


def _refuse(problem: str | None, number: int) -> None:
    if problem is not None:
        raise Mistake(lazy("Line %(number)s: %(problem)s", number=number, problem=problem))


def _check_value(action: str, value: str, number: int, usable: Usable) -> None:
    choices: Mapping[str, Sequence[str]] = {
        "priority": list(usable.words.priorities),
        "move": [each.key for each in usable.words.departments.values() if each.is_active],
        "notify_role": usable.roles,
        "do": list(usable.actions),
    }
    name, _space, rest = value.partition(" ") if action == "do" else (value, "", "")
    if action in choices and name not in choices[action]:
        raise Mistake(
            lazy(
                "Line %(number)s: there is no “%(value)s”. Choose one of: %(list)s.",
                number=number,
                value=name,
                list=", ".join(choices[action]) or "–",
            )
        )
    if action == "do":
        _refuse(usable.problem(usable.actions[name], rest.strip()), number)
    if action in ("mail", "assign") and not is_address(value):
        raise Mistake(lazy("Line %(number)s: “%(value)s” is no mail address.", number=number, value=value))
    if action == "tag" and not 0 < len(value) <= 64:
        raise Mistake(lazy("Line %(number)s: name the tag, with at most 64 characters.", number=number))
    if action in WITHOUT_VALUE and value:
        raise Mistake(
            lazy("Line %(number)s: nothing comes after this step but “%(value)s” does.", number=number, value=value)
        )
