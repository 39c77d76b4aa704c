"""The same comment that is handed over many times at once, and what others wait for meanwhile."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import func, select

from helpdesk_cms import comments
from helpdesk_cms.models import Claim, FromSite
from helpdesk_core.api.db import new_uid
from helpdesk_core.api.tickets import Ticket, open_ticket

from .worlds import COMMENT, MEMBER, Sites


def test_the_same_comment_handed_over_at_once_is_one_ticket(world: Sites, caplog: pytest.LogCaptureFixture) -> None:
    world.change(comment_department="support")
    tokens = [world.token() for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda token: world.call("comments", token, COMMENT), tokens))
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert len({answer.get_json()["number"] for answer in answers}) == 1
    with world.site.desk.read() as session:
        assert session.scalar(select(func.count(Ticket.id))) == 1
    assert [each.message for each in caplog.records if "hook ticket_opening" in each.getMessage()] == []
    other = world.make("other", comment_department="support")
    assert world.call("comments", world.token(key=other), COMMENT).status_code == 201


def test_who_comes_second_waits_and_gets_the_same_ticket(world: Sites, monkeypatch: pytest.MonkeyPatch) -> None:
    world.change(comment_department="support")
    second = dict[str, Any]()

    def hand_over() -> None:
        second["answer"] = world.call("comments", world.token(), COMMENT)

    beside = Thread(target=hand_over)

    def beside_another(*arguments: Any) -> Any:
        monkeypatch.undo()
        posted = open_ticket(*arguments)
        beside.start()
        beside.join(1)
        assert not second, "it waits for what becomes of the first"
        return posted

    monkeypatch.setattr(comments, "open_ticket", beside_another)
    first = world.call("comments", world.token(), COMMENT)
    beside.join()
    assert (first.status_code, second["answer"].status_code) == (201, 200)
    assert first.get_json()["number"] == second["answer"].get_json()["number"]


def test_a_comment_that_cannot_be_noted_leaves_nothing_and_is_taken_the_next_time(
    world: Sites, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.change(comment_department="support")
    monkeypatch.setattr("helpdesk_cms.snapshots.write", lambda *_arguments: None)
    assert world.call("comments", world.token(), COMMENT).status_code == 503
    with world.site.desk.read() as session:
        counts = [session.scalar(select(func.count(table.id))) for table in (Ticket, Claim, FromSite)]
    assert counts == [0, 0, 0]
    monkeypatch.undo()
    assert world.call("comments", world.token(), COMMENT).status_code == 201


def test_sign_ins_and_forms_go_on_while_a_comment_is_opened(world: Sites, monkeypatch: pytest.MonkeyPatch) -> None:
    if world.site.desk.engine.name == "sqlite":
        pytest.skip("SQLite has one writer at a time, whatever is written.")
    world.change(comment_department="support")
    done: list[Mapping[str, Any]] = []

    def beside_a_form(*arguments: Any) -> Any:
        monkeypatch.undo()
        posted = open_ticket(*arguments)
        form = Thread(target=lambda: done.append(world.ask(MEMBER)))
        form.start()
        form.join(20)
        assert done, "the form of another person waits for the comment"
        return posted

    monkeypatch.setattr(comments, "open_ticket", beside_a_form)
    # An id of its own: MariaDB locks more where a row of the same key was deleted a moment ago, as between tests.
    comment = {**COMMENT, "id": new_uid()}
    assert world.call("comments", world.token(), comment).status_code == 201
    assert done[0]["status"] == 303
