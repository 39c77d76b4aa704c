"""Working time: which moments count, how much of it lies between two, and when so much of it will have passed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Final
from zoneinfo import ZoneInfo

DAY: Final = timedelta(days=1)
NOTHING: Final = timedelta(0)
WHOLE_DAY: Final = 24 * 60
FARTHEST: Final = 3660
"""Days after which working time that never comes is given up."""

Interval = tuple[int, int]
"""Minutes of the local day: the first that counts, and the first that does not any more."""
Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class Calendar:
    """The weekly working hours of one zone, without the days off.

    `hours` are seven lists of intervals, Monday first, each sorted and apart from the others. `days_off` are whole
    local days, `countries` such as `DE` or `DE-BY` whose public holidays are off too. What counts is the clock on the
    wall: an hour that a change of time repeats counts twice, one that it leaves out does not count.
    """

    zone: str
    hours: tuple[tuple[Interval, ...], ...]
    days_off: frozenset[date] = frozenset()
    countries: tuple[str, ...] = ()
    name: str = field(default="", compare=False)
    _days: dict[date, tuple[Span, ...]] = field(default_factory=dict, init=False, compare=False, repr=False)
    _years: dict[int, frozenset[date]] = field(default_factory=dict, init=False, compare=False, repr=False)

    def add(self, start: datetime, working: timedelta) -> datetime | None:
        """Return the first moment at which so much working time has passed since `start`, in UTC.

        None if it does not come within ten years, as in a calendar without hours. No working time is `start` itself;
        a negative one goes back to the last moment from which on so much has passed until `start`.
        """
        start = start.astimezone(UTC)
        if working < NOTHING:
            return self._back(start, -working)
        left = working
        if not left:
            return start
        for begin, end in self._spans_from(start):
            begin = max(begin, start)
            if end - begin >= left:
                return begin + left
            left -= max(NOTHING, end - begin)
        return None

    def between(self, begin: datetime, end: datetime) -> timedelta:
        """Return the working time from `begin` until `end`; nothing if `end` is the earlier one."""
        begin, end = begin.astimezone(UTC), end.astimezone(UTC)
        total, day = NOTHING, begin.date()
        while day <= end.date():
            for first, last in self._day(day):
                total += max(NOTHING, min(last, end) - max(first, begin))
            day += DAY
        return total

    def works_at(self, moment: datetime) -> bool:
        """Tell whether a moment counts."""
        moment = moment.astimezone(UTC)
        return any(first <= moment < last for first, last in self._day(moment.date()))

    def _back(self, start: datetime, left: timedelta) -> datetime | None:
        day = start.date()
        for _step in range(FARTHEST):
            for begin, end in reversed(self._day(day)):
                end = min(end, start)
                if end - begin >= left:
                    return end - left
                left -= max(NOTHING, end - begin)
            day -= DAY
        return None

    def _spans_from(self, start: datetime) -> Iterator[Span]:
        day = start.date()
        for _step in range(FARTHEST):
            for span in self._day(day):
                if span[1] > start:
                    yield span
            day += DAY

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    def _day(self, day: date) -> tuple[Span, ...]:
        """Return the working spans of a UTC day, in order."""
        found = self._days.get(day)
        if found is None:
            begin = datetime(day.year, day.month, day.day, tzinfo=UTC)
            found = tuple(sorted(span for piece in self._steady(begin, begin + DAY) for span in self._in_piece(*piece)))
            self._days[day] = found
        return found

    def _steady(self, begin: datetime, end: datetime) -> list[tuple[datetime, datetime, timedelta]]:
        """Return the pieces of a UTC day in which the zone keeps its distance from UTC, with that distance."""
        pieces: list[tuple[datetime, datetime, timedelta]] = []
        at = begin
        while at < end:
            offset = self._offset(at)
            until = at
            while until < end and self._offset(until) == offset:
                until = min(until + timedelta(hours=1), end)
            if self._offset(until - timedelta(seconds=1)) != offset:
                until = self._change(until - timedelta(hours=1), until, offset)
            pieces.append((at, until, offset))
            at = until
        return pieces

    def _change(self, same: datetime, other: datetime, offset: timedelta) -> datetime:
        """Return the second at which the zone leaves `offset`, between two whole moments."""
        while other - same > timedelta(seconds=1):
            middle = same + timedelta(seconds=(other - same) // timedelta(seconds=2))
            same, other = (middle, other) if self._offset(middle) == offset else (same, middle)
        return other

    def _offset(self, moment: datetime) -> timedelta:
        return moment.astimezone(self._zone).utcoffset() or NOTHING

    def _in_piece(self, begin: datetime, end: datetime, offset: timedelta) -> Iterator[Span]:
        local_day, last = (begin + offset).date(), (end + offset).date()
        while local_day <= last:
            midnight = datetime(local_day.year, local_day.month, local_day.day, tzinfo=UTC) - offset
            for first, beyond in self._intervals(local_day):
                span = (max(begin, midnight + timedelta(minutes=first)), min(end, midnight + timedelta(minutes=beyond)))
                if span[0] < span[1]:
                    yield span
            local_day += DAY

    def _intervals(self, day: date) -> tuple[Interval, ...]:
        intervals = self.hours[day.weekday()]
        return () if not intervals or day in self.days_off or day in self._holidays(day.year) else intervals

    def _holidays(self, year: int) -> frozenset[date]:
        if not self.countries:
            return frozenset()
        if year not in self._years:
            self._years[year] = frozenset(day for each in self.countries for day in holidays_of(each, year))
        return self._years[year]


def holidays_of(country: str, year: int) -> Mapping[date, str]:
    """Return the public holidays of a country (`DE`) or a part of it (`DE-BY`), with their names.

    Raises `LookupError` for a country or part that is not known.
    """
    import holidays  # takes a moment, and most calendars name no country

    code, _dash, part = country.partition("-")
    try:
        found = holidays.country_holidays(code, subdiv=part or None, years=year)
    except NotImplementedError as error:  # the library's word for a country or part that it does not know
        raise LookupError(country) from error
    return {day: str(name) for day, name in found.items()}


ALWAYS: Final = Calendar("UTC", (((0, WHOLE_DAY),),) * 7)
"""Every minute of every day."""
