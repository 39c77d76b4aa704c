"""Fixtures of the settings' tests: an instance folder with a file, and a database with the settings' tables."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from helpdesk_core.db.base import Base
from helpdesk_core.db.engine import database_url as full_url
from helpdesk_core.db.engine import make_engine
from helpdesk_core.settings import Config, load_config

SECRET = b"a made-up key of the tests, long enough"

Write = Callable[..., Config]


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    folder = tmp_path / "desk"
    folder.mkdir()
    return folder


@pytest.fixture
def configure(instance: Path) -> Write:
    """Write the text as the configuration file, and load it with the variables."""

    def write(text: str | bytes = "", **env: str) -> Config:
        raw = text if isinstance(text, bytes) else text.encode("utf-8")
        (instance / "helpdesk.toml").write_bytes(raw)
        return load_config(instance, env)

    return write


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = make_engine(full_url(database_url))
    tables = [Base.metadata.tables[name] for name in ("settings", "generations")]
    Base.metadata.create_all(engine, tables)
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine.execution_options(helpdesk_write=True)) as session:
        yield session
