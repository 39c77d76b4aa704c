"""The scales on which people rate, and what a score on each of them means."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from helpdesk_core.api.i18n import LazyText

from .texts import lazy as _l

Verdict = Literal["bad", "neutral", "good"]

VERDICTS: Final[Mapping[Verdict, LazyText]] = {
    "good": _l("satisfied"),
    "neutral": _l("in between"),
    "bad": _l("dissatisfied"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One of the answers of a scale; `score` counts from 1, the worst."""

    score: int
    label: LazyText
    verdict: Verdict
    mark: str = ""
    """A sign that goes before the words."""


def _stars(score: int, verdict: Verdict) -> Step:
    return Step(score, _l("%(num)s of 5 stars", num=score), verdict, "★" * score)


SCALES: Final[Mapping[str, tuple[Step, ...]]] = {
    "two": (Step(1, _l("Bad"), "bad"), Step(2, _l("Good"), "good")),
    "three": (Step(1, _l("Bad"), "bad"), Step(2, _l("All right"), "neutral"), Step(3, _l("Good"), "good")),
    "five": (
        Step(1, _l("Very bad"), "bad"),
        Step(2, _l("Bad"), "bad"),
        Step(3, _l("All right"), "neutral"),
        Step(4, _l("Good"), "good"),
        Step(5, _l("Very good"), "good"),
    ),
    "stars": (_stars(1, "bad"), _stars(2, "bad"), _stars(3, "neutral"), _stars(4, "good"), _stars(5, "good")),
}


def step_of(scale: str, score: int) -> Step | None:
    """Return the answer with that score, or None if the scale has no such score."""
    return next((step for step in SCALES.get(scale, ()) if step.score == score), None)
