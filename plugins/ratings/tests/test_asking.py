"""Asking by mail after closing, telling of bad ratings, opening again."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from helpdesk_core.api import SYSTEM
from helpdesk_core.api.events import MessagePosted, TicketChanged, TicketOpened
from helpdesk_core.api.tickets import find_ticket, reopen
from helpdesk_core.api.users import change_role, find_role
from helpdesk_ratings import asking
from helpdesk_ratings.events import RatingAsked, RatingGiven
from helpdesk_ratings.giving import Opinion, give
from helpdesk_ratings.mailing import ALERT
from helpdesk_ratings.models import Ask

from .scenes import Scene, another, body, mails

Make = Callable[..., Scene]


def questions(here: Scene) -> int:
    here.site.work()
    here.site.work()
    return len(mails(here.site, "How did it go?"))


def reasons(here: Scene) -> list[tuple[str, str]]:
    with here.site.desk.read() as session:
        return [(ask.state, ask.reason) for ask in session.scalars(select(Ask).order_by(Ask.id))]


def test_the_requester_is_asked_once_after_the_delay(scene: Make) -> None:
    here = scene(ask_after="4h")
    here.close()
    assert questions(here) == 0
    here.site.clock.advance(hours=5)
    assert questions(here) == 1
    here.site.clock.advance(days=30)
    asking.ask_due(here.site.desk)
    assert questions(here) == 1


def test_opening_again_calls_it_off_and_closing_again_plans_anew(scene: Make) -> None:
    here = scene(ask_after="4h")
    here.close()
    reopen(here.site.desk, here.customer, here.number)
    here.site.clock.advance(hours=5)
    assert questions(here) == 0
    assert reasons(here) == [("cancelled", "")]
    here.close()
    here.site.clock.advance(hours=5)
    assert questions(here) == 1


def test_a_second_delivery_of_the_closing_plans_nothing_more(scene: Make) -> None:
    here = scene(ask_after="1h")
    here.close()
    here.site.clock.advance(hours=2)
    assert questions(here) == 1
    event = TicketChanged(changes={}, closed=True)
    object.__setattr__(event, "ticket_id", here.ticket.id)
    object.__setattr__(event, "at", here.site.desk.now())
    asking.closed_or_reopened(here.site.desk, event)
    here.site.clock.advance(hours=2)
    assert questions(here) == 1


def test_nobody_is_asked_twice_within_the_pause(scene: Make) -> None:
    here = scene(ask_after="1h", ask_pause="7d")
    second = another(here.site, here.customer, here.agent)
    here.close()
    second.close()
    here.site.clock.advance(hours=2)
    assert questions(here) == 1
    assert sorted(reasons(here)) == [("asked", ""), ("skipped", "pause")]
    third = another(here.site, here.customer, here.agent)
    here.site.clock.advance(days=8)
    third.close()
    here.site.clock.advance(hours=2)
    assert questions(here) == 2


def test_whoever_has_rated_is_not_asked(scene: Make) -> None:
    here = scene(ask_after="1h")
    here.close()
    give(here.site.desk, here.customer, here.number, None, Opinion(3))
    here.site.clock.advance(hours=2)
    assert questions(here) == 0
    assert reasons(here) == [("skipped", "rated")]


def test_nobody_is_asked_about_what_is_long_past(scene: Make) -> None:
    here = scene(ask_after="1h")
    here.close()
    here.site.clock.advance(days=9)
    assert questions(here) == 0
    assert reasons(here) == [("skipped", "late")]


def test_whoever_works_in_the_department_is_not_asked_of_their_own_ticket(scene: Make) -> None:
    here = scene(ask_after="1h")
    own = another(here.site, here.agent, here.agent)
    own.close()
    here.site.clock.advance(hours=2)
    assert questions(here) == 0
    assert reasons(here) == [("skipped", "staff")]


def test_nothing_is_delivered_to_the_plugin_but_what_it_listens_to(scene: Make) -> None:
    desk = scene().site.desk
    heard = {kind for kind in (TicketOpened, MessagePosted, TicketChanged) if "ratings" in desk.subscribers(kind)}
    assert heard == {TicketChanged}
    assert desk.subscribers(RatingGiven) == desk.subscribers(RatingAsked) == ("ratings",)


def test_a_share_of_nought_asks_nobody_and_the_lot_stays_the_same(scene: Make) -> None:
    here = scene(ask_after="1h", ask_share=0)
    here.close()
    here.site.clock.advance(hours=2)
    assert questions(here) == 0
    assert reasons(here) == [("skipped", "sample")]
    desk = here.site.desk
    assert asking.drawn(desk, here.ticket, 100)
    assert asking.drawn(desk, here.ticket, 50) == asking.drawn(desk, here.ticket, 50)


@pytest.mark.parametrize("again", [False, True])
def test_a_bad_rating_is_told_and_may_open_the_ticket(scene: Make, again: bool) -> None:
    here = scene(reopen_bad=again, ask=False)
    site = here.site
    boss = site.world.actor(site.world.user("Olga Owner", is_owner=True))
    here.close()
    give(site.desk, here.customer, here.number, None, Opinion(1, (), "Nobody listened."))
    site.work()
    site.work()
    told = mails(site, "Bad rating", boss.email)
    assert len(told) == 1
    assert "Nobody listened." in body(told[0])
    with site.desk.read() as session:
        assert find_ticket(session, here.customer, here.number).is_open is again


def test_managers_are_told_as_long_as_nobody_has_been_chosen(scene: Make) -> None:
    here = scene(ask=False)
    site = here.site
    world = site.world
    support, sales = (world.agent(name, key, role="manager") for name, key in (("Mia", "support"), ("Sol", "sales")))
    give(site.desk, here.customer, here.number, here.answer.uid, Opinion(1))
    site.work()
    site.work()
    assert [str(each["To"]) for each in mails(site, "Bad rating")] == [f"Mia <{support.email}>"]
    with site.desk.read() as session:
        held = {each.permission for each in find_role(session, "agent").permissions}
    change_role(site.desk, SYSTEM, "agent", permissions=held | {ALERT})
    other = another(site, here.customer, here.agent)
    give(site.desk, here.customer, other.number, other.answer.uid, Opinion(1))
    site.work()
    site.work()
    assert len(mails(site, "Bad rating", here.agent.email)) == 1
    assert len(mails(site, "Bad rating", support.email)) == 1
    assert mails(site, "Bad rating", sales.email) == []


def test_only_what_turns_bad_is_told_and_only_to_those_who_are_to_know(scene: Make) -> None:
    here = scene(ask=False)
    site = here.site
    owner = site.world.actor(site.world.user("Olga Owner", is_owner=True))
    desk = site.desk
    for opinion in (Opinion(3), Opinion(1), Opinion(1, (), "More words"), Opinion(2)):
        give(desk, here.customer, here.number, here.answer.uid, opinion)
        site.work()
    told = mails(site, "Bad rating")
    assert [str(each["To"]) for each in told] == [f"Olga Owner <{owner.email}>"]
    assert not here.agent.may(ALERT)
