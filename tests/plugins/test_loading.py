"""Loading: what fits is active, what does not is skipped with a reason, and hurts nobody else."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from helpdesk_core.app import open_helpdesk
from helpdesk_core.errors import ConfigError, NotFound
from helpdesk_core.plugins import PluginState, PluginStatus
from helpdesk_core.plugins.registry import in_quarantine
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.distributions import Distributions, make_table

Open = Callable[..., Helpdesk]


def state(desk: Helpdesk, plugin_id: str) -> PluginState:
    return desk.plugins.get(plugin_id)


def test_an_enabled_plugin_that_fits_is_active(installed: Distributions, open_desk: Open) -> None:
    installed.add("fine", 'title = "Fine thing"', version="1.2")
    desk = open_desk("fine")
    found = state(desk, "fine")
    assert (found.status, found.reason, found.version, found.title) == (PluginStatus.ACTIVE, "", "1.2", "Fine thing")
    assert found.distribution == "helpdesk-fine"
    assert desk.plugins.plugin("fine").desk is desk


def test_a_plugin_that_is_not_enabled_is_known_and_not_imported(installed: Distributions, open_desk: Open) -> None:
    installed.add("quiet", head='raise RuntimeError("imported")')
    desk = open_desk()
    assert state(desk, "quiet").status is PluginStatus.DISABLED
    assert "helpdesk_quiet" not in sys.modules
    with pytest.raises(NotFound):
        desk.plugins.plugin("quiet")


def test_two_helpdesks_in_one_process_have_objects_of_their_own(installed: Distributions, open_desk: Open) -> None:
    installed.add("fine")
    assert open_desk("fine").plugins.plugin("fine") is not open_desk("fine").plugins.plugin("fine")


def test_safe_mode_imports_no_plugin(installed: Distributions, open_desk: Open) -> None:
    installed.add("fine")
    desk = open_desk("fine", safe_mode=True)
    assert (state(desk, "fine").status, state(desk, "fine").enabled) == (PluginStatus.DISABLED, True)
    assert "safe mode" in state(desk, "fine").reason
    assert "helpdesk_fine" not in sys.modules


def test_a_name_that_nobody_knows_is_missing_and_something_close_is_offered(
    installed: Distributions, open_desk: Open
) -> None:
    installed.add("reports")
    found = state(open_desk("reprots"), "reprots")
    assert found.status is PluginStatus.MISSING
    assert found.reason == "It is not installed. Did you mean reports?"
    assert "pip install" not in state(open_desk("elsewhere"), "elsewhere").reason


def test_a_package_whose_files_are_gone_is_missing(installed: Distributions, open_desk: Open) -> None:
    package = installed.add("fine")
    for file in package.iterdir():
        file.unlink()
    package.rmdir()
    found = state(open_desk("fine"), "fine")
    assert (found.status, "--force-reinstall helpdesk-fine" in found.reason) == (PluginStatus.MISSING, True)


def test_a_plugin_that_vanished_is_still_listed_with_what_it_owns(
    installed: Distributions, open_desk: Open, upgrade: Callable[[str], object]
) -> None:
    installed.add("gone", migrations={"v0001_x.py": make_table("gone_things")}, version="2.0")
    upgrade("gone")
    installed.remove("gone")
    found = state(open_desk(), "gone")
    assert (found.status, found.version, found.adds["tables"]) == (PluginStatus.MISSING, "2.0", ("gone_things",))
    assert "helpdesk plugins purge gone" in found.reason


def test_two_distributions_of_one_id_are_refused_until_one_is_uninstalled(
    installed: Distributions, open_desk: Open
) -> None:
    installed.add("fine")
    rival = installed.folder / "other_fine-1.dist-info"
    rival.mkdir()
    (rival / "METADATA").write_text("Metadata-Version: 2.1\nName: other-fine\nVersion: 1\n")
    (rival / "entry_points.txt").write_text("[helpdesk.plugins]\nfine = helpdesk_fine.plugin:Made\n")
    found = state(open_desk("fine"), "fine")
    assert found.status is PluginStatus.FAILED
    assert "helpdesk-fine" in found.reason
    assert "other-fine" in found.reason


def test_tables_of_a_newer_version_make_the_plugin_incompatible(
    installed: Distributions, open_desk: Open, upgrade: Callable[[str], object]
) -> None:
    first, second = make_table("fine_a", "0001"), make_table("fine_b", "0002", "0001")
    installed.add("fine", migrations={"v0001.py": first, "v0002.py": second}, version="2")
    upgrade("fine")
    assert state(open_desk("fine"), "fine").status is PluginStatus.ACTIVE
    installed.add("fine", migrations={"v0001.py": first}, version="1")
    found = state(open_desk("fine"), "fine")
    assert (found.status, "0002" in found.reason) == (PluginStatus.INCOMPATIBLE, True)


def test_a_plugin_whose_tables_are_behind_says_by_how_much(
    installed: Distributions, open_desk: Open, upgrade: Callable[[str], object]
) -> None:
    first, second = make_table("fine_a", "0001"), make_table("fine_b", "0002", "0001")
    installed.add("fine", migrations={"v0001.py": first})
    upgrade("fine")
    installed.add("fine", migrations={"v0001.py": first, "v0002.py": second})
    found = state(open_desk("fine"), "fine")
    assert found.status is PluginStatus.NEEDS_MIGRATION
    assert "1 step behind" in found.reason


def test_those_who_need_a_plugin_that_does_not_work_do_not_work_either(
    installed: Distributions, open_desk: Open
) -> None:
    installed.add("base", head="raise RuntimeError")
    installed.add("middle", 'requires = ("base",)')
    installed.add("top", 'requires = ("middle",)')
    desk = open_desk("top", "middle", "base")
    assert [each.status for each in desk.plugins if each.enabled] == [PluginStatus.FAILED] * 3
    assert "helpdesk plugins enable base" in state(open_desk("middle"), "middle").reason


def test_a_required_plugin_is_ready_first_whatever_the_order_of_the_list(
    installed: Distributions, open_desk: Open
) -> None:
    installed.add("base", "def __init__(self, desk):\n    super().__init__(desk)\n    desk.order = ['base']")
    installed.add("top", "requires = ('base',)\ndef __init__(self, desk): desk.order.append('top')")
    desk = open_desk("top", "base")
    assert [plugin.id for plugin in desk.plugins.active] == ["top", "base"]
    assert desk.order == ["base", "top"]  # type: ignore[attr-defined]  # set by the plugins above


def test_one_that_fails_later_is_taken_out_with_those_who_need_it(installed: Distributions, open_desk: Open) -> None:
    installed.add("base", "def close(self): self.desk.closed = True")
    installed.add("top", 'requires = ("base",)')
    desk = open_desk("top", "base")
    desk.plugins.fail("base", "Its routes do not fit.")
    assert desk.plugins.active == ()
    assert state(desk, "base").reason == "Its routes do not fit."
    assert state(desk, "top").status is PluginStatus.FAILED
    assert desk.closed  # type: ignore[attr-defined]  # set by the plugin above


def test_settings_that_do_not_fit_are_named_with_their_place(installed: Distributions, open_desk: Open) -> None:
    installed.add(
        "fine",
        "settings = S",
        head="from marshmallow import Schema, fields\nclass S(Schema):\n    days = fields.Integer(load_default=3)\n",
    )
    found = state(open_desk("fine", settings='[plugins.fine]\ndays = "soon"\n'), "fine")
    assert found.status is PluginStatus.FAILED
    assert "helpdesk.toml" in found.reason
    assert "days" in found.reason
    desk = open_desk("fine", settings="[plugins.fine]\ndays = 5\n")
    assert desk.plugins.plugin("fine").config == {"days": 5}
    assert state(desk, "fine").adds["settings"] == ("days",)


def test_with_on_error_stop_nothing_starts_and_every_reason_is_given(installed: Distributions, open_desk: Open) -> None:
    installed.add("bad", head="raise RuntimeError('first')")
    installed.add("worse", head="raise RuntimeError('second')")
    with pytest.raises(ConfigError) as caught:
        open_desk("bad", "worse", on_error="stop")
    assert "first" in str(caught.value)
    assert "second" in str(caught.value)


def test_safe_mode_opens_a_helpdesk_that_would_otherwise_stop(installed: Distributions, open_desk: Open) -> None:
    installed.add("bad", head="raise RuntimeError('first')")
    desk = open_desk("bad", on_error="stop", safe_mode=True)
    assert not desk.plugins.active


def test_an_open_breaker_shows_as_quarantine(installed: Distributions, open_desk: Open) -> None:
    installed.add("fine")
    desk = open_desk("fine")
    from helpdesk_core.plugins import DatabaseBreakers

    DatabaseBreakers(desk.engine).opened("fine", "ticket_actions", "it hung")
    desk.hooks.refresh_breakers()
    assert (state(desk, "fine").status, "it hung" in state(desk, "fine").reason) == (PluginStatus.QUARANTINED, True)
    desk.hooks.close_breaker("fine", "ticket_actions")
    assert state(desk, "fine").status is PluginStatus.ACTIVE
    assert list(DatabaseBreakers(desk.engine).load()) == []


def test_ten_plugins_cost_no_more_queries_than_one(installed: Distributions, open_desk: Open, engine: Engine) -> None:
    from helpdesk_core.plugins import load_plugins

    names = [f"p{number}" for number in range(10)]
    for name in names:
        installed.add(name)

    def queries(*enabled: str) -> int:
        desk = open_desk(*enabled)
        seen: list[str] = []
        event.listen(desk.engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
        load_plugins(desk)
        return len(seen)

    assert queries(*names) == queries("p0")


def test_a_start_up_hook_that_hangs_fails_its_plugin_and_nobody_else(
    installed: Distributions, open_desk: Open, instance: Path
) -> None:
    from helpdesk_core.app import create_app
    from helpdesk_core.hooks import Limits
    from tests.plugins.conftest import ENV

    head = "import time\nfrom helpdesk_core.hooks import hookimpl\nfrom helpdesk_core.web.hooks import portal_routes"
    installed.add("stuck", "@hookimpl(portal_routes)\ndef mine(self):\n    time.sleep(3)\n    return []", head=head)
    installed.add("fine")
    open_desk("stuck", "fine")
    desk = open_helpdesk(instance, env=ENV, limits=Limits(startup=0.3))
    try:
        assert desk.plugins.is_active("stuck")
        app = create_app(desk)
        assert [plugin.id for plugin in desk.plugins.active] == ["fine"]
        assert state(desk, "stuck").status is PluginStatus.FAILED
        health: Any = app.test_client().get("/healthz").json
        assert health["plugins"] == {"stuck": {"status": "failed"}, "fine": {"status": "active"}}
    finally:
        desk.close()


def test_health_is_degraded_while_a_plugin_is_partly_in_quarantine(
    installed: Distributions, open_desk: Open, instance: Path
) -> None:
    from helpdesk_core.app import create_app
    from helpdesk_core.plugins import DatabaseBreakers

    installed.add("fine")
    desk = open_desk("fine")
    client = create_app(desk).test_client()
    assert client.get("/healthz").get_json()["status"] == "ok"
    DatabaseBreakers(desk.engine).opened("fine", "ticket_actions", "it hung")
    desk.hooks.refresh_breakers()
    assert client.get("/healthz").get_json()["status"] == "degraded"


def test_what_many_hooks_in_quarantine_have_in_common_is_said_once() -> None:
    assert in_quarantine([("one", "it hung")]) == "The hook one is not called: it hung."
    assert in_quarantine([("one", "it hung"), ("two", "it hung")]) == "The hooks one and two are not called: it hung."
    many = in_quarantine([(f"hook{number}", "it hung") for number in range(20)])
    assert many == "The hooks hook0, hook1, hook2, hook3 and 16 more are not called: it hung."
    various = in_quarantine([(f"hook{number}", f"error {number}") for number in range(9)])
    assert various.startswith("The hook hook0 is not called: error 0. The hook hook1 is not called: error 1. ")
    assert various.endswith(" 6 more hooks are not called, for other reasons.")
