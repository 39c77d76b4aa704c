"""Pages and answers leave compressed where the browser takes that."""

import gzip

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from helpdesk_core.actor import SYSTEM
from helpdesk_core.app import create_app
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.browser import Browser
from helpdesk_core.testing.site import World
from helpdesk_core.users.tokens import create_token

PASSWORD = "correct horse battery"
GZIP = {"Accept-Encoding": "br, gzip;q=0.8"}


@pytest.fixture
def app(desk: Helpdesk) -> Flask:
    return create_app(desk)


@pytest.fixture
def client(app: Flask, world: World) -> FlaskClient:
    user = world.user("Adam Agent", password=PASSWORD)
    world.grant(user, "agent")
    browser = Browser(app)
    browser.login(user.primary_email or "", PASSWORD)
    return browser.client


def is_packed(response: TestResponse) -> bool:
    return response.headers.get("Content-Encoding") == "gzip"


def test_a_page_leaves_compressed(client: FlaskClient) -> None:
    packed, plain = client.get("/desk/tickets", headers=GZIP), client.get("/desk/tickets")
    assert is_packed(packed)
    assert not is_packed(plain)
    assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data) / 2
    assert gzip.decompress(packed.data).startswith(b"<!doctype html>")
    assert "Accept-Encoding" in packed.vary
    assert "Accept-Encoding" in plain.vary


def test_a_page_that_says_no_is_compressed_too(client: FlaskClient) -> None:
    answer = client.get("/desk/nothing-here", headers=GZIP)
    assert answer.status_code == 404
    assert is_packed(answer)


@pytest.mark.parametrize("wanted", ["gzip;q=0", "br", "identity", ""])
def test_who_does_not_take_it_gets_it_plain(client: FlaskClient, wanted: str) -> None:
    answer = client.get("/desk/tickets", headers={"Accept-Encoding": wanted})
    assert not is_packed(answer)
    assert answer.text.startswith("<!doctype html>")


def test_what_is_short_stays_as_it_is(client: FlaskClient) -> None:
    answer = client.get("/readyz", headers=GZIP)
    assert not is_packed(answer)
    assert "Accept-Encoding" in answer.vary


def test_a_head_tells_the_length_of_what_a_get_would_send(client: FlaskClient) -> None:
    answer = client.head("/login", headers=GZIP)
    assert is_packed(answer)
    assert answer.data == b""


def test_what_was_not_changed_is_not_sent_again(client: FlaskClient) -> None:
    address = "/api/v1/openapi.json"
    first = client.get(address, headers=GZIP)
    assert is_packed(first)
    again = client.get(address, headers={**GZIP, "If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert client.get(address, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304


def test_the_desk_asks_for_news_with_the_tag_of_the_answer_before(client: FlaskClient) -> None:
    address = "/desk/live?since=2026-11-01T10:00:00Z&view=open&list=1"
    first = client.get(address, headers=GZIP)
    assert first.status_code == 200
    assert first.headers["ETag"].startswith("W/")
    again = client.get(address, headers={**GZIP, "If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.headers["ETag"]) == (304, first.headers["ETag"])


def test_versions_of_the_api_name_the_very_bytes(app: Flask, client: FlaskClient, world: World) -> None:
    number = world.ticket(text="A long story. " * 200).ticket.number
    token = create_token(world.desk, SYSTEM, world.user("Ada Admin", is_owner=True).uid, "test").token
    headers = {**GZIP, "Authorization": f"Bearer {token}"}
    api = app.test_client()
    one = api.get(f"/api/v1/tickets/{number}", headers=headers)
    assert not is_packed(one)
    assert one.headers["ETag"].startswith('"')
    messages = api.get(f"/api/v1/tickets/{number}/messages", headers=headers)
    assert is_packed(messages)
    assert b"A long story." in gzip.decompress(messages.data)


def test_the_proof_in_forms_is_another_one_each_time_and_both_hold(app: Flask) -> None:
    browser = Browser(app)
    browser.get("/login")
    first = browser.token()
    browser.get("/login")
    second = browser.token()
    assert first != second
    for each in (first, second):
        answer = browser.client.post("/login", data={"csrf_token": each, "address": "a@example.com", "password": "x"})
        assert "too long" not in answer.text
        assert answer.status_code != 400
    forged = first[:32] + second[32:]
    assert browser.client.post("/login", data={"csrf_token": forged}).status_code == 400
