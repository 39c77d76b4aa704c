"""Who may rate what, and what becomes of it."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import select

from helpdesk_core.api.errors import Conflict, Forbidden, Invalid, NotFound
from helpdesk_core.api.tickets import NewMessage, add_participant, merge, note, reopen
from helpdesk_ratings.giving import Opinion, give
from helpdesk_ratings.models import Rating

from .scenes import Scene

Make = Callable[..., Scene]


def stored(scene: Scene) -> list[Rating]:
    with scene.site.desk.read() as session:
        return list(session.scalars(select(Rating).order_by(Rating.id)))


def test_a_requester_rates_an_answer_and_the_closed_ticket(scene: Make) -> None:
    here = scene()
    desk = here.site.desk
    give(desk, here.customer, here.number, here.answer.uid, Opinion(3, ("Speed",), " Quick! "))
    here.close()
    give(desk, here.customer, here.number, None, Opinion(1))
    answer, ticket = stored(here)
    assert (answer.message_id, answer.verdict, answer.reasons, answer.comment) == (
        here.answer.id,
        "good",
        ["Speed"],
        "Quick!",
    )
    assert (ticket.message_id, ticket.verdict, ticket.agent_id) == (None, "bad", here.agent.user_id)
    assert {answer.agent_id, answer.department_id} == {here.agent.user_id, here.ticket.department_id}


def test_rating_again_changes_the_rating_until_the_time_is_over(scene: Make) -> None:
    here = scene(changeable="2d")
    desk = here.site.desk
    give(desk, here.customer, here.number, here.answer.uid, Opinion(1))
    here.site.clock.advance(days=1)
    give(desk, here.customer, here.number, here.answer.uid, Opinion(3))
    here.site.clock.advance(days=2)
    with pytest.raises(Conflict, match="over"):
        give(desk, here.customer, here.number, here.answer.uid, Opinion(1))
    assert [each.score for each in stored(here)] == [3]


def test_agents_and_strangers_cannot_rate(scene: Make) -> None:
    here = scene()
    desk, world = here.site.desk, here.site.world
    here.close()
    colleague = world.agent("Bob Boss", "support", role="manager")
    with pytest.raises(NotFound):  # on the portal, where ratings are given, it is not theirs
        give(desk, here.agent, here.number, None, Opinion(3))
    with pytest.raises(NotFound):
        give(desk, world.customer("Mallory"), here.number, None, Opinion(1))
    own = here.site.world.ticket(colleague).ticket
    with pytest.raises(Forbidden):
        give(desk, colleague, own.number or "", None, Opinion(3))
    limited = replace(colleague, limited=True, grants={})
    with pytest.raises(Forbidden):
        give(desk, limited, own.number or "", None, Opinion(3))
    assert stored(here) == []


@pytest.mark.parametrize("allowed", [False, True])
def test_people_in_copy_rate_if_the_site_says_so(scene: Make, allowed: bool) -> None:
    here = scene(copied=allowed)
    desk, friend = here.site.desk, here.site.world.customer("Fred Friend")
    add_participant(desk, here.agent, here.number, "cc", uid=friend.uid)
    if allowed:
        give(desk, friend, here.number, here.answer.uid, Opinion(2))
    else:
        with pytest.raises(Forbidden):
            give(desk, friend, here.number, here.answer.uid, Opinion(2))
    assert len(stored(here)) == int(allowed)


def test_only_public_answers_and_closed_tickets_can_be_rated(scene: Make) -> None:
    here = scene()
    desk = here.site.desk
    secret = note(desk, here.agent, here.number, NewMessage(text="Difficult person.")).message
    with pytest.raises(NotFound):
        give(desk, here.customer, here.number, secret.uid, Opinion(1))
    with pytest.raises(Conflict, match="closed"):
        give(desk, here.customer, here.number, None, Opinion(1))
    here.close()
    reopen(desk, here.customer, here.number)
    with pytest.raises(Conflict, match="closed"):
        give(desk, here.customer, here.number, None, Opinion(1))


def test_what_is_switched_off_cannot_be_rated(scene: Make) -> None:
    here = scene(rate_replies=False, rate_tickets=False)
    here.close()
    for uid in (None, here.answer.uid):
        with pytest.raises(NotFound):
            give(here.site.desk, here.customer, here.number, uid, Opinion(1))


@pytest.mark.parametrize(
    ("opinion", "field"),
    [
        (Opinion(0), "score"),
        (Opinion(4), "score"),
        (Opinion(1, ("Bribery",)), "reasons"),
        (Opinion(1, (), "x" * 2001), "comment"),
    ],
)
def test_what_does_not_fit_is_refused_by_field(scene: Make, opinion: Opinion, field: str) -> None:
    here = scene(scale="three")
    with pytest.raises(Invalid) as caught:
        give(here.site.desk, here.customer, here.number, here.answer.uid, opinion)
    assert list(caught.value.problems) == [field]
    assert stored(here) == []


@pytest.mark.parametrize(
    ("scale", "score", "verdict"), [("two", 2, "good"), ("five", 3, "neutral"), ("stars", 2, "bad")]
)
def test_scores_mean_what_the_scale_says(scene: Make, scale: str, score: int, verdict: str) -> None:
    here = scene(scale=scale)
    give(here.site.desk, here.customer, here.number, here.answer.uid, Opinion(score))
    assert [(each.scale, each.verdict) for each in stored(here)] == [(scale, verdict)]


def test_ratings_of_answers_go_along_when_tickets_are_merged(scene: Make) -> None:
    here = scene()
    desk = here.site.desk
    other = here.site.world.ticket(here.customer).ticket
    give(desk, here.customer, here.number, here.answer.uid, Opinion(2))
    boss = here.site.world.agent("Bob Boss")
    merge(desk, boss, here.number, other.number or "")
    assert [each.ticket_id for each in stored(here)] == [other.id]
