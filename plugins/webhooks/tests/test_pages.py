"""Webhooks in the admin area, the API and on the command line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from helpdesk_core.testing.conformance import assert_conforms
from helpdesk_core.testing.queries import count_queries
from helpdesk_webhooks.commands import commands
from helpdesk_webhooks.models import Delivery

from .conftest import Hooks, Receiver


def test_an_admin_makes_tries_and_removes_an_endpoint(hooks: Hooks, receiver: Receiver) -> None:
    browser = hooks.site.browser(hooks.owner)
    page = browser.get("/admin/x/webhooks/")
    assert "Nobody is told yet" in page.words
    browser.click("New endpoint")
    page = browser.submit("endpoint", name="Billing", url="http://10.1.1.1/")
    assert (page.status, "not on the public internet" in page.words) == (422, True)
    page = browser.submit("endpoint", url=receiver.url)
    assert "Saved." in page.words
    page = browser.submit("Show the secret")
    assert "whsec_" in page.words
    page = browser.submit("Make a new secret")
    assert "also signed with the secret before" in page.words
    page = browser.submit("Try it out")
    assert "It answered 200" in page.words
    assert "webhooks.trial" in page.words
    receiver.answers.append(500)
    page = browser.submit("Try it out")
    assert "It did not work: HTTP 500" in page.words
    page = browser.submit("Remove endpoint")
    assert "Nobody is told yet" in page.words


def test_the_log_shows_what_was_sent_and_answered(hooks: Hooks, receiver: Receiver) -> None:
    receiver.answers.append(500)
    hooks.endpoint(receiver.url, events=["ticket.opened"])
    hooks.site.world.ticket(subject="Fire & <smoke>")
    hooks.later(seconds=5)
    browser = hooks.site.browser(hooks.owner)
    browser.get("/admin/x/webhooks/")
    browser.click("Billing")
    page = browser.click("ticket.opened")
    assert "HTTP 500" in page.words
    assert "<h1>no</h1>" in page.words
    assert '"subject":"Fire & <smoke>"' in page.words
    page = browser.submit("Send again")
    assert "goes out again" in page.words
    hooks.later(minutes=1)
    assert states_of(hooks) == ["delivered"]


def test_who_may_not_see_webhooks_does_not(hooks: Hooks) -> None:
    agent = hooks.site.world.agent("Ann Agent", "support")
    assert hooks.site.browser(agent).get("/admin/x/webhooks/").status in (403, 404)
    assert hooks.site.browser().get("/admin/x/webhooks/").words.count("Billing") == 0


def test_pages_ask_as_much_of_the_database_with_many_rows(hooks: Hooks, receiver: Receiver) -> None:
    row = hooks.endpoint(receiver.url, events=["ticket.opened"])
    browser = hooks.site.browser(hooks.owner)
    hooks.site.world.ticket()
    hooks.later(seconds=5)
    asked = []
    for _ in range(2):
        for path in ("/admin/x/webhooks/", f"/admin/x/webhooks/{row.uid}"):
            with count_queries(hooks.site.desk) as queries:
                browser.get(path)
            asked.append(len(queries))
        for _more in range(5):
            hooks.endpoint(receiver.url, events=["ticket.opened"])
            hooks.site.world.ticket()
        hooks.later(seconds=5)
    assert asked[:2] == asked[2:]
    assert max(asked) <= 8


def states_of(hooks: Hooks) -> list[str]:
    with hooks.site.desk.read() as session:
        return list(session.scalars(select(Delivery.state).order_by(Delivery.id)))


Call = Callable[..., tuple[Any, Any]]


@pytest.fixture
def call(hooks: Hooks) -> Call:
    """Return what calls the API as who is signed in."""
    client = hooks.site.browser(hooks.owner).client
    proof = client.get("/api/docs/session").get_json()["proof"]

    def ask(method: str, path: str, status: int, tag: str = "", json: Any = None) -> tuple[Any, Any]:
        headers = {"X-CSRFToken": proof} | ({"If-Match": tag} if tag else {})
        answer = client.open(f"/api/v1/x/webhooks{path}", method=method, headers=headers, json=json)
        assert answer.status_code == status, answer.text
        return answer.get_json(silent=True), answer.headers

    return ask


def test_the_api_does_it_all(hooks: Hooks, receiver: Receiver, call: Call) -> None:
    wanted = {"name": "Billing", "url": receiver.url, "events": ["ticket.opened"]}
    made, _ = call("POST", "/endpoints", 201, json=wanted)
    path = f"/endpoints/{made['uid']}"
    shown, tagged = call("GET", path, 200)
    assert shown["events"] == ["ticket.opened"]
    assert shown["is_active"] is True
    changed, _ = call("PUT", path, 200, tagged["ETag"], json=wanted | {"name": "Books"})
    assert changed["name"] == "Books"
    call("PUT", path, 412, tagged["ETag"], json=wanted)
    secret, _ = call("GET", path + "/secret", 200)
    renewed, _ = call("POST", path + "/secret", 200)
    assert secret["secret"] != renewed["secret"]
    outcome, _ = call("POST", path + "/trial", 200)
    assert (outcome["ok"], outcome["status"], outcome["excerpt"]) == (True, 200, "thanks")
    hooks.site.world.ticket()
    hooks.later(seconds=5)
    page, _ = call("GET", "/deliveries?limit=1", 200)
    assert [each["type"] for each in page["items"]] == ["ticket.opened"]
    older, _ = call("GET", f"/deliveries?limit=1&after={page['next']}", 200)
    assert [each["type"] for each in older["items"]] == ["webhooks.trial"]
    again, _ = call("POST", f"/deliveries/{page['items'][0]['id']}/replay", 202)
    assert again["state"] == "waiting"
    hooks.later(seconds=5)
    assert len(receiver.got) == 3
    call("DELETE", path, 204)
    call("GET", path, 404)
    wrong, _ = call("POST", "/endpoints", 422, json=wanted | {"url": "http://10.0.0.1"})
    assert "public internet" in json.dumps(wrong)


def test_commands_list_try_and_send_again(hooks: Hooks, receiver: Receiver) -> None:
    row = hooks.endpoint(receiver.url, events=["ticket.opened"])
    hooks.site.world.ticket()
    hooks.later(seconds=5)
    by_name = {command.name or "": command for command in commands(hooks.site.desk)}

    def run(name: str, *arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(by_name[name], list(arguments), standalone_mode=False)
        assert done.exception is None, done.exception
        return int(done.return_value or 0), done.output

    assert "Billing" in run("list")[1]
    assert run("trial", row.uid)[0] == 0
    receiver.answers.append(500)
    assert run("trial", row.uid)[0] == 1
    lines = [json.loads(line) for line in run("log", "--json", "--state", "delivered")[1].splitlines()]
    assert [each["type"] for each in lines] == ["webhooks.trial", "ticket.opened"]
    assert "goes out again" in run("replay", lines[1]["id"])[1]
    assert "0 go out again" in run("replay", "--failed-of", row.uid)[1]


def test_it_keeps_the_rules_for_plugins() -> None:
    assert_conforms("webhooks")


def test_the_readme_names_every_setting() -> None:
    from helpdesk_webhooks.settings import Settings

    readme = (Path(__file__).parents[1] / "README.md").read_text()
    assert [name for name in Settings().fields if f"`{name}`" not in readme] == []
