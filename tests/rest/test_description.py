"""The description of the API and its page."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from flask import Flask

from helpdesk_core.actor import Actor
from helpdesk_core.rest.operations import core_operations
from helpdesk_core.rest.problems import TITLES
from tests.rest.callers import As, Caller, body


@pytest.fixture
def described(app: Flask) -> Any:
    return body(Caller(app, None).get("/openapi.json"))


def operations(described: Any) -> list[tuple[str, str, Any]]:
    return [
        (method, path, operation)
        for path, item in described["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    ]


def test_every_operation_says_what_it_does_under_a_name_of_its_own(described: Any) -> None:
    assert described["openapi"] == "3.1.0"
    found = operations(described)
    assert len(found) == sum(len(endpoints.routes) for endpoints in core_operations())
    names = [operation["operationId"] for _, _, operation in found]
    assert len(set(names)) == len(names)
    for method, path, operation in found:
        where = f"{method} {path}"
        assert operation["summary"].endswith("."), where
        assert "\n" not in operation["summary"], where
        assert operation["tags"][0] in {tag["name"] for tag in described["tags"]}, where
        assert {"401", "403", "500", "503"} <= operation["responses"].keys(), where
        for status, answer in operation["responses"].items():
            if status >= "400":
                assert re.fullmatch(r"#/components/responses/[A-Z_]+", answer["$ref"]), where


def test_all_that_was_promised_is_there(described: Any) -> None:
    promised = """
        get,post /tickets; get,patch /tickets/{number}; get,post /tickets/{number}/messages; post /attachments
        get /attachments/{id}; get /departments; get /users; get /organisations; get /statuses; get /events
        get /plugins; get /me
    """
    for line in promised.replace("\n", ";").split(";"):
        if line.strip():
            methods, path = line.split()
            assert set(methods.split(",")) <= described["paths"][f"/api/v1{path}"].keys(), line


def test_headers_for_versions_and_keys_are_described(described: Any) -> None:
    def headers(path: str, method: str) -> set[str]:
        operation = described["paths"][f"/api/v1{path}"][method]
        return {each["name"] for each in operation.get("parameters", ()) if each["in"] == "header"}

    assert headers("/tickets/{number}", "patch") == {"If-Match"}
    assert headers("/tickets", "post") == {"Idempotency-Key"}
    assert headers("/me/tokens", "post") == set()
    assert headers("/tickets/{number}", "get") == set()
    assert "412" in described["paths"]["/api/v1/tickets/{number}"]["patch"]["responses"]
    assert "ETag" in described["paths"]["/api/v1/tickets/{number}"]["get"]["responses"]["200"]["headers"]


def test_answers_promise_every_field(described: Any) -> None:
    ticket = described["components"]["schemas"]["Ticket"]
    assert sorted(ticket["required"]) == sorted(ticket["properties"])
    assert described["components"]["schemas"]["TicketNew"]["additionalProperties"] is False


class Page(HTMLParser):
    """What is on a page: anchors, links, and everything that a strict policy would not run."""

    def __init__(self) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: set[str] = set()
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if name := given.get("id"):
            assert name not in self.anchors, f"two places are called {name}"
            self.anchors.add(name)
        if (target := given.get("href")) and target.startswith("#"):
            self.links.add(target[1:])
        self.inline += [name for name in given if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and not given.get("src")):
            self.inline.append(tag)


def test_the_page_shows_every_operation_and_runs_nothing(app: Flask, described: Any) -> None:
    answer = Caller(app, None).get("/api/docs")
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    page = Page()
    page.feed(answer.text)
    assert page.inline == []
    assert page.links <= page.anchors
    assert {operation["operationId"] for _, _, operation in operations(described)} <= page.anchors
    assert {f"problem-{code}" for code in TITLES} <= page.anchors
    assert Caller(app, None).get("/api/docs.css").mimetype == "text/css"
    assert "-d '{" in answer.text.replace("&#39;", "'")
    assert "Carla Customer" in answer.text


def test_the_codes_of_problems_lead_to_the_page(as_: As, app: Flask, admin: Actor) -> None:
    problem = body(as_(admin).get("/tickets/0"), 404)
    assert f'id="{problem["type"].partition("#")[2]}"' in Caller(app, None).get("/api/docs").text


def test_what_has_not_changed_is_not_sent_again(app: Flask) -> None:
    first = Caller(app, None).get("/openapi.json")
    again = Caller(app, None).get("/openapi.json", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
