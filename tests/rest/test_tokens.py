"""Who may use the API: tokens, their scopes, and nobody else."""

from datetime import timedelta

import pytest
from flask import Flask

from helpdesk_core.actor import SYSTEM, Actor
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.site import TestClock, World
from helpdesk_core.users.accounts import deactivate_user
from helpdesk_core.users.tokens import create_token
from tests.rest.callers import As, Caller, body


def test_without_a_token_there_is_a_challenge_and_nothing_else(as_: As) -> None:
    answer = as_(None).get("/me")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="helpdesk"'
    assert answer.json["code"] == "sign-in-required"


@pytest.mark.parametrize("given", ["Bearer nonsense", "Bearer ", "Bearer hd_ключ", "Basic YTpi", "nonsense"])
def test_a_token_that_is_none_lets_nobody_in(app: Flask, given: str) -> None:
    answer = Caller(app, None).get("/me", headers={"Authorization": given.encode().decode("latin-1")})
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_a_cookie_lets_nobody_in(app: Flask, desk: Helpdesk, world: World) -> None:
    user = world.user(password="correct horse battery")
    token = create_token(desk, SYSTEM, user.uid, "test").token
    client = app.test_client()
    for name in ("hd_session", "hd_guest"):
        client.set_cookie(name, token)
    assert client.get("/api/v1/me").status_code == 401


def test_a_token_ends_with_its_time_its_revocation_and_its_owner(
    app: Flask, desk: Helpdesk, world: World, clock: TestClock, as_: As
) -> None:
    agent = world.agent()
    ends = create_token(desk, SYSTEM, agent.uid or "", "ends", expires_at=clock.moment + timedelta(hours=1)).token
    assert Caller(app, ends).get("/me").status_code == 200
    clock.advance(hours=2)
    assert Caller(app, ends).get("/me").status_code == 401
    api, other = as_(agent), as_(agent)
    mine = body(api.get("/me/tokens"))
    assert api.delete(f"/me/tokens/{mine['items'][0]['id']}").status_code == 204
    assert other.get("/me").status_code == 401
    deactivate_user(desk, SYSTEM, agent.uid or "")
    assert api.get("/me").status_code == 401


def test_a_token_made_over_the_api_works_and_is_shown_once(as_: As, app: Flask, agent: Actor) -> None:
    made = as_(agent).post("/me/tokens", {"name": "Billing", "scopes": ["read"]})
    assert made.status_code == 201
    mine = body(Caller(app, made.json["token"]).get("/me/tokens"))
    assert mine["items"][0]["name"] == "Billing"
    assert "token" not in mine["items"][0]


def test_a_reading_token_reads_and_changes_nothing(as_: As, world: World, agent: Actor) -> None:
    number = world.ticket().ticket.number
    api = as_(agent, "read")
    assert api.get(f"/tickets/{number}").status_code == 200
    for answer in (
        api.patch(f"/tickets/{number}", {"subject": "Changed"}),
        api.post(f"/tickets/{number}/messages", {"body_text": "Hello"}),
        api.post("/me/tokens", {"name": "wider"}),
        api.post("/tickets", {}),
        api.delete("/me/tokens/any"),
    ):
        assert answer.status_code == 403
        assert answer.json["code"] == "forbidden"
    shown = body(api.get(f"/tickets/{number}"))
    assert shown["subject"] == "Site down"


def test_a_token_of_few_permissions_has_no_others(as_: As, world: World, agent: Actor) -> None:
    number = world.ticket().ticket.number
    api = as_(agent, "ticket.read", "ticket.note")
    assert api.post(f"/tickets/{number}/messages", {"kind": "internal", "body_text": "Note"}).status_code == 201
    refused = api.post(f"/tickets/{number}/messages", {"body_text": "Reply"})
    assert refused.status_code == 403
    assert refused.json["permission"] == "ticket.reply"
    assert api.post("/me/tokens", {"name": "wider"}).status_code == 403
    me = body(api.get("/me"))
    assert me["permissions"] == {"ticket.note": None, "ticket.read": None}
    assert me["limited"] is True
    assert me["read_only"] is False


def test_a_customers_token_manages_nothing(as_: As, world: World) -> None:
    api = as_(world.customer())
    paths = ("/users", "/roles", "/permissions", "/organisations", "/events", "/plugins", "/plugins/email")
    assert {path: api.get(path).status_code for path in paths} == dict.fromkeys(paths, 403)
    assert api.post("/plugins/email/enable").status_code == 403
    assert api.post("/departments", {"name": "Mine"}).status_code == 403


def test_me_names_the_departments_where_a_permission_holds(as_: As, world: World) -> None:
    world.department("billing")
    me = body(as_(world.agent("Sam", "support")).get("/me"))
    assert me["permissions"]["ticket.read"] == ["support"]
