"""Changing to a new configuration while requests go on, with the parts of one process."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event, Semaphore, Thread
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from werkzeug.test import Client

from helpdesk_core.app import create_app
from helpdesk_core.clock import utc_now
from helpdesk_core.db.engine import database_url, make_engine
from helpdesk_core.plugins import discover, upgrade_plugin
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.settings.secret import create_secret
from helpdesk_core.testing.distributions import Distributions, make_table
from helpdesk_core.testing.site import prepare
from helpdesk_core.web.switch import Switch

SLOW = """
from helpdesk_core.web.hooks import portal_routes
from helpdesk_core.web.routing import Route
from helpdesk_core.hooks import hookimpl
from threading import Event
"""
SLOW_BODY = """
started = Event()
go = Event()

@hookimpl(portal_routes)
def routes(self) -> list[Route]:
    return [Route("/slow", self.slow, "public")]

def slow(self) -> str:
    Made.started.set()
    Made.go.wait(10)
    from helpdesk_core.users.models import User
    with self.desk.read() as session:
        return f"people: {session.query(User).count()}"
"""


class Background:
    def __init__(self, desk: Helpdesk, log: list[str]) -> None:
        self.name = ",".join(plugin.id for plugin in desk.plugins.active)
        self.log = log

    def start(self) -> None:
        self.log.append(f"start {self.name}")

    def stop(self) -> None:
        self.log.append(f"stop {self.name}")


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Distributions]:
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    made = Distributions(folder)
    yield made
    made.forget()


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    folder = tmp_path / "instance"
    folder.mkdir()
    create_secret(folder)
    configure(folder)
    prepare(f"sqlite:///{folder / 'helpdesk.db'}")
    return folder


@pytest.fixture
def engine(instance: Path) -> Iterator[Engine]:
    engine = make_engine(database_url("sqlite:///helpdesk.db", instance))
    yield engine
    engine.dispose()


@pytest.fixture
def log() -> list[str]:
    return []


@pytest.fixture
def switch(instance: Path, installed: Distributions, log: list[str]) -> Iterator[Switch]:
    """A switch that looks only when a test says so."""
    switch = Switch(instance, create_app, lambda desk: Background(desk, log), poll_seconds=3600)
    yield switch
    switch.close()


def configure(instance: Path, *plugins: str, more: str = "") -> None:
    names = ", ".join(f'"{each}"' for each in plugins)
    text = f'[database]\nurl = "sqlite:///helpdesk.db"\n{more}\n[plugins]\nenabled = [{names}]\n'
    (instance / "helpdesk.toml").write_text(text, encoding="utf-8")


def statuses(switch: Switch) -> dict[str, str]:
    answer: Any = Client(switch).get("/healthz", buffered=True).json
    return {plugin_id: each["status"] for plugin_id, each in answer["plugins"].items()}


def problem(switch: Switch) -> str:
    return switch.problem.text if switch.problem else ""


def notices(switch: Switch) -> tuple[str, ...]:
    switch.look_at_packages()
    return switch.restart_needed


def test_a_plugin_is_switched_on_and_off_by_the_file(
    switch: Switch, instance: Path, installed: Distributions, log: list[str]
) -> None:
    installed.add("fine")
    assert statuses(switch) == {}
    configure(instance, "fine")
    assert statuses(switch) == {}
    switch.look()
    assert statuses(switch) == {"fine": "active"}
    configure(instance)
    switch.look()
    assert statuses(switch) == {}
    switch.close()
    assert sorted(log) == ["start ", "start ", "start fine", "stop ", "stop ", "stop fine"]


def test_nothing_is_built_anew_while_nothing_changes(switch: Switch) -> None:
    app = switch.app
    switch.look()
    assert switch.app is app


def test_a_configuration_that_does_not_load_keeps_the_application_that_works(
    switch: Switch, instance: Path, installed: Distributions
) -> None:
    app = switch.app
    (instance / "helpdesk.toml").write_text("[plugins\n")
    switch.look()
    assert switch.app is app
    assert statuses(switch) == {}
    assert "helpdesk.toml" in problem(switch)
    installed.add("fine")
    configure(instance, "fine")
    switch.look()
    assert problem(switch) == ""
    assert statuses(switch) == {"fine": "active"}


def test_a_plugin_that_fails_is_shown_and_the_others_work(
    switch: Switch, instance: Path, installed: Distributions
) -> None:
    installed.add("fine")
    installed.add("bad", head="raise RuntimeError")
    configure(instance, "bad", "fine")
    switch.look()
    assert statuses(switch) == {"bad": "failed", "fine": "active"}


def test_settings_stored_by_any_process_are_taken_up(switch: Switch, instance: Path) -> None:
    desk: Helpdesk = switch.app.extensions["helpdesk"]
    with desk.engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO generations (topic, value) VALUES ('settings', 1)")
    app = switch.app
    switch.look()
    assert switch.app is not app


def test_tables_that_were_made_meanwhile_make_the_plugin_active(
    switch: Switch, instance: Path, installed: Distributions, engine: Engine
) -> None:
    installed.add("fine", migrations={"v1.py": make_table("fine_x", "1")})
    configure(instance, "fine")
    switch.look()
    assert statuses(switch) == {"fine": "needs-migration"}
    upgrade_plugin(engine, discover()["fine"], utc_now())
    switch.look()
    assert statuses(switch) == {"fine": "active"}


def test_a_request_in_flight_ends_with_the_application_it_began_with(
    switch: Switch, instance: Path, installed: Distributions, engine: Engine
) -> None:
    installed.add("slow", SLOW_BODY, head=SLOW)
    configure(instance, "slow")
    switch.look()
    old: Helpdesk = switch.app.extensions["helpdesk"]
    plugin: Any = old.plugins.plugin("slow")
    closed = Event()
    plugin.close = closed.set
    answers: list[str] = []
    thread = Thread(target=lambda: answers.append(Client(switch).get("/x/slow/slow", buffered=True).text))
    thread.start()
    assert plugin.started.wait(10)
    configure(instance)
    switch.look()
    assert statuses(switch) == {}
    assert not closed.is_set()
    plugin.go.set()
    thread.join(10)
    assert answers == ["people: 0"]
    switch.look()
    assert closed.is_set()


def test_a_package_that_was_upgraded_on_disk_asks_for_a_restart(
    switch: Switch, instance: Path, installed: Distributions
) -> None:
    installed.add("fine", version="0.1")
    configure(instance, "fine")
    switch.look()
    assert notices(switch) == ()
    installed.describe("fine", version="0.2")
    assert notices(switch) == ("helpdesk-fine 0.2 was installed, and 0.1 still runs: restart the helpdesk.",)
    configure(instance)
    switch.look()
    configure(instance, "fine")
    switch.look()
    assert len(notices(switch)) == 1
    installed.remove("fine")
    assert "was uninstalled" in notices(switch)[0]


def test_a_job_that_takes_its_time_delays_no_later_change(
    instance: Path, installed: Distributions, log: list[str]
) -> None:
    release = Event()

    class Long(Background):
        def stop(self) -> None:
            release.wait(10)
            super().stop()

    installed.add("fine")
    switch = Switch(instance, create_app, lambda desk: Long(desk, log), poll_seconds=3600)
    first: Helpdesk = switch.app.extensions["helpdesk"]
    closed = Event()
    first.close = closed.set  # type: ignore[method-assign]  # to see when it happens
    try:
        configure(instance, "fine")
        switch.look()
        configure(instance)
        switch.look()
        assert statuses(switch) == {}
        assert log == ["start ", "start fine", "start "]
        assert not closed.is_set()
    finally:
        release.set()
        switch.close()
    assert closed.is_set()


def test_a_file_that_names_another_database_is_taken_up_while_the_old_one_is_away(
    switch: Switch, instance: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_args: object) -> None:
        raise OperationalError("SELECT", {}, Exception("gone"))

    app = switch.app
    monkeypatch.setattr("helpdesk_core.web.switch.state_of", away)
    switch.look()
    assert switch.app is app
    configure(instance, more='[site]\nname = "Other"')
    switch.look()
    assert switch.app is not app


def test_a_database_that_is_away_is_told_once_however_long_it_takes(
    instance: Path,
    installed: Distributions,
    log: list[str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    answers, asked = Event(), Semaphore(0)

    def refreshed(_hooks: object) -> None:
        asked.release()
        if not answers.is_set():
            raise OperationalError("SELECT", {}, Exception("gone"))

    monkeypatch.setattr("helpdesk_core.hooks.dispatcher.Hooks.refresh_breakers", refreshed)
    switch = Switch(instance, create_app, lambda desk: Background(desk, log), poll_seconds=0.01)
    try:
        for turn in range(8):
            assert asked.acquire(timeout=30)
            if turn == 4:
                answers.set()
    finally:
        switch.close()
    told = [each for each in caplog.records if each.name == "helpdesk_core.web.switch" and each.levelname != "INFO"]
    assert [(each.levelname, each.exc_info) for each in told] == [("WARNING", None)]
    assert "wait until the database answers again" in told[0].getMessage()
