"""HTTP requests to addresses that people type in or that mails bring: to the public internet only, within bounds.

A name is resolved once; every address it has must be allowed, and the connection goes to one of those that were
checked, so that a name that means something else a moment later leads nowhere. Redirects are followed only as often as
the caller says, each checked in the same way. No proxy of the environment, no cookies, nothing is kept.
"""

import ipaddress
import socket
import ssl
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from threading import Event, Timer
from typing import Final
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from helpdesk_core.errors import Refused, Unavailable
from helpdesk_core.texts import lazy as _l

TIMEOUT: Final = 10.0
"""Seconds for the whole of a request, from the connection to the last byte."""
MAX_BYTES: Final = 1_000_000
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
PORTS: Final = {"http": 80, "https": 443}
KEPT: Final = "/%:@!$&'()*+,;=~?"
"""What stands in a path or query as it is, besides letters and digits."""
OWN_HEADERS: Final = frozenset({"host", "connection", "content-length", "transfer-encoding"})
PRIVATE_HEADERS: Final = frozenset({"authorization", "cookie"})
"""Not sent on to another host that a redirect names."""

GLOBAL_UNICAST: Final = ipaddress.ip_network("2000::/3")
"""Where public addresses of IPv6 lie (RFC 4291); `is_global` of Python also holds for site-local ones (`fec0::/10`)."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class AddressRefused(Refused):
    """The address leads to where a request must not go; the message says which and what allows it."""

    code = "address-refused"


class NoReply(Unavailable):
    """Nobody answered, or not within the bounds; the message says which."""

    code = "no-reply"


@dataclass(frozen=True, slots=True)
class Reply:
    """What was answered: the status, the headers by their names in small letters, the bytes; `url` answered at last."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str

    @property
    def ok(self) -> bool:
        """Tell whether the status is a success."""
        return 200 <= self.status < 300


def send(
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    timeout: float = TIMEOUT,
    max_bytes: int = MAX_BYTES,
    redirects: int = 0,
    allowed: Collection[str] = (),
) -> Reply:
    """Send one request and return the reply, whatever its status.

    `allowed` names networks (`10.1.0.0/16`) and addresses inside that may be reached besides the public internet. A
    redirect is followed `redirects` times at most and then returned as it is. Raises `AddressRefused` before anything
    is sent, and `NoReply` when there is no whole answer of at most `max_bytes` bytes within `timeout` seconds.
    """
    given = {name: value for name, value in (headers or {}).items() if name.lower() not in OWN_HEADERS}
    while True:
        place = _place(url)
        reply = _once(place, method, given, body, timeout, max_bytes, _addresses(place, allowed))
        target = reply.headers.get("location")
        if reply.status not in REDIRECTS or not target or redirects < 1:
            return reply
        redirects -= 1
        url = urljoin(url, target)
        if urlsplit(url)[:2] != place[:2]:
            given = {name: value for name, value in given.items() if name.lower() not in PRIVATE_HEADERS}
        if reply.status in (301, 302, 303) and method != "HEAD":
            method, body = "GET", None


def check_url(url: str, allowed: Collection[str] = ()) -> None:
    """Raise `AddressRefused` unless a request may go to this address now, `NoReply` if its name is not known."""
    _addresses(_place(url), allowed)


def networks(texts: Collection[str]) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """Return the networks that texts name; raises `ValueError` with the text that is none."""
    return [ipaddress.ip_network(text.strip(), strict=False) for text in texts]


def _place(url: str) -> SplitResult:
    try:
        place = urlsplit(url.strip())
        host, _port = (place.hostname or "").encode("idna"), place.port
    except ValueError:
        host, place = b"", SplitResult("", "", "", "", "")
    if place.scheme not in PORTS or not host or place.username is not None:
        raise AddressRefused(_l("“%(url)s” is no address of the form https://host/path.", url=url[:200]))
    return place


def _addresses(place: SplitResult, allowed: Collection[str]) -> list[tuple[str, int]]:
    host = (place.hostname or "").encode("idna").decode()
    port = place.port or PORTS[place.scheme]
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise NoReply(_l("The name %(host)s is not known.", host=host)) from error
    inside = networks(allowed)
    for *_, address in found:
        ip = ipaddress.ip_address(str(address[0]).partition("%")[0])
        if not _is_public(ip) and not any(ip in network for network in inside):
            name = host if host == str(ip) else f"{host} ({ip})"
            raise AddressRefused(_l("%(host)s is not on the public internet. Allow it, or name another.", host=name))
    return list(dict.fromkeys((str(address[0]), int(address[1])) for *_, address in found))


def _is_public(ip: Address) -> bool:
    if isinstance(ip, ipaddress.IPv6Address) and (inner := _carried(ip)) is not None:
        return _is_public(inner)
    if isinstance(ip, ipaddress.IPv6Address) and ip not in GLOBAL_UNICAST:
        return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def _carried(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that an IPv6 address stands for: mapped, 6to4, Teredo or NAT64 (RFC 6052)."""
    if ip.teredo:
        return ip.teredo[1]
    if ip in ipaddress.ip_network("64:ff9b::/96"):
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour


class _Connection(HTTPConnection):
    """A connection to one of the checked addresses, whatever the name means by now."""

    def __init__(self, place: SplitResult, addresses: Collection[tuple[str, int]], timeout: float) -> None:
        host = (place.hostname or "").encode("idna").decode()
        super().__init__(host, place.port or PORTS[place.scheme], timeout=timeout)
        self._addresses, self._secure = addresses, place.scheme == "https"

    def connect(self) -> None:
        """Connect to the first of the addresses that answers."""
        problem: OSError = OSError("no address")
        for address in self._addresses:
            try:
                self.sock = socket.create_connection(address, self.timeout)
                break
            except OSError as error:
                problem = error
        else:
            raise problem
        if self._secure:
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)


def _once(
    place: SplitResult,
    method: str,
    headers: Mapping[str, str],
    body: bytes | None,
    timeout: float,
    max_bytes: int,
    addresses: Collection[tuple[str, int]],
) -> Reply:
    port = "" if place.port in (None, PORTS[place.scheme]) else f":{place.port}"
    name = (place.hostname or "").encode("idna").decode()
    host = f"[{name}]{port}" if ":" in name else name + port
    path = quote(place.path or "/", KEPT) + (f"?{quote(place.query, KEPT)}" if place.query else "")
    connection, late = _Connection(place, addresses, timeout), Event()
    # The limit of a socket is for each read; somebody who sends a byte a second is stopped by the clock on the wall.
    stop = Timer(timeout, _shut, (connection, late))
    stop.daemon = True
    stop.start()
    try:
        connection.request(method, path, body, {**headers, "Host": host, "Connection": "close"})
        response = connection.getresponse()
        reply = Reply(response.status, _headers(response), _read(response, max_bytes, host), place.geturl())
    except (OSError, HTTPException, ValueError) as error:
        problem = "timed out" if late.is_set() else str(error) or type(error).__name__
        raise NoReply(_l("%(host)s did not answer: %(problem)s.", host=host, problem=problem)) from error
    finally:
        stop.cancel()
        connection.close()
    if late.is_set():
        raise NoReply(_l("%(host)s did not answer: %(problem)s.", host=host, problem="timed out"))
    return reply


def _headers(response: HTTPResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.getheaders()}


def _read(response: HTTPResponse, max_bytes: int, host: str) -> bytes:
    content = response.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise NoReply(_l("%(host)s answers with more than %(size)s bytes.", host=host, size=max_bytes))
    if response.length:  # what is still to come of the length that was announced
        raise NoReply(_l("%(host)s broke off in the middle of its answer.", host=host))
    return content


def _shut(connection: HTTPConnection, late: Event) -> None:
    late.set()
    if connection.sock is not None:
        try:
            connection.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it ended by itself
