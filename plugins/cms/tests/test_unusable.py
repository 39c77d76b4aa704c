"""NUL and halves of characters, which JSON can name and databases and pages cannot take: refused with a sentence."""

from typing import Any

import pytest
from sqlalchemy import func, select

from helpdesk_core.api.tickets import Ticket

from .worlds import COMMENT, MEMBER, Sites


@pytest.mark.parametrize("claims", [{"iss": "main\0"}, {"data": {"plan": "\ud800"}}, {"name": "\udc00"}])
def test_what_no_text_can_hold_is_no_claim(world: Sites, claims: dict[str, Any]) -> None:
    answer = world.call("health", world.token(**{**MEMBER, **claims}), method="GET")
    assert answer.status_code == 401, answer.text


@pytest.mark.parametrize("wrong", ["a\0b", "\ud800"], ids=["NUL", "half of a pair"])
@pytest.mark.parametrize("name", ["id", "url", "page_title", "text", "author"])
def test_a_comment_with_what_no_text_can_hold_is_refused(world: Sites, name: str, wrong: str) -> None:
    world.change(comment_department="support")
    text = "https://www.example.com/" + wrong if name == "url" else wrong
    given = {**COMMENT["author"], "name": wrong} if name == "author" else text
    answer = world.call("comments", world.token(), {**COMMENT, name: given})
    assert answer.status_code == 422, answer.text
    assert "no text can have" in answer.get_json()["detail"]
    with world.site.desk.read() as session:
        assert session.scalar(select(func.count(Ticket.id))) == 0


def test_a_form_with_half_of_a_character_has_a_mark_in_its_place(world: Sites) -> None:
    given = world.fragment("new", form={"subject": "50 \ud800", "body": "It is down.", "form_uid": "u" * 22})
    assert given["status"] == 303, given["html"]
    with world.site.desk.read() as session:
        assert session.scalar(select(Ticket.subject)) == "50 \N{REPLACEMENT CHARACTER}"


def test_a_comment_that_cannot_be_noted_makes_no_ticket_and_is_to_be_handed_over_again(
    world: Sites, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.change(comment_department="support")
    with monkeypatch.context() as broken:
        broken.setattr("helpdesk_cms.snapshots.FromSite", None)
        answer = world.call("comments", world.token(), COMMENT)
    assert (answer.status_code, answer.content_type) == (503, "application/problem+json"), answer.text
    assert world.call("comments", world.token(), COMMENT).status_code == 201
    with world.site.desk.read() as session:
        assert session.scalar(select(func.count(Ticket.id))) == 1
