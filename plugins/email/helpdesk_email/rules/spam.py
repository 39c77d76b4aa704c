"""What looks like spam: the verdicts that mail servers and filters in front of us have written into the headers.

Headers are believed only where they speak against a mail: anybody can write that their own mail is none.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..reading import Mail
from ..texts import texts

_l = texts.lazy

_NUMBER = re.compile(r"-?\d{1,4}(?:\.\d{1,4})?")
_STATUS = re.compile(r"\bscore=(-?\d{1,4}(?:\.\d{1,4})?)(?:\s+required=(\d{1,4}(?:\.\d{1,4})?))?", re.IGNORECASE)
_RSPAMD = re.compile(r"\[\s*(-?\d{1,4}(?:\.\d{1,4})?)\s*/\s*(-?\d{1,4}(?:\.\d{1,4})?)\s*\]")
_RESULT = re.compile(r"\b(spf|dkim|dmarc)\s*=\s*(\w+)", re.IGNORECASE)
CERTAIN = 5.0
"""Points of a mail that a filter calls spam; the filter's own limit counts as so many."""
_FAILED = {"dmarc": 3.0, "spf": 1.0, "dkim": 1.0}


@dataclass(frozen=True, slots=True)
class Score:
    """Points (0 for nothing suspicious, 5 for what a filter calls spam), and a short reason for each verdict."""

    points: float = 0.0
    reasons: tuple[str, ...] = ()


Scorer = Callable[[Mail], Score]
"""Judges one mail; it must not reach for the network, since somebody's mail waits meanwhile."""


def score_headers(mail: Mail) -> Score:
    """Return the worst verdict of the filters, and what the authentication of the sender adds to it."""
    filters = [*_flags(mail), *_spamassassin(mail), *_rspamd(mail), *_plain_score(mail)]
    worst = max(filters, key=lambda each: each[0], default=None)
    failed = _authentication(mail)
    points = (worst[0] if worst else 0.0) + sum(_FAILED[each] for each in failed)
    reasons = [worst[1]] if worst and worst[0] > 0 else []
    reasons += [_l("%(check)s failed", check=each.upper()) for each in failed]
    return Score(max(0.0, round(points, 2)), tuple(reasons))


def total(mail: Mail, scorers: Sequence[Scorer]) -> Score:
    """Return the sum of what all scorers say."""
    scores = [each(mail) for each in scorers]
    return Score(round(sum(each.points for each in scores), 2), tuple(why for each in scores for why in each.reasons))


def _flags(mail: Mail) -> list[tuple[float, str]]:
    names = ("X-Spam-Flag", "X-Spam", "X-Spam-Flag2")
    return [
        (CERTAIN, f"{name}: {value.strip()[:20]}")
        for name in names
        for value in mail.header_all(name)
        if value.strip().lower() in ("yes", "true", "spam")
    ]


def _spamassassin(mail: Mail) -> list[tuple[float, str]]:
    found: list[tuple[float, str]] = []
    for value in mail.header_all("X-Spam-Status"):
        said = value.strip().lower().startswith("yes")
        match = _STATUS.search(value)
        if match is not None:
            points = _scaled(float(match[1]), float(match[2] or CERTAIN))
            found.append((max(points, CERTAIN) if said else points, f"SpamAssassin: {match[0]}"))
        elif said:
            found.append((CERTAIN, _l("SpamAssassin: yes")))
    return found


def _rspamd(mail: Mail) -> list[tuple[float, str]]:
    return [
        (
            _scaled(float(match[1]), float(match[2])),
            _l("rspamd: %(points)s of %(limit)s", points=match[1], limit=match[2]),
        )
        for value in mail.header_all("X-Spamd-Result")
        if (match := _RSPAMD.search(value))
    ]


def _plain_score(mail: Mail) -> list[tuple[float, str]]:
    scores = [
        (float(match[0]), f"X-Spam-Score: {match[0]}")
        for value in mail.header_all("X-Spam-Score")
        if (match := _NUMBER.match(value.strip()))
    ]
    stars = [min(value.strip().count("*"), 100) for value in mail.header_all("X-Spam-Level")]
    return scores + [(float(count), f"X-Spam-Level: {count}") for count in stars if count]


def _authentication(mail: Mail) -> list[str]:
    """Return what failed, as the server nearest to us says: it writes its header above those of all others."""
    results = mail.header_all("Authentication-Results")[:1]
    said = {name.lower(): verdict.lower() for value in results for name, verdict in _RESULT.findall(value)}
    return [name for name in _FAILED if said.get(name) == "fail"]


def _scaled(points: float, required: float) -> float:
    return points if required <= 0 else points * CERTAIN / required
