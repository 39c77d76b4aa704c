"""Settings through the API."""

from typing import Any

import pytest

from helpdesk_core.actor import Actor
from helpdesk_core.runtime import Helpdesk
from tests.rest.callers import As, body


def by_key(shown: Any) -> dict[str, Any]:
    return {each["key"]: each for each in shown["settings"]}


def test_settings_are_read_with_their_sources(as_: As, admin: Actor) -> None:
    api = as_(admin)
    listed = {each["owner"]: each for each in body(api.get("/settings"))["items"]}
    assert {"core.site", "core.mail", "core.worker", "core.theme"} <= listed.keys()
    assert body(api.get("/settings/core.site")) == listed["core.site"]
    site = by_key(listed["core.site"])
    assert (site["url"]["value"], site["url"]["source"], site["url"]["locked"]) == (
        "http://helpdesk.example",
        "environment",
        True,
    )
    assert (site["name"]["source"], site["name"]["locked"], site["name"]["label"]) == ("default", False, "Name")
    assert site["session_days"]["expected"] == "a whole number from 1 to 365"


def test_settings_are_changed_and_in_force_at_once(as_: As, admin: Actor, desk: Helpdesk) -> None:
    api = as_(admin)
    before = api.get("/settings/core.site")
    changed = by_key(body(api.patch("/settings/core.site", {"name": "Desk", "session_days": 7})))
    assert (changed["name"]["value"], changed["name"]["source"]) == ("Desk", "page")
    assert desk.settings.site().session_days == 7
    late = api.patch("/settings/core.site", {"name": "Late"}, headers={"If-Match": before.headers["ETag"]})
    assert body(late, 412)["code"] == "precondition-failed"
    now = api.get("/settings/core.site").headers["ETag"]
    renamed = api.patch("/settings/core.site", {"name": "Help"}, headers={"If-Match": now})
    assert by_key(body(renamed))["name"]["value"] == "Help"
    assert api.get("/settings/core.site").headers["ETag"] == renamed.headers["ETag"]


def test_secrets_are_masked_and_stay_when_the_mask_comes_back(as_: As, admin: Actor, desk: Helpdesk) -> None:
    api = as_(admin)
    answer = api.patch("/settings/core.mail", {"password": "open sesame"})
    secret = by_key(body(answer))["password"]
    assert (secret["value"], secret["is_secret"]) == ("********", True)
    assert "sesame" not in answer.text + api.get("/settings").text
    body(api.patch("/settings/core.mail", {"password": "********", "username": "desk"}))
    assert desk.settings.mail().password.reveal() == "open sesame"


def test_what_does_not_fit_or_is_locked_is_told_by_key(as_: As, admin: Actor) -> None:
    api = as_(admin)
    refused = body(api.patch("/settings/core.site", {"name": "New", "url": "http://x.example", "colour": 1}), 422)
    assert sorted(refused["errors"]) == ["colour", "url"]
    assert sorted(body(api.patch("/settings/core.site", {"session_days": 0}), 422)["errors"]) == ["session_days"]
    assert by_key(body(api.get("/settings/core.site")))["name"]["value"] == "Helpdesk"
    assert body(api.patch("/settings/nothing", {"a": 1}), 404)["code"] == "not-found"
    assert api.get("/settings/nothing").status_code == 404


@pytest.mark.parametrize("owner", ["core.site", "core.mail", "core.worker", "core.theme"])
def test_a_value_of_any_kind_is_taken_or_refused(as_: As, admin: Actor, owner: str) -> None:
    api = as_(admin)
    for key in by_key(body(api.get(f"/settings/{owner}"))):
        for value in (None, True, -1, 10**30, 0.5, "", "x" * 2000, "\u202e{id", [], [None], {"a": [1]}, [["a"]]):
            answer = api.patch(f"/settings/{owner}", {key: value})
            assert answer.status_code in (200, 422), (key, value, answer.text)
            assert answer.status_code == 200 or list(answer.json["errors"]) == [key], (key, value)


def test_settings_are_for_those_who_may_change_them(as_: As, agent: Actor) -> None:
    api = as_(agent)
    for answer in (
        api.get("/settings"),
        api.get("/settings/core.mail"),
        api.patch("/settings/core.site", {"name": "Mine"}),
    ):
        assert body(answer, 403)["permission"] == "settings.manage"
