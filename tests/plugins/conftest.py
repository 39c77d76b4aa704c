"""Instances with a configuration file, and plugins that are installed for one test."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from helpdesk_core.app import open_helpdesk
from helpdesk_core.db.engine import database_url as parse_url
from helpdesk_core.db.engine import make_engine
from helpdesk_core.plugins import discover, upgrade_plugin
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.distributions import Distributions
from helpdesk_core.testing.prepared import Databases

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ENV = {"HELPDESK_SECRET_KEY": "a secret for tests that is long enough"}

Open = Callable[..., Helpdesk]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Distributions]:
    """Distributions on `sys.path`."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    made = Distributions(folder)
    yield made
    made.forget()


@pytest.fixture
def database_url(databases: Databases, tmp_path: Path) -> Iterator[str]:
    """The URL of a database with core's tables."""
    with databases.lend(tmp_path) as url:
        yield url


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """That database."""
    engine = make_engine(parse_url(database_url))
    yield engine
    engine.dispose()


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    """The folder of an instance."""
    folder = tmp_path / "instance"
    folder.mkdir()
    return folder


@pytest.fixture
def open_desk(instance: Path, database_url: str, engine: Engine) -> Iterator[Open]:
    """Open the instance with those plugins enabled; `settings` is TOML for the end of the file."""
    opened: list[Helpdesk] = []

    def open_with(*enabled: str, settings: str = "", on_error: str = "skip", safe_mode: bool = False) -> Helpdesk:
        names = ", ".join(f'"{each}"' for each in enabled)
        (instance / "helpdesk.toml").write_text(
            f'[database]\nurl = "{database_url}"\n[plugins]\nenabled = [{names}]\non_error = "{on_error}"\n{settings}',
            encoding="utf-8",
        )
        desk = open_helpdesk(instance, env=ENV, safe_mode=safe_mode)
        opened.append(desk)
        return desk

    yield open_with
    for desk in opened:
        desk.close()


@pytest.fixture
def upgrade(engine: Engine) -> Callable[[str], tuple[str, ...]]:
    """Bring an installed plugin's tables up to date."""
    return lambda plugin_id: upgrade_plugin(engine, discover()[plugin_id], NOW)
