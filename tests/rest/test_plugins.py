"""Plugins and the API: their own operations, and switching them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from flask import Flask

from helpdesk_core.actor import SYSTEM, Actor
from helpdesk_core.app import create_app, open_helpdesk
from helpdesk_core.plugins.registry import PluginStatus
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.settings.models import StoredSetting
from helpdesk_core.testing.distributions import Distributions
from helpdesk_core.testing.site import TestClock, World, opened
from helpdesk_core.users.tokens import create_token
from tests.rest.callers import As, Caller, body

HEAD = """
from marshmallow import Schema, fields
from helpdesk_core.hooks import hookimpl
from helpdesk_core.rest.hooks import api_routes
from helpdesk_core.rest.routing import PUBLIC, ApiRoute

class Clock(Schema):
    number = fields.String(required=True)
    minutes = fields.Integer(required=True)

class ClockNew(Schema):
    minutes = fields.Integer(required=True, metadata={"example": 5})

def read_clock(number):
    '''Read a clock.'''
    return {"number": number, "minutes": 5}

def set_clock(number, body):
    '''Set a clock.'''
    return {"number": number, **body}

def ping():
    '''Answer.'''
    return {"number": "-", "minutes": 0}

def break_down():
    '''Break down.'''
    raise RuntimeError("spring")
"""
GOOD = """
title = "Clocks"
@hookimpl(api_routes)
def routes(self) -> list[ApiRoute]:
    return [
        ApiRoute(rule="/clocks/<number>", view=read_clock, permission="ticket.read", returns=Clock),
        ApiRoute(rule="/clocks/<number>", view=set_clock, permission="ticket.change", method="POST", body=ClockNew,
                 returns=Clock),
        ApiRoute(rule="/ping", view=ping, permission=PUBLIC, returns=Clock),
        ApiRoute(rule="/broken", view=break_down, permission=PUBLIC),
    ]
"""
BAD = {
    "raises": "raise RuntimeError('no routes today')",
    "no slash": "return [ApiRoute(rule='clocks', view=ping, permission=PUBLIC)]",
    "twice": "return [ApiRoute(rule='/a', view=ping, permission=PUBLIC, name=each) for each in 'ab']",
    "no routes": "return ['/clocks']",
    "no schema": "return [ApiRoute(rule='/a', view=ping, permission=PUBLIC, returns=int)]",
    "no permission": "return [ApiRoute(rule='/a', view=ping, permission='')]",
    "a bad rule": "return [ApiRoute(rule='/<a', view=ping, permission=PUBLIC)]",
}

Open = Callable[..., Helpdesk]


@pytest.fixture
def open_with(desk_url: str, tmp_path: Path, clock: TestClock, installed: Distributions) -> Iterator[Open]:
    """Open a helpdesk with those plugins."""
    with ExitStack() as stack:

        def with_plugins(*ids: str) -> Helpdesk:
            config = {"plugins": {"enabled": ",".join(ids)}}
            return stack.enter_context(opened(tmp_path / "instance", desk_url, config, clock=clock))

        yield with_plugins


def caller(app: Flask, desk: Helpdesk, actor: Actor) -> Caller:
    return Caller(app, create_token(desk, SYSTEM, actor.uid or "", "test").token)


def test_a_plugins_operations_are_part_of_the_api(installed: Distributions, open_with: Open) -> None:
    installed.add("clocks", GOOD, head=HEAD)
    desk = open_with("clocks")
    app, world = create_app(desk), World(desk)
    agent, customer = caller(app, desk, world.agent()), caller(app, desk, world.customer())
    assert body(agent.get("/x/clocks/clocks/7")) == {"number": "7", "minutes": 5}
    assert body(agent.post("/x/clocks/clocks/7", {"minutes": 9})) == {"number": "7", "minutes": 9}
    assert sorted(body(agent.post("/x/clocks/clocks/7", {"hours": 1}), 422)["errors"]) == ["hours", "minutes"]
    assert body(customer.get("/x/clocks/clocks/7"), 403)["permission"] == "ticket.read"
    nobody = Caller(app, None)
    assert nobody.get("/x/clocks/clocks/7").status_code == 401
    assert body(nobody.get("/x/clocks/ping"))["minutes"] == 0
    assert body(nobody.get("/x/clocks/broken"), 500)["code"] == "error"
    described = body(nobody.get("/openapi.json"))
    clock = described["paths"]["/api/v1/x/clocks/clocks/{number}"]
    assert clock["get"]["tags"] == ["Plugin Clocks"]
    assert clock["get"]["operationId"] == "clocks_read_clock"
    assert clock["get"]["x-permission"] == ["ticket.read"]
    assert "helpdesk_clocks_Clock" in described["components"]["schemas"]
    assert "clocks_set_clock" in nobody.get("/api/docs").text
    assert "/api/v1/x/clocks/ping" in desk.plugins.get("clocks").adds["api"]


@pytest.mark.parametrize("what", BAD)
def test_a_plugin_whose_operations_do_not_fit_is_failed_and_the_rest_works(
    installed: Distributions, open_with: Open, what: str
) -> None:
    installed.add("bad", f"@hookimpl(api_routes)\ndef routes(self) -> list[ApiRoute]:\n    {BAD[what]}", head=HEAD)
    installed.add("clocks", GOOD, head=HEAD)
    desk = open_with("bad", "clocks")
    app = create_app(desk)
    state = desk.plugins.get("bad")
    assert state.status is PluginStatus.FAILED
    assert state.reason.startswith("Its part of the API does not fit")
    nobody = Caller(app, None)
    assert nobody.get("/x/bad/a").status_code == 404
    assert "/x/bad" not in nobody.get("/openapi.json").text
    assert body(nobody.get("/x/clocks/ping"))["minutes"] == 0


def test_plugins_are_listed_and_switched(
    installed: Distributions, desk_url: str, tmp_path: Path, clock: TestClock
) -> None:
    installed.add("clocks", GOOD, head=HEAD)
    folder = tmp_path / "instance"
    folder.mkdir()
    file = folder / "helpdesk.toml"
    file.write_text("# ours\n[plugins]\nenabled = []\n", encoding="utf-8")
    env = {"HELPDESK_SECRET_KEY": "a secret for tests that is long enough", "HELPDESK_DATABASE__URL": desk_url}
    desk = open_helpdesk(folder, env=env, clock=clock)
    try:
        desk.password_memory_kib = 8
        world = World(desk)
        app = create_app(desk)
        api = caller(app, desk, world.actor(world.user(is_owner=True)))
        listed = {each["id"]: each for each in body(api.get("/plugins"))["items"]}
        assert (listed["clocks"]["status"], listed["clocks"]["enabled"]) == ("disabled", False)
        assert body(api.get("/plugins/clocks")) == listed["clocks"]
        assert body(api.post("/plugins/clocks/enable"), 202)["enabled"] is True
        assert file.read_text(encoding="utf-8") == '# ours\n[plugins]\nenabled = ["clocks"]\n'
        assert body(api.get("/plugins/clocks"))["enabled"] is True, "as the file says, loaded or not"
        assert {each["id"]: each["enabled"] for each in body(api.get("/plugins"))["items"]}["clocks"] is True
        assert body(api.post("/plugins/clocks/disable"), 202)["enabled"] is False
        assert body(api.post("/plugins/clocks/disable"), 404)["code"] == "not-found"
        assert body(api.post("/plugins/clocks/enable"), 202)["enabled"] is True
        assert body(api.post("/plugins/nonsense/enable"), 404)["code"] == "not-found"
        assert caller(app, desk, world.agent()).post("/plugins/clocks/enable").status_code == 403
    finally:
        desk.close()
    again = open_helpdesk(folder, env=env, clock=clock)
    try:
        api = caller(
            create_app(again), again, World(again).actor(World(again).user("B", is_owner=True, address="b@example.com"))
        )
        assert body(api.post("/plugins/clocks/disable"), 202)["enabled"] is False
        assert "clocks" not in file.read_text(encoding="utf-8")
        file.chmod(0o444)
        assert body(api.post("/plugins/clocks/enable"), 409)["code"] == "conflict"
    finally:
        again.close()


def test_nobody_switches_plugins_with_a_reading_token(as_: As, admin: Actor) -> None:
    assert as_(admin, "read").post("/plugins/email/enable").status_code == 403


FAILING = """
@hookimpl(ticket_extras)
def extras(self, ticket_ids):
    raise RuntimeError("no hands")
"""


def test_hooks_are_counted_and_called_again_after_quarantine(installed: Distributions, open_with: Open) -> None:
    installed.add("clocks", FAILING, head="from helpdesk_core.api.hooks import ticket_extras\n")
    desk = open_with("clocks")
    app, world = create_app(desk), World(desk)
    api = caller(app, desk, world.actor(world.user(is_owner=True)))
    number = world.ticket().ticket.number
    while not desk.hooks.breakers():
        body(api.get(f"/tickets/{number}"))
    (hook,) = body(api.get("/plugins/clocks/hooks"))["items"]
    assert (hook["hook"], hook["last_error"]["summary"]) == ("ticket_extras", "RuntimeError: no hands")
    assert hook["calls"] == hook["errors"] > 0
    assert hook["quarantine"]
    assert api.post("/plugins/clocks/hooks/other/close").status_code == 404
    assert body(api.post("/plugins/clocks/hooks/ticket_extras/close"))["items"][0]["quarantine"] is None
    assert not desk.hooks.breakers()
    assert api.get("/plugins/nothing/hooks").status_code == 404
    agent = caller(app, desk, world.agent())
    for refused in (agent.get("/plugins/clocks/hooks"), agent.post("/plugins/clocks/hooks/ticket_extras/close")):
        assert body(refused, 403)["permission"] == "plugin.manage"


def test_what_a_plugin_stored_is_removed_once_its_name_was_given(open_with: Open, installed: Distributions) -> None:
    installed.add("clocks", GOOD, head=HEAD)
    desk = open_with()
    app, world = create_app(desk), World(desk)
    api = caller(app, desk, world.actor(world.user(is_owner=True)))
    with desk.begin(SYSTEM) as tx:
        tx.session.add(StoredSetting(owner="clocks", key="hours", value=8, sealed=False, updated_at=tx.now))
    assert list(body(api.post("/plugins/clocks/purge", {"name": "clock"}), 422)["errors"]) == ["name"]
    assert list(body(api.post("/plugins/clocks/purge", {}), 422)["errors"]) == ["name"]
    done = body(api.post("/plugins/clocks/purge", {"name": "clocks"}))
    assert (done["tables"], done["rows"]) == ([], {"settings": 1})
    assert (desk.config.instance / "dumps" / done["copy"] / "settings.jsonl").is_file()
    assert body(api.post("/plugins/clocks/purge", {"name": "clocks"}), 404)["code"] == "not-found"
    agent = caller(app, desk, world.agent())
    assert body(agent.post("/plugins/clocks/purge", {"name": "clocks"}), 403)["permission"] == "plugin.manage"
