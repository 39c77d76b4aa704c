"""Moments in words, as people of a language write them."""

from datetime import UTC, datetime, tzinfo

from babel import Locale
from babel.dates import format_date, format_time, get_datetime_format, get_timezone


def written_moment(when: datetime, zone: tzinfo, locale: Locale) -> str:
    """Return date and time to the minute in that zone, such as “Nov 22, 2026, 11:00 AM”; nobody waits for seconds."""
    there = when.astimezone(zone)
    written = str(get_datetime_format("medium", locale=locale)).replace("'", "")
    date = format_date(there, "medium", locale=locale)
    return written.replace("{0}", format_time(there, "short", tzinfo=zone, locale=locale)).replace("{1}", date)


def zone_named(name: str | None) -> tzinfo:
    """Return the time zone of that name; UTC for one that there is not, or none."""
    try:
        return get_timezone(name or "UTC")
    except LookupError:
        return UTC
