"""Any address that answers with JSON; pointers (RFC 6901) say where in it things are."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from helpdesk_core.api.errors import Unavailable
from helpdesk_core.api.services import Service

from ..texts import lazy
from .base import Entry, Found, Kind, Wanted, Way, text

PARTS: Final = ("id", "name", "type", "state", "link")


def ask(way: Way, settings: Mapping[str, str], wanted: Wanted) -> Found:
    """Ask the address for each of the customer's addresses, or for the number."""
    headers = {}
    if settings.get("header") and settings.get("secret"):
        headers[settings["header"]] = settings["secret"]
    services: list[Service] = []
    problems: list[str] = []
    for who in [wanted.number] if wanted.number else wanted.addresses:
        answer = way.ask(settings["url"].replace("{customer}", quote(who, safe="")), headers=headers, missing=404)
        if answer is None:
            continue
        found = at(answer, settings.get("items", ""))
        if not isinstance(found, list):
            raise Unavailable(lazy("There is no list of services at “%(pointer)s”.", pointer=settings.get("items", "")))
        for place, each in enumerate(found, 1):
            values = {part: text(at(each, settings.get(part, ""))) if settings.get(part) else "" for part in PARTS}
            if not values["id"] or not values["name"]:
                problems.append(lazy("Service %(place)s has no id or no name.", place=place))
                continue
            named = {name: text(at(each, pointer)) for name, pointer in facts_of(settings.get("facts", ""))}
            services.append(Service(**values, facts={name: value for name, value in named.items() if value}))
    return Found(services=services, problems=problems[:50])


def at(value: Any, pointer: str) -> Any:
    """Return what a JSON pointer leads to; None if there is nothing."""
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = value.get(name)
        elif isinstance(value, list) and re.fullmatch(r"0|[1-9][0-9]{0,6}", name) and int(name) < len(value):
            value = value[int(name)]
        else:
            return None
    return value


def facts_of(written: str) -> Sequence[tuple[str, str]]:
    """Return names and pointers from lines such as `Server = /server/name`."""
    pairs = [line.partition("=") for line in written.splitlines() if line.strip()]
    return [(name.strip(), pointer.strip()) for name, _equals, pointer in pairs]


def _is_pointer(given: str) -> None:
    if given and not given.startswith("/"):
        raise ValueError(lazy("A JSON pointer begins with a slash: /items/0/name."))


def _are_facts(given: str) -> None:
    for name, pointer in facts_of(given):
        if not name or not pointer.startswith("/"):
            raise ValueError(lazy("Write a name and a pointer on each line: Server = /server/name."))


def _has_place(given: str) -> None:
    if "{customer}" not in given:
        raise ValueError(lazy("Write {customer} where the customer's address or number belongs."))


def _is_header(given: str) -> None:
    if given and not re.fullmatch(r"[A-Za-z0-9-]{1,60}", given):
        raise ValueError(lazy("The name of a header consists of letters, digits and “-”."))


KIND = Kind(
    key="rest",
    label=lazy("Any JSON over HTTP"),
    about=lazy("An address of your own that answers with a list of services as JSON."),
    entries=(
        Entry(
            name="url",
            label=lazy("Address"),
            hint=lazy(
                "With {customer} where the address or number belongs: https://panel.example.com/api/services?owner={customer}"
            ),
            check=_has_place,
        ),
        Entry(
            name="header",
            label=lazy("Header"),
            hint=lazy("Sent with each request, such as Authorization."),
            required=False,
            check=_is_header,
        ),
        Entry(
            name="secret",
            label=lazy("Value of the header"),
            kind="secret",
            required=False,
            hint=lazy("Such as Bearer and a token."),
        ),
        Entry(
            name="items",
            label=lazy("List of services"),
            required=False,
            check=_is_pointer,
            hint=lazy("JSON pointer such as /data/services; empty if the answer is the list."),
        ),
        Entry(name="id", label=lazy("Id"), default="/id", check=_is_pointer),
        Entry(name="name", label=lazy("Name"), default="/name", check=_is_pointer),
        Entry(name="type", label=lazy("Type"), default="/type", required=False, check=_is_pointer),
        Entry(name="state", label=lazy("State"), default="/state", required=False, check=_is_pointer),
        Entry(name="link", label=lazy("Link for staff"), required=False, check=_is_pointer),
        Entry(
            name="facts",
            label=lazy("Facts"),
            kind="textarea",
            required=False,
            check=_are_facts,
            hint=lazy("One a line: Server = /server/name"),
        ),
    ),
    ask=ask,
    number=lazy("what the address expects"),
)
