import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from helpdesk_core.app import create_app, open_helpdesk
from helpdesk_core.plugins import DatabaseBreakers, discover, upgrade_plugin
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.settings import load_config
from helpdesk_core.testing.browser import Browser
from helpdesk_core.testing.distributions import TABLE_HEAD, Distributions, make_table
from helpdesk_core.testing.queries import count_queries
from helpdesk_core.testing.site import World, make_instance
from helpdesk_core.web.switch import EXTENSION, Switch
from tests.web.people import sign_in

HEAD = """
from flask import render_template
from marshmallow import Schema, fields
from helpdesk_core.db.base import plugin_base
from helpdesk_core.hooks import hookimpl
from helpdesk_core.settings.fields import about
from helpdesk_core.web import hooks
from helpdesk_core.web.parts import Link
from helpdesk_core.web.routing import STAFF, Route

class Settings(Schema):
    hours = fields.Integer(load_default=4, metadata=about("Hours", help="To the first answer."))
"""

BODY = """
title = "Service levels"
summary = "Clocks for answers."
settings = Settings
models = Base.metadata

@hookimpl(hooks.admin_links)
def links(self, actor):
    return [Link(label="Clocks", href="/admin/x/clocks/")]

@hookimpl(hooks.desk_routes)
def pages(self):
    def dial():
        return render_template("clocks/dial.html")

    return [Route("/dial", dial, STAFF)]

@hookimpl(hooks.health)
def health(self):
    return ["The clock is slow."]

@hookimpl(hooks.admin_home)
def panel(self, actor):
    raise RuntimeError("no hands")
"""

Open = Callable[..., Helpdesk]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Distributions]:
    """Two plugins that work and one that does not."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    made = Distributions(folder)
    migrations = {"v0001.py": make_table("clocks_things")}
    made.add("clocks", BODY, head=TABLE_HEAD.format(id="clocks") + HEAD, version="1.4.0", migrations=migrations)
    made.add("chat", 'title = "Chat"', version="0.3")
    made.add("broken", "def __init__(self, desk):\n    raise RuntimeError('no ink')")
    yield made
    made.forget()


@pytest.fixture
def open_with(desk_url: str, tmp_path: Path, installed: Distributions) -> Iterator[Open]:
    """Open a helpdesk with those plugins on the list of its file."""
    opened: list[Helpdesk] = []

    def open_(*enabled: str) -> Helpdesk:
        folder = tmp_path / "plugged"
        env = make_instance(folder, desk_url)
        names = ", ".join(f'"{each}"' for each in enabled)
        (folder / "helpdesk.toml").write_text(f"[plugins]\nenabled = [{names}] # ours\n", encoding="utf-8")
        desk = open_helpdesk(folder, env=env)
        if "clocks" in enabled and not desk.plugins.is_active("clocks"):
            upgrade_plugin(desk.engine, discover()["clocks"], desk.now())
            desk.close()
            desk = open_helpdesk(folder, env=env)
        desk.password_memory_kib = 8
        opened.append(desk)
        return desk

    yield open_
    for desk in opened:
        desk.close()


def listed(desk: Helpdesk) -> tuple[str, ...]:
    return load_config(desk.config.instance, {}).plugins.enabled


def admin(desk: Helpdesk, role: str = "admin") -> tuple[Browser, Flask]:
    app = create_app(desk)
    browser = Browser(app)
    sign_in(browser, World(desk), role)
    return browser, app


def test_the_catalogue_says_what_each_plugin_is_and_how_it_does(open_with: Open) -> None:
    browser, _app = admin(open_with("clocks", "broken"))
    page = browser.get("/admin/plugins")
    for words in (
        "Service levels Active 1.4.0",
        "Clocks for answers.",
        "1 table, 1 setting.",
        "Failed",
        "It cannot start: RuntimeError: no ink",
        "chat Disabled 0.3",
    ):
        assert words in page.words
    assert "Clocks" in browser.get("/admin/").words
    assert "The plugin broken does not work" in browser.page.words
    assert "The clock is slow." in browser.page.words


def test_a_plugin_is_switched_on_in_the_file_with_its_tables(open_with: Open) -> None:
    desk = open_with("chat")
    browser, _app = admin(desk)
    browser.get("/admin/plugins")
    page = browser.submit("/admin/plugins/clocks/enable")
    assert listed(desk) == ("chat", "clocks")
    assert "# ours" in (desk.config.instance / "helpdesk.toml").read_text(encoding="utf-8")
    assert "Restart the helpdesk to take it up." in page.words
    assert "clocks" in _revisions(desk)
    page = browser.submit("/admin/plugins/chat/disable")
    assert listed(desk) == ("clocks",)
    assert "Chat is off the list of plugins." in page.words
    page = browser.get("/admin/audit", type="plugin.switched")
    assert "plugin: clocks, what: enabled" in page.words


def _revisions(desk: Helpdesk) -> list[str]:
    from helpdesk_core.db.owners import read_revisions

    with desk.engine.connect() as connection:
        return list(read_revisions(connection))


def test_a_pinned_list_says_where_to_change_it(open_with: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = open_with("chat")
    (desk.config.instance / "helpdesk.toml").chmod(0o444)
    browser, _app = admin(desk)
    page = browser.get("/admin/plugins")
    assert "is write-protected; edit [plugins] enabled by hand" in page.words
    assert not page.has_form("/admin/plugins/chat/disable")
    page = browser.post("/admin/plugins/chat/disable")
    assert "is write-protected" in page.words
    assert listed(desk) == ("chat",)


class StillSwitch:
    """What the page needs of the switch that serves, without the thread that follows the file."""

    restart_needed = ("helpdesk-chat 0.4 was installed, and 0.3 still runs: restart the helpdesk.",)
    problem = None

    def __init__(self) -> None:
        self.hurried = 0

    def hurry(self) -> None:
        self.hurried += 1


def test_behind_the_switch_the_page_waits_until_the_plugin_is_there(open_with: Open) -> None:
    browser, app = admin(open_with("chat"))
    switch = app.extensions[EXTENSION] = StillSwitch()
    browser.get("/admin/plugins")
    page = browser.submit("/admin/plugins/clocks/enable")
    assert switch.hurried == 1
    assert "clocks is being switched on. This page looks again by itself." in page.words
    assert 'http-equiv="refresh"' in page.text
    assert "0.3 still runs: restart the helpdesk." in page.words
    page = browser.get("/admin/plugins", switched="clocks", to="on", look="8")
    assert 'http-equiv="refresh"' not in page.text
    assert "is not switched yet" in page.words
    page = browser.get("/admin/plugins", switched="chat", to="on")
    assert "Chat is switched on and works." in page.words


def test_the_real_switch_takes_the_plugin_up_without_a_restart(open_with: Open, desk_url: str) -> None:
    desk = open_with("chat")
    env = make_instance(desk.config.instance, desk_url)
    world = World(desk)
    user = world.user("Anna Admin", password="a password for tests", is_owner=True)

    def build(folder: Path) -> Flask:
        made = open_helpdesk(folder, env=env)
        made.password_memory_kib = 8
        return create_app(made)

    switch = Switch(desk.config.instance, build, poll_seconds=0.05)
    try:
        browser = Browser(switch.app)
        browser.login(user.primary_email or "", "a password for tests")
        browser.get("/admin/plugins")
        browser.submit("/admin/plugins/clocks/enable")
        until = time.monotonic() + 60
        while not switch.app.extensions["helpdesk"].plugins.is_active("clocks") and time.monotonic() < until:
            time.sleep(0.05)
        later = Browser(switch.app)
        later.login(user.primary_email or "", "a password for tests")
        assert "is switched on and works" in later.get("/admin/plugins", switched="clocks", to="on").words
    finally:
        switch.close()


def test_a_plugins_page_shows_its_hooks_errors_and_breakers(open_with: Open) -> None:
    desk = open_with("clocks")
    browser, _app = admin(desk)
    for _round in range(6):
        browser.get("/admin/")
    page = browser.get("/admin/plugins/clocks")
    assert "Partly in quarantine" in page.words
    assert "RuntimeError: no hands" in page.words
    assert "clocks_things" in page.words
    page = browser.submit("/breaker", press="Call it again")
    assert "The hook admin_home is called again." in page.words
    assert not desk.hooks.breakers()


def test_a_plugins_page_shows_why_a_page_of_it_fails(open_with: Open) -> None:
    browser, _app = admin(open_with("clocks"))
    reference = re.search(r"reference ([0-9a-f]{8})", browser.get("/desk/x/clocks/dial").words)
    assert reference is not None
    page = browser.get("/admin/plugins/clocks")
    assert f"Last error {reference[1]}" in page.words
    assert "TemplateNotFound: clocks/dial.html" in page.words


def test_the_overview_names_the_hooks_in_quarantine_of_plugins_that_are_switched_on(open_with: Open) -> None:
    desk = open_with("clocks")
    browser, _app = admin(desk)
    for plugin_id in ("clocks", "chat"):
        DatabaseBreakers(desk.engine).opened(plugin_id, "desk_home", "it hung")
    desk.hooks.refresh_breakers()
    page = browser.get("/admin/")
    assert page.words.count("is in quarantine") == 1
    assert "The hook desk_home is not called: it hung." in page.words


def test_a_plugins_settings_are_on_the_settings_pages(open_with: Open) -> None:
    desk = open_with("clocks")
    browser, _app = admin(desk)
    browser.get("/admin/settings")
    browser.click("Service levels")
    assert "Hours: 8 (was 4)." in browser.submit("settings", hours="8").words
    assert desk.settings.effective("clocks").values["hours"] == 8


def test_data_is_removed_only_when_the_name_was_typed(open_with: Open) -> None:
    open_with("clocks", "chat")
    later = open_with("chat")
    browser, _app = admin(later)
    assert not browser.get("/admin/plugins/chat").has_form("purge-form")
    browser.get("/admin/plugins/clocks")
    page = browser.submit("purge-form", name="service levels")
    assert page.status == 422
    assert "Type clocks to remove" in page.words
    page = browser.submit("purge-form", name="clocks")
    assert "All that clocks stored is removed." in page.words
    assert list((later.config.instance / "dumps").glob("clocks-*/clocks_things.jsonl"))
    browser.get("/admin/plugins/clocks")
    assert "Nothing is stored" in browser.submit("purge-form", name="clocks").words


def test_the_catalogue_costs_few_queries(open_with: Open) -> None:
    desk = open_with("clocks", "chat", "broken")
    browser, _app = admin(desk)
    for path in ("/admin/plugins", "/admin/plugins/clocks", "/admin/health"):
        browser.get(path)
        with count_queries(desk) as queries:
            browser.get(path)
        assert len(queries) <= 8, str(queries)


@pytest.mark.parametrize("role", ["", "agent", "manager"])
def test_plugins_are_switched_by_those_who_may(open_with: Open, role: str) -> None:
    desk = open_with("chat")
    browser, _app = admin(desk, role)
    assert browser.get("/admin/plugins").status == 403
    assert browser.get("/admin/plugins/chat").status == 403
    browser.get("/")
    assert browser.post("/admin/plugins/chat/disable").status == 403
    assert browser.post("/admin/plugins/chat/purge", {"name": "chat"}).status == 403
    assert listed(desk) == ("chat",)
