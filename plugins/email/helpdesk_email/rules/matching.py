"""Whether a rule holds for a mail, and what all rules together want of it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ..reading import Mail
from .models import Rule


@dataclass(frozen=True, slots=True)
class Wishes:
    """What rules want of a new ticket; None and empty where they want nothing. `by` names the rules that hold."""

    department: str | None = None
    priority: str | None = None
    type: str | None = None
    tags: tuple[str, ...] = ()
    is_quiet: bool = False
    end: str = ""
    by: tuple[str, ...] = ()


def wishes_of(rules: Iterable[Rule], mail: Mail, sender: str, recipients: Sequence[str], size: int) -> Wishes:
    """Return what the rules want, in their order: the first one that says something has it, tags add up.

    What ends the way (quarantine, drop) ends the reading of rules as well. `size` is in bytes.
    """
    found = Wishes()
    for rule in rules:
        if not holds(rule, mail, sender, recipients, size):
            continue
        found = replace(
            found,
            department=found.department or rule.department or None,
            priority=found.priority or rule.priority or None,
            type=found.type or rule.type or None,
            tags=tuple(dict.fromkeys((*found.tags, *rule.tags))),
            is_quiet=found.is_quiet or rule.is_quiet,
            end=rule.end,
            by=(*found.by, rule.name),
        )
        if rule.end:
            break
    return found


def holds(rule: Rule, mail: Mail, sender: str, recipients: Sequence[str], size: int) -> bool:
    """Tell whether all conditions of the rule hold."""
    if rule.larger_than_kb and size <= rule.larger_than_kb * 1024:
        return False
    if rule.header:
        values = mail.header_all(rule.header)
        if not values or not (not rule.header_value or any(fits(rule.header_value, each) for each in values)):
            return False
    written = str(mail.from_) if mail.from_ else ""
    checks = ((rule.recipient, recipients), (rule.sender, [sender, written]), (rule.subject, [mail.subject]))
    return all(not pattern or any(fits(pattern, each) for each in texts) for pattern, texts in checks)


def fits(pattern: str, text: str) -> bool:
    """Tell whether a pattern fits: with `*` the whole text, without one anywhere in it; letters in either case.

    The pieces are looked for from left to right, so no pattern takes long.
    """
    pattern, text = pattern.strip().casefold(), " ".join(text.split()).casefold()
    if "*" not in pattern:
        return pattern in text
    pieces = re.split(r"\*+", pattern)
    first, middle, last = pieces[0], pieces[1:-1], pieces[-1]
    if len(text) < len(first) + len(last) or not text.startswith(first) or not text.endswith(last):
        return False
    at, end = len(first), len(text) - len(last)
    for piece in middle:
        found = text.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True
