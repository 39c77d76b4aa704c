"""The time zones that people choose from."""

from collections.abc import Sequence
from zoneinfo import available_timezones

NO_PLACES = ("Etc", "SystemV", "posix", "right", "US", "Canada", "Brazil", "Mexico", "Chile")
"""Regions of the database whose zones are other names of the same places."""


def zones(chosen: str = "") -> list[tuple[str, Sequence[tuple[str, str]]]]:
    """Return the zones that people live in, by region, each with its place; `chosen` is among them whatever it is."""
    found: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(available_timezones()):
        region, slash, place = name.partition("/")
        if name == chosen or (slash and region not in NO_PLACES):
            found.setdefault(region, []).append((name, (place or name).replace("_", " ").replace("/", ", ")))
    return [*found.items(), ("UTC", [("UTC", "UTC")])] if "UTC" not in found else list(found.items())
