"""Working time, held against a reference that looks at every minute by itself."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk_sla.calendars import ALWAYS, Calendar, Interval, holidays_of

MINUTE = timedelta(minutes=1)
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Africa/Casablanca",
    "Pacific/Apia",
    "UTC",
)
CHANGES = (
    date(2026, 3, 28),
    date(2026, 3, 7),
    date(2026, 10, 24),
    date(2026, 10, 31),
    date(2026, 4, 4),
    date(2026, 10, 3),
    date(2026, 2, 14),
    date(2011, 12, 29),
    date(2026, 6, 10),
)
"""The days before the clocks change in one of the zones (or Samoa leaves out a day), and one where nothing happens."""


def counts(calendar: Calendar, minute: datetime) -> bool:
    """The reference: look at the clock on the wall."""
    local = minute.astimezone(ZoneInfo(calendar.zone))
    if local.date() in calendar.days_off:
        return False
    of_day = local.hour * 60 + local.minute
    return any(first <= of_day < last for first, last in calendar.hours[local.weekday()])


def slow_between(calendar: Calendar, begin: datetime, end: datetime) -> timedelta:
    total, at = timedelta(0), begin
    while at < end:
        total += MINUTE if counts(calendar, at) else timedelta(0)
        at += MINUTE
    return total


@st.composite
def days(draw: st.DrawFn) -> tuple[Interval, ...]:
    """Up to three intervals of a day, apart from each other."""
    ends = sorted(draw(st.sets(st.integers(0, 48), min_size=0, max_size=6)))
    return tuple((ends[i] * 30, ends[i + 1] * 30) for i in range(0, len(ends) - 1, 2))


@st.composite
def calendars(draw: st.DrawFn) -> tuple[Calendar, datetime]:
    """A calendar, and a moment near a day on which something may happen to the clocks."""
    day = draw(st.sampled_from(CHANGES))
    off = draw(st.sets(st.integers(0, 5).map(lambda ahead: day + timedelta(days=ahead)), max_size=2))
    calendar = Calendar(
        draw(st.sampled_from(ZONES)), tuple(draw(days()) for _weekday in range(7)), days_off=frozenset(off)
    )
    start = datetime.combine(day, time(), UTC) + draw(st.integers(0, 2 * 24 * 60)) * MINUTE
    return calendar, start


@settings(max_examples=150, deadline=None)
@given(calendars(), st.integers(0, 4 * 24 * 60))
def test_time_between_two_moments_is_what_a_look_at_each_minute_finds(
    given_: tuple[Calendar, datetime], minutes: int
) -> None:
    calendar, start = given_
    end = start + minutes * MINUTE
    assert calendar.between(start, end) == slow_between(calendar, start, end)


@settings(max_examples=150, deadline=None)
@given(calendars(), st.integers(1, 30 * 60))
def test_added_time_ends_at_the_first_moment_at_which_so_much_has_passed(
    given_: tuple[Calendar, datetime], minutes: int
) -> None:
    calendar, start = given_
    due = calendar.add(start, minutes * MINUTE)
    if due is None:
        assert slow_between(calendar, start, start + timedelta(days=20)) < minutes * MINUTE
        return
    assert calendar.between(start, due) == minutes * MINUTE
    assert calendar.between(start, due - MINUTE) == (minutes - 1) * MINUTE
    assert counts(calendar, due - MINUTE)


@settings(max_examples=100, deadline=None)
@given(calendars(), st.integers(1, 20 * 60))
def test_going_back_is_the_reverse_of_going_on(given_: tuple[Calendar, datetime], minutes: int) -> None:
    calendar, start = given_
    before = calendar.add(start, -minutes * MINUTE)
    if before is not None:
        assert calendar.between(before, start) == minutes * MINUTE
        assert calendar.between(before + MINUTE, start) == (minutes - 1) * MINUTE


OFFICE = Calendar("Europe/Berlin", (((9 * 60, 12 * 60), (13 * 60, 17 * 60)),) * 5 + ((), ()))


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin"))


def test_lunch_nights_and_weekends_do_not_count() -> None:
    assert OFFICE.add(berlin("2026-03-06T11:00"), timedelta(hours=2)) == berlin("2026-03-06T14:00")
    assert OFFICE.add(berlin("2026-03-06T16:00"), timedelta(hours=2)) == berlin("2026-03-09T10:00")
    assert OFFICE.between(berlin("2026-03-07T00:00"), berlin("2026-03-09T00:00")) == timedelta(0)


def test_a_night_shift_has_seven_hours_in_spring_and_nine_in_autumn() -> None:
    nights = Calendar("Europe/Berlin", (((0, 8 * 60),),) * 7)
    assert nights.between(berlin("2026-03-29T00:00"), berlin("2026-03-29T12:00")) == timedelta(hours=7)
    assert nights.between(berlin("2026-10-25T00:00"), berlin("2026-10-25T12:00")) == timedelta(hours=9)


def test_hours_of_which_the_clock_repeats_a_part_count_twice_in_that_part() -> None:
    early = Calendar("Europe/Berlin", (((60, 150),),) * 7)  # 01:00 to 02:30
    assert early.between(berlin("2026-10-25T00:00"), berlin("2026-10-25T12:00")) == timedelta(hours=2)


def test_days_off_and_public_holidays_do_not_count() -> None:
    off = Calendar(OFFICE.zone, OFFICE.hours, frozenset({date(2026, 3, 9)}), ("DE-BY",))
    assert off.add(berlin("2026-03-06T16:00"), timedelta(hours=2)) == berlin("2026-03-10T10:00")
    assert off.between(berlin("2026-01-06T00:00"), berlin("2026-01-07T00:00")) == timedelta(0), "Epiphany, in Bavaria"
    assert holidays_of("DE", 2026)[date(2026, 10, 3)]


def test_a_calendar_without_hours_never_gets_there() -> None:
    assert Calendar("UTC", ((),) * 7).add(berlin("2026-03-06T16:00"), MINUTE) is None
    assert ALWAYS.add(berlin("2026-03-06T16:00"), MINUTE) == berlin("2026-03-06T16:01")
