"""Fixtures for core's and plugins' tests; pytest finds them wherever helpdesk-core is installed."""

import ipaddress
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from helpdesk_core.testing.databases import chosen_databases, temporary_database

if TYPE_CHECKING:
    from helpdesk_core.runtime import Helpdesk
    from helpdesk_core.testing.prepared import Databases
    from helpdesk_core.testing.site import TestClock, World

# The core itself is imported only by the fixtures that open a helpdesk: this module is loaded by every run of pytest
# in an environment that has helpdesk-core, and must not get in the way of the others.


@pytest.fixture(scope="session")
def no_network() -> Iterator[None]:
    """Fail a test that reaches for another machine; this one (loopback and local sockets) stays open."""
    connect, connect_ex, getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        _refuse_others(address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        _refuse_others(address)
        return connect_ex(self, address)

    def guarded_getaddrinfo(host: Any, *args: Any, **options: Any) -> Any:
        try:
            getaddrinfo(host, None, flags=socket.AI_NUMERICHOST)  # an address needs nobody to look it up
        except OSError:
            _refuse_others((host,))
        return getaddrinfo(host, *args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
        patch.setattr(socket, "getaddrinfo", guarded_getaddrinfo)
        yield


def _refuse_others(address: Any) -> None:
    host = address[0] if isinstance(address, tuple) else None  # a local socket's address is a path
    if host is None or host in ("", "localhost", b"localhost"):
        return
    try:
        here = ipaddress.ip_address(host.decode() if isinstance(host, bytes) else host)
    except ValueError:
        pytest.fail(f"The test looks up {host!r}; tests stay on this machine.")
    if not (here.is_loopback or here.is_unspecified):
        pytest.fail(f"The test connects to {host!r}; tests stay on this machine.")


@pytest.fixture(scope="session", params=chosen_databases())
def database_kind(request: pytest.FixtureRequest) -> str:
    """The database the test runs on, once for each of `HELPDESK_TEST_DATABASES`."""
    kind: str = request.param
    return kind


@pytest.fixture
def database_url(database_kind: str, tmp_path: Path) -> Iterator[str]:
    """The URL of a new, empty database of that kind, removed after the test."""
    with temporary_database(database_kind, tmp_path) as url:
        yield url


@pytest.fixture(scope="session")
def databases(database_kind: str) -> Iterator["Databases"]:
    """What lends a test databases of that kind which have tables; `plugin_site` asks it for those of its plugins."""
    from helpdesk_core.testing.prepared import Databases

    made = Databases(database_kind)
    yield made
    made.close()


@pytest.fixture
def desk_url(databases: "Databases", tmp_path: Path) -> Iterator[str]:
    """The URL of a database with core's tables and defaults and nothing else, for this test alone."""
    with databases.lend(tmp_path) as url:
        yield url


@pytest.fixture
def clock() -> "TestClock":
    """The clock of `desk`; it stands until the test moves it."""
    from helpdesk_core.testing import site

    return site.TestClock()


@pytest.fixture
def desk(desk_url: str, tmp_path: Path, clock: "TestClock") -> Iterator["Helpdesk"]:
    """An opened helpdesk without plugins, on each database the run is for."""
    from helpdesk_core.testing import site

    with site.opened(tmp_path / "instance", desk_url, clock=clock) as opened:
        yield opened


@pytest.fixture
def world(desk: "Helpdesk") -> "World":
    """What makes departments, people and tickets in `desk`."""
    from helpdesk_core.testing import site

    return site.World(desk)
