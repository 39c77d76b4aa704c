"""The results of the periods as a picture: stacked bars drawn on the server, with the numbers in a table beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Final

from .reporting import Tally

WIDTH: Final = 720
HEIGHT: Final = 180
LEFT: Final = 40
TOP: Final = 14
FLOOR: Final = 150


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of the chart: heights of its parts from below, in the chart's units."""

    x: float
    width: float
    bad: float
    neutral: float
    good: float
    day: datetime
    """A moment in the middle of the period's first day."""
    tally: Tally


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing: bars above a floor, and the number at its top line."""

    bars: tuple[Bar, ...]
    most: int
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    top: int = TOP
    floor: int = FLOOR


def stacked(periods: Sequence[Tally]) -> Chart:
    """Return the chart of periods, whose keys are days."""
    most = max([1, *(each.total for each in periods)])
    step = (WIDTH - LEFT) / max(1, len(periods))
    scale = (FLOOR - TOP) / most
    bars = tuple(
        Bar(
            x=round(LEFT + place * step + step * 0.1, 1),
            width=round(step * 0.8, 1),
            bad=round(each.bad * scale, 1),
            neutral=round(each.neutral * scale, 1),
            good=round(each.good * scale, 1),
            day=datetime.combine(datetime.fromisoformat(each.key), time(12), UTC),
            tally=each,
        )
        for place, each in enumerate(periods)
    )
    return Chart(bars, most)
