"""The interval, and what is handed out and forgotten of a person."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from helpdesk_core.api import SYSTEM
from helpdesk_core.api.users import User
from helpdesk_ratings import privacy, samples
from helpdesk_ratings.giving import Opinion, give
from helpdesk_ratings.models import Rating
from helpdesk_ratings.reporting import wilson

from .scenes import Scene, another

Make = Callable[..., Scene]


@pytest.mark.parametrize(
    ("good", "total", "low", "high"),
    [(0, 0, 0, 1), (1, 1, 0.2065, 1), (0, 1, 0, 0.7935), (8, 10, 0.4902, 0.9433), (50, 100, 0.4038, 0.5962)],
)
def test_the_interval_is_that_of_wilson(good: int, total: int, low: float, high: float) -> None:
    assert wilson(good, total) == pytest.approx((low, high), abs=0.0001)


def test_what_a_person_said_is_handed_out_and_then_nobodys(scene: Make) -> None:
    here = scene()
    desk = here.site.desk
    give(desk, here.customer, here.number, here.answer.uid, Opinion(1, ("Speed",), "I live in Example Street 1."))
    with desk.read() as session:
        person = session.get_one(User, here.customer.user_id)
    handed = privacy.ratings_by(desk, person)
    assert [each.name for each in handed] == ["ratings"]
    assert handed[0].data[0]["comment"] == "I live in Example Street 1."
    with desk.begin(SYSTEM) as tx:
        privacy.forget(tx, tx.session.get_one(User, person.id))
    with desk.read() as session:
        rating = session.scalars(select(Rating)).one()
    assert (rating.user_id, rating.comment, rating.score, rating.reasons) == (None, "", 1, ["Speed"])
    assert privacy.ratings_by(desk, person) == []


def test_the_demo_shows_ratings_and_lets_managers_see_the_results(scene: Make) -> None:
    here = scene()
    for _ticket in range(9):
        another(here.site, here.customer, here.agent).close()
    here.site.clock.advance(days=3)
    boss = here.site.world.agent("Bob Boss", "support", role="manager")
    with here.site.desk.begin(SYSTEM) as tx:
        samples.fill(here.site.desk, tx)
    page = here.site.browser(boss).get("/desk/x/ratings/")
    assert "Ann Agent" in page.words
    assert "<rect" in page.text
    with here.site.desk.read() as session:
        assert len(session.scalars(select(Rating).where(Rating.message_id.is_(None))).all()) >= 3
