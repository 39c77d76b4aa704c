"""Databases that have tables already: made once by the real migrations, then given to one test after the other.

On SQLite each test gets a copy of a file. On a server a database is put back to what it was before the next test gets
it: rows, counters and all. One whose tables a test has changed is thrown away.
"""

import tempfile
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from pathlib import Path

from helpdesk_core.clock import utc_now
from helpdesk_core.db.engine import database_url, make_engine
from helpdesk_core.plugins.discovery import Discovered, discover
from helpdesk_core.plugins.records import upgrade_plugin
from helpdesk_core.testing.databases import temporary_database
from helpdesk_core.testing.restoring import Changed, Restorer
from helpdesk_core.testing.site import prepare

MOST_IDLE = 12
"""How many databases of a server wait for a test that wants their plugins; the one that waits longest goes first."""

Key = tuple[object, ...]


class Databases:
    """Databases of one kind with the tables of core and of plugins; a context manager that removes them at its end."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._idle: OrderedDict[int, tuple[Key, Restorer, ExitStack]] = OrderedDict()

    @contextmanager
    def lend(self, folder: Path, *plugin_ids: str) -> Iterator[str]:
        """Give the URL of a database for one test, as the migrations leave it; a SQLite file lies in `folder`.

        Skips the test, or fails it where `HELPDESK_REQUIRE` says so, if the server does not answer.
        """
        if self._kind == "sqlite":
            with temporary_database(self._kind, folder) as url:
                copy_prepared(url, *plugin_ids)
                yield url
            return
        key, restorer, life = self._take(plugin_ids)
        try:
            yield restorer.url
        finally:
            self._idle[id(restorer)] = (key, restorer, life)
            while len(self._idle) > MOST_IDLE:
                self._idle.popitem(last=False)[1][2].close()

    def close(self) -> None:
        """Remove the databases from the server."""
        while self._idle:
            self._idle.popitem()[1][2].close()

    def _take(self, plugin_ids: tuple[str, ...]) -> tuple[Key, Restorer, ExitStack]:
        plugins = _plugins(plugin_ids)
        key = _key(plugins)
        while found := next((each for each, (its_key, _, _) in self._idle.items() if its_key == key), None):
            _, restorer, life = self._idle.pop(found)
            try:
                restorer.restore()
            except Changed:
                life.close()
            else:
                return key, restorer, life
        with ExitStack() as stack:
            url = stack.enter_context(temporary_database(self._kind, Path()))
            kept = stack.enter_context(temporary_database(self._kind, Path())) if self._kind == "mariadb" else url
            _migrate(url, plugins)
            restorer = Restorer(url, kept)
            stack.callback(restorer.close)
            return key, restorer, stack.pop_all()


def migrate(url: str, *plugin_ids: str) -> None:
    """Run all migrations of core and of the plugins on an empty database, and put core's defaults in."""
    _migrate(url, _plugins(plugin_ids))


def copy_prepared(url: str, *plugin_ids: str) -> None:
    """Make a new SQLite file with the tables of core and of the plugins, and core's defaults."""
    plugins = _plugins(plugin_ids)
    Path(database_url(url).database or "").write_bytes(_sqlite_file(_key(plugins)))


# The key tells all that the content depends on; a test that installs another plugin of the same name has another key.
@lru_cache(maxsize=32)
def _sqlite_file(key: Key) -> bytes:
    plugins = _plugins(tuple(str(each[0]) for each in key if isinstance(each, tuple)))
    with tempfile.TemporaryDirectory(prefix="helpdesk-prepared-") as folder:
        file = Path(folder) / "helpdesk.db"
        _migrate(f"sqlite:///{file}", plugins)
        return file.read_bytes()


def _plugins(plugin_ids: tuple[str, ...]) -> list[Discovered]:
    installed = discover() if plugin_ids else {}
    for plugin_id in plugin_ids:
        assert plugin_id in installed, f"The plugin {plugin_id} is not installed: pip install -e its folder."
    return [installed[plugin_id] for plugin_id in plugin_ids]


def _key(plugins: list[Discovered]) -> Key:
    """Return what a database with the tables of these plugins depends on: their versions and migrations."""
    found = []
    for plugin in plugins:
        folder = plugin.owner().folder
        scripts = [(each, each.stat().st_mtime_ns) for each in sorted(folder.glob("*.py"))] if folder else []
        found.append((plugin.id, plugin.distribution, plugin.version, *scripts))
    return tuple(found)


def _migrate(url: str, plugins: list[Discovered]) -> None:
    prepare(url)
    engine = make_engine(database_url(url))
    try:
        for plugin in plugins:
            upgrade_plugin(engine, plugin, utc_now())
    finally:
        engine.dispose()
