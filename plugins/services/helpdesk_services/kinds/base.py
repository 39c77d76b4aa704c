"""What a kind of source is: its fields on the admin page, and how one asks it."""

import base64
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from socket import SOCK_STREAM, getaddrinfo
from typing import Any, Literal
from urllib.parse import urlencode, urlsplit

from helpdesk_core.api.errors import Unavailable
from helpdesk_core.api.outgoing import AddressRefused, Reply, networks, send
from helpdesk_core.api.services import Service

from ..texts import lazy

Input = Literal["text", "url", "secret", "textarea"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A field of a source's form; `check` raises `ValueError` with a sentence."""

    name: str
    label: Any
    kind: Input = "text"
    hint: Any = ""
    required: bool = True
    default: str = ""
    check: Callable[[str], object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Who is looked for: by the number that the source knows, else by each of the addresses."""

    addresses: Sequence[str] = ()
    number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a source said; `problems` are about parts of it that could not be used."""

    services: Sequence[Service] = ()
    problems: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How to get at things: what may be reached, for how long, and where the instance lies."""

    allowed: Sequence[str]
    timeout: float
    instance: Path
    keep: dict[Any, Any] = field(default_factory=dict)
    """What a kind remembers between questions."""

    def ask(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        body: Any = None,
        missing: int = 0,
    ) -> Any:
        """Return the JSON that an address answers with; a form or a body makes it a POST.

        `missing` is the status that means “nothing there”, which is None. `Unavailable` says what went wrong; nothing
        of the address but its host is told, since secrets may stand in it.
        """
        refuse_plain(url, self.allowed)
        sent, given = None, {"Accept": "application/json", **(headers or {})}
        if form is not None:
            sent, given["Content-Type"] = urlencode(form).encode(), "application/x-www-form-urlencoded"
        elif body is not None:
            sent, given["Content-Type"] = json.dumps(body).encode(), "application/json"
        reply = send(
            url,
            method="GET" if sent is None else "POST",
            headers=given,
            body=sent,
            timeout=self.timeout,
            max_bytes=4_000_000,
            allowed=self.allowed,
        )
        return None if missing and reply.status == missing else _json_of(reply)


def refuse_plain(url: str, allowed: Collection[str]) -> None:
    """Raise `AddressRefused` for plain HTTP, unless the host is this machine, or inside a network that is `allowed`."""
    place = urlsplit(url)
    if place.scheme != "http":
        return
    try:
        found = {str(each[4][0]).partition("%")[0] for each in getaddrinfo(place.hostname, None, type=SOCK_STREAM)}
    except (OSError, UnicodeError):
        found = set()
    inside = networks(allowed)
    if found and all(ip.is_loopback or any(ip in network for network in inside) for ip in map(ip_address, found)):
        return
    raise AddressRefused(lazy("Write an address that begins with https://: what is sent there is secret."))


def _json_of(reply: Reply) -> Any:
    host = urlsplit(reply.url).hostname or ""
    if not reply.ok:
        raise Unavailable(lazy("%(host)s answered with HTTP %(status)s.", host=host, status=reply.status))
    try:
        return json.loads(reply.body)
    except ValueError:
        raise Unavailable(lazy("%(host)s answered with something that is no JSON.", host=host)) from None


Ask = Callable[[Way, Mapping[str, str], Wanted], Found]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of source. `ask(way, settings, wanted)` is called outside of transactions; `number` says what is meant."""

    key: str
    label: Any
    about: Any
    entries: Sequence[Entry]
    ask: Ask
    number: Any

    @property
    def secrets(self) -> frozenset[str]:
        """Return the names of the entries that are secrets."""
        return frozenset(each.name for each in self.entries if each.kind == "secret")


def basic(name: str, password: str) -> dict[str, str]:
    """Return the header for HTTP Basic authentication (RFC 7617)."""
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def text(value: Any) -> str:
    """Return a plain value of JSON as text; nothing for what is empty or not plain."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value).strip() if isinstance(value, (str, int, float)) else ""


def facts(**named: Any) -> dict[str, str]:
    """Return the facts that there are, by what they are called; `_` in a name stands for a space."""
    return {name.replace("_", " "): text(value) for name, value in named.items() if text(value)}


def rows(value: Any) -> list[Mapping[str, Any]]:
    """Return the objects of a list, or of an object that holds them by number, as PHP writes lists with gaps."""
    found = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [each for each in found if isinstance(each, dict)]


def inner(value: Any, *path: str) -> Any:
    """Return what lies at a path of names in JSON; None if it is not there."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def same(one: Any, other: str) -> bool:
    """Tell whether two addresses are the same to people."""
    return text(one).casefold() == other.casefold()
