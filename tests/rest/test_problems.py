"""Errors of the API: problem details whatever happens, and pages elsewhere as before."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from helpdesk_core.actor import Actor
from helpdesk_core.errors import Unavailable
from helpdesk_core.rest.problems import TITLES
from tests.rest.callers import As, Caller


def code_of(answer: Any) -> tuple[int, str]:
    assert answer.content_type == "application/problem+json"
    assert answer.json["status"] == answer.status_code
    assert answer.json["title"] == TITLES[answer.json["code"]]
    assert answer.json["type"].endswith(f"/api/docs#problem-{answer.json['code']}")
    assert answer.json["detail"]
    return answer.status_code, answer.json["code"]


@pytest.mark.parametrize("path", ["/api/", "/api/v1", "/api/v1/", "/api/v1/nothing", "/api/v2/tickets"])
def test_an_unknown_address(as_: As, path: str) -> None:
    assert code_of(as_(None).get(path)) == (404, "not-found")


def test_a_wrong_method_names_the_right_ones(as_: As) -> None:
    answer = as_(None).delete("/tickets")
    assert code_of(answer) == (405, "method-not-allowed")
    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (b"{", "application/json", (400, "malformed")),
        (b"\xff\xfe\xfa", "application/json", (400, "malformed")),
        (b"[" * 100_000, "application/json", (400, "malformed")),
        (b"1" * 5_000, "application/json", (400, "malformed")),
        (b'{"reason": NaN}', "application/json", (400, "malformed")),
        (b"", "application/json", (400, "malformed")),
        (b"[]", "application/json", (422, "invalid")),
        (b"null", "application/json", (422, "invalid")),
        (b'{"name": "a\\u0000b"}', "application/json", (422, "invalid")),
        (b'{"name": "a\\ud800b"}', "application/json", (422, "invalid")),
        (b'{"name": "A", "\\ud800": 1}', "application/json", (422, "invalid")),
        (b"name=A", "application/x-www-form-urlencoded", (415, "unsupported-media-type")),
        (b"name=A", None, (415, "unsupported-media-type")),
    ],
)
def test_a_body_that_cannot_be_read(
    as_: As, admin: Actor, body: bytes, content_type: str | None, expected: tuple[int, str]
) -> None:
    assert code_of(as_(admin).post("/departments", data=body, content_type=content_type)) == expected


def test_what_is_wrong_is_told_by_field(as_: As, admin: Actor) -> None:
    wrong = {"subject": "", "message": {"text": "Hi"}, "requester": {"email": 1}, "tags": ["a", 2]}
    answer = as_(admin).post("/tickets", wrong)
    assert code_of(answer) == (422, "invalid")
    assert sorted(answer.json["errors"]) == ["department", "message.text", "requester.email", "tags.1"]
    assert "department: This is needed." in answer.json["detail"]


def test_a_body_that_is_no_object_is_told_what_to_send(as_: As, admin: Actor) -> None:
    for sent in (b"[]", b'"text"', b"null"):
        answer = as_(admin).patch("/tickets/1", data=sent, content_type="application/json")
        assert code_of(answer) == (422, "invalid")
        assert "one JSON object" in answer.json["detail"]


def test_a_parameter_that_was_given_once_is_named_without_a_position(as_: As, admin: Actor) -> None:
    assert list(as_(admin).get("/tickets?after=%00").json["errors"]) == ["after"]
    assert list(as_(admin).get("/tickets?tag=a&tag=%00").json["errors"]) == ["tag.1"]


def test_services_problems_come_under_the_names_of_the_request(as_: As, admin: Actor) -> None:
    api = as_(admin)
    answer = api.post("/tickets", {"subject": "", "message": {}, "department": "nowhere", "type": "odd"})
    assert sorted(answer.json["errors"]) == ["department", "message.body_text", "subject", "type"]
    answer = api.post("/users", {"name": "Ann", "email": "nonsense"})
    assert list(answer.json["errors"]) == ["email"]


def test_a_misspelt_filter_is_an_error_and_not_a_longer_list(as_: As, admin: Actor) -> None:
    answer = as_(admin).get("/tickets?assigne=me&state=opne&limit=1000")
    assert sorted(answer.json["errors"]) == ["assigne", "limit", "state"]


@pytest.mark.parametrize("path", ["/tickets/%00", "/tickets/1/messages/%00", "/users/%00", "/attachments/a%00b"])
def test_characters_that_no_name_has_find_nothing(as_: As, admin: Actor, path: str) -> None:
    assert code_of(as_(admin).get(path)) == (404, "not-found")


@pytest.mark.parametrize("query", ["text=%00", "requester=%00", "after=%00", "after=WyItdXBkYXRlZCJd", "after=%FF"])
def test_a_query_that_no_database_could_answer(as_: As, admin: Actor, query: str) -> None:
    assert code_of(as_(admin).get(f"/tickets?{query}")) == (422, "invalid")


def test_too_much_at_once(app: Flask, as_: As, admin: Actor) -> None:
    app.config["MAX_CONTENT_LENGTH"] = 1000
    assert code_of(as_(admin).post("/departments", {"name": "A" * 2000})) == (413, "too-large")


def raises(app: Flask, error: Exception) -> Caller:
    def view() -> str:
        raise error

    app.add_url_rule("/api/v1/broken", "broken", view)
    app.add_url_rule("/broken", "broken_page", view)
    return Caller(app, None)


def test_what_nobody_expected_tells_a_reference_and_no_more(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    answer = raises(app, RuntimeError("the secret is 42")).get("/broken")
    assert code_of(answer) == (500, "error")
    assert "42" not in answer.text
    assert answer.json["reference"] in caplog.text
    assert "the secret is 42" in caplog.text


@pytest.mark.parametrize(
    "error", [Unavailable("Busy."), OperationalError("SELECT 1", {}, Exception("connection refused"))]
)
def test_a_database_that_is_away_asks_to_come_back(app: Flask, error: Exception) -> None:
    answer = raises(app, error).get("/broken")
    assert code_of(answer) == (503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert "SELECT" not in answer.text


def test_pages_go_on_to_answer_errors_with_pages(app: Flask) -> None:
    raises(app, RuntimeError("broken"))
    client = app.test_client()
    assert client.get("/no/such/page").mimetype == "text/html"
    answer = client.get("/broken")
    assert (answer.status_code, answer.mimetype) == (500, "text/html")
