"""Figures as pictures: bars drawn on the server, with the numbers in words for those who cannot see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Final

from .statistics import Day

WIDTH: Final = 720
HEIGHT: Final = 160
LEFT: Final = 40
FLOOR: Final = 132
MOST_BARS: Final = 60


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of the chart: what was read in its days, and of it what was deflected and what led to a ticket."""

    x: float
    width: float
    height: float
    good: float
    bad: float
    first: datetime
    last: datetime
    views: int
    deflected: int
    asked: int


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing: bars above a floor, and the number at its top line."""

    bars: tuple[Bar, ...]
    top: int
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    floor: int = FLOOR


def bars(days: Sequence[Day]) -> Chart:
    """Return the chart of a series of days; long series are drawn with several days in a bar."""
    size = -(-len(days) // MOST_BARS) or 1
    groups = [days[start : start + size] for start in range(0, len(days), size)]
    top = max([1, *(sum(each.views for each in group) for group in groups)])
    step = (WIDTH - LEFT) / max(1, len(groups))
    scale = (FLOOR - 12) / top
    drawn = []
    for place, group in enumerate(groups):
        views, good, bad = (sum(getattr(each, key) for each in group) for key in ("views", "deflected", "asked"))
        drawn.append(
            Bar(
                x=round(LEFT + place * step + step * 0.1, 1),
                width=round(step * 0.8, 1),
                height=round(views * scale, 1),
                good=round(good * scale, 1),
                bad=round(bad * scale, 1),
                first=_noon(group[0].day),
                last=_noon(group[-1].day),
                views=views,
                deflected=good,
                asked=bad,
            )
        )
    return Chart(tuple(drawn), top)


def _noon(day: date) -> datetime:
    """Return the middle of a day, which pages write as that day in nearly every time zone."""
    return datetime.combine(day, time(12), UTC)
