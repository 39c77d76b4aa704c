"""Programs that write articles through the API."""

from typing import Any

import pytest

from helpdesk_core.api import SYSTEM, Actor
from helpdesk_core.api.users import change_role, find_role

from .conftest import Kb

ROOT = "/api/v1/x/kb/articles"


def send(kb: Kb, actor: Actor, method: str, path: str, *, match: str = "", key: str = "", **options: Any) -> Any:
    """Call an operation below `ROOT`, or with `root` elsewhere; with `token` by one that was made before."""
    given = {"If-Match": match, "Idempotency-Key": key}
    headers = {name: value for name, value in given.items() if value}
    headers["Authorization"] = f"Bearer {options.pop('token', None) or kb.site.token(actor)}"
    address = options.pop("root", ROOT) + path
    return kb.site.app.test_client(use_cookies=False).open(address, method=method, headers=headers, **options)


def written(kb: Kb, **fields: object) -> tuple[str, Any]:
    """Write an article; return the path of its first text, and the answer."""
    made = send(kb, kb.editor, "POST", "", json={"title": "Certificates", "body": "First *words*.", **fields})
    assert made.status_code == 201, made.text
    return f"/{made.json['uid']}/texts/{made.json['locale']}", made


def test_an_article_is_written_published_changed_and_archived(kb: Kb) -> None:
    shelf = kb.category("Websites")
    path, made = written(kb, category=shelf, summary="Why browsers warn.", locale="de")
    assert made.headers["Location"].endswith(f"{ROOT}{path}")
    assert (made.json["state"], made.json["live"], made.json["body"]) == ("draft", None, "First *words*.")
    assert send(kb, kb.customer, "GET", f"/de/{made.json['slug']}").status_code == 404
    assert send(kb, kb.editor, "POST", f"{path}/publish").json["live"] == 1
    live = send(kb, kb.customer, "GET", f"/de/{made.json['slug']}").json
    assert "<em>words</em>" in live["html"]
    changed = send(kb, kb.editor, "PUT", path, json={"title": "Certificates", "body": "Other words."})
    assert (changed.json["state"], changed.json["newest"], changed.json["live"]) == ("draft", 2, 1)
    versions = send(kb, kb.editor, "GET", f"{path}/versions").json["items"]
    assert [each["body"] for each in versions] == ["Other words.", "First *words*."]
    assert send(kb, kb.editor, "POST", f"{path}/archive").json["state"] == "archived"
    assert send(kb, kb.customer, "GET", f"/de/{made.json['slug']}").status_code == 404


def test_a_program_that_read_an_older_version_overwrites_nothing(kb: Kb) -> None:
    path, made = written(kb)
    seen = send(kb, kb.editor, "GET", path).headers["ETag"]
    assert seen == made.headers["ETag"]
    mine = send(kb, kb.editor, "PUT", path, match=seen, json={"title": "Certificates", "body": "Mine."})
    assert mine.status_code == 200
    late = send(kb, kb.editor, "PUT", path, match=seen, json={"title": "Certificates", "body": "Yours."})
    assert late.status_code == 412
    now = send(kb, kb.editor, "GET", path)
    assert (now.json["body"], now.headers["ETag"]) == ("Mine.", mine.headers["ETag"])
    again = send(kb, kb.editor, "PUT", path, match=now.headers["ETag"], json={"title": "Certificates", "body": "Ours."})
    assert again.json["newest"] == 3


def test_publishing_changes_what_was_seen(kb: Kb) -> None:
    path, made = written(kb)
    published = send(kb, kb.editor, "POST", f"{path}/publish")
    assert published.headers["ETag"] != made.headers["ETag"]
    late = send(kb, kb.editor, "PUT", path, match=made.headers["ETag"], json={"title": "x", "body": "y"})
    assert late.status_code == 412


def test_a_new_language_is_put_beside_the_first(kb: Kb) -> None:
    path, _made = written(kb)
    german = path.removesuffix("en") + "de"
    assert send(kb, kb.editor, "GET", german).status_code == 404
    answer = send(kb, kb.editor, "PUT", german, json={"title": "Zertifikate", "body": "Worte."})
    assert (answer.status_code, answer.json["locale"], answer.json["newest"]) == (200, "de", 1)
    assert (
        send(kb, kb.editor, "PUT", path.removesuffix("en") + "xx", json={"title": "x", "body": "y"}).status_code == 422
    )


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"title": " "}, "title"),
        ({"body": ""}, "body"),
        ({"visibility": "everybody"}, "visibility"),
        ({"visibility": "department"}, "department"),
        ({"category": "nowhere"}, "category"),
        ({"locale": "klingon"}, "locale"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_cannot_be_an_article_is_refused_by_field(kb: Kb, fields: dict[str, str], field: str) -> None:
    answer = send(kb, kb.editor, "POST", "", json={"title": "Title", "body": "Words", **fields})
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    assert field in answer.text


def test_a_key_makes_one_article_of_two_equal_requests(kb: Kb) -> None:
    token, words = kb.site.token(kb.editor), {"title": "T", "body": "B"}
    uids = {send(kb, kb.editor, "POST", "", token=token, key="one", json=words).json["uid"] for _ in range(2)}
    assert len(uids) == 1


def test_who_may_not_write_is_refused_and_what_is_not_for_them_is_not_there(kb: Kb) -> None:
    path, _made = written(kb)
    for actor in (kb.agent, kb.customer):
        assert send(kb, actor, "POST", "", json={"title": "T", "body": "B"}).status_code == 403
        assert send(kb, actor, "GET", path).status_code == 403
        assert send(kb, actor, "PUT", path, json={"title": "T", "body": "B"}).status_code == 403
        assert send(kb, actor, "POST", f"{path}/publish").status_code == 403
    with kb.site.desk.read() as session:
        held = {each.permission for each in find_role(session, "agent").permissions}
    change_role(kb.site.desk, SYSTEM, "agent", permissions=held | {"kb.write"})
    ours, _made = written(kb, visibility="department", department="sales")
    assert send(kb, kb.agent, "GET", ours).status_code == 404
    assert send(kb, kb.agent, "PUT", ours, json={"title": "T", "body": "B"}).status_code == 404
    assert send(kb, kb.agent, "GET", path).status_code == 200
    assert send(kb, kb.agent, "POST", f"{path}/publish").status_code == 403


def test_figures_are_for_those_who_write(kb: Kb) -> None:
    _article, text = kb.publish()
    kb.site.browser().client.get(f"/x/kb/en/{text.slug}/seen.svg")
    rows = send(kb, kb.editor, "GET", "/figures", root="/api/v1/x/kb").json["items"]
    assert [(each["title"], each["views"]) for each in rows] == [("Reset your password", 1)]
    assert send(kb, kb.customer, "GET", "/figures", root="/api/v1/x/kb").status_code == 403
