"""The pages: voting by button only, links that are signed and end, badges, panel and report."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from helpdesk_core.api.tickets import Ticket
from helpdesk_core.testing.conformance import assert_conforms
from helpdesk_core.testing.queries import count_queries
from helpdesk_ratings.giving import Opinion, give
from helpdesk_ratings.links import Claim, read_token, token_of
from helpdesk_ratings.models import Rating

from .scenes import Scene, another, body, mails

Make = Callable[..., Scene]


def votes(here: Scene) -> int:
    with here.site.desk.read() as session:
        return session.scalar(select(func.count()).select_from(Rating)) or 0


def mailed_links(here: Scene) -> list[str]:
    here.close()
    here.site.clock.advance(days=2)
    here.site.work()
    here.site.work()
    text = body(mails(here.site, "How did it go?")[0], "html")
    return re.findall(r'href="http://helpdesk.example(/x/ratings/[^"]+)"', text)


def test_a_robot_that_follows_every_link_leaves_no_vote(scene: Make) -> None:
    here = scene()
    links = mailed_links(here)
    assert len(links) == 3
    robot = here.site.browser()
    for link in links:
        page = robot.get(link)
        assert page.status == 200
        assert robot.client.head(link).status_code == 200
        for followed in re.findall(r'href="(/x/ratings/[^"]+)"', page.text):
            robot.get(followed)
    assert votes(here) == 0


def test_who_works_the_ticket_cannot_rate_by_the_customers_link(scene: Make) -> None:
    here = scene()
    worst = mailed_links(here)[-1]
    agent = here.site.browser(here.agent)
    assert agent.get(worst).status == 403
    assert agent.client.post(worst, data={"score": "3"}).status_code in (400, 403)
    assert votes(here) == 0
    other = here.site.browser(here.site.world.customer("Another"))
    assert other.get(worst).status == 200


def test_a_bad_rating_that_opened_the_ticket_again_can_be_explained_and_changed(scene: Make) -> None:
    here = scene(reopen_bad=True)
    worst = mailed_links(here)[-1]
    browser = here.site.browser()
    browser.get(worst)
    browser.submit("rate", score="1")
    here.site.work()
    with here.site.desk.read() as session:
        assert session.get_one(Ticket, here.ticket.id).is_open
    page = browser.submit("rate", score="1", comment="Nobody called back.")
    assert (page.status, "Your rating is kept" in page.words) == (200, True)
    signed_in = here.site.browser(here.customer)
    signed_in.get(signed_in.get(f"/tickets/{here.number}").link("Say more, or change it"))
    assert signed_in.submit("rate", score="3").status == 200
    with here.site.desk.read() as session:
        rating = session.scalars(select(Rating)).one()
    assert (rating.score, rating.comment) == (3, "Nobody called back.")


def test_the_link_of_a_mail_shows_the_answer_and_the_button_rates(scene: Make) -> None:
    here = scene()
    best = mailed_links(here)[0]
    browser = here.site.browser()
    browser.get(best)
    page = browser.submit("rate", comment="Thank you, Ann.")
    assert "Your rating is kept" in page.words
    with here.site.desk.read() as session:
        rating = session.scalars(select(Rating)).one()
    assert (rating.score, rating.user_id, rating.channel) == (3, here.customer.user_id, "email")
    browser.submit("rate", score="1")
    assert votes(here) == 1


def test_links_end_and_cannot_be_made_up(scene: Make) -> None:
    here = scene(link_lasts="3d")
    link = mailed_links(here)[0].partition("?")[0]
    browser = here.site.browser()
    whole = link.rpartition("/")[2]
    ticket, user, until, signature = whole.split(".")
    for forged in (
        f"{ticket}.{user}.{int(until) + 9}.{signature}",
        f"{ticket}.{int(user) + 1}.{until}.{signature}",
        f"{int(ticket) + 1}.{user}.{until}.{signature}",
        f"{ticket}.{user}.{until}.",
        "x",
        "…",
        "1.2.3",
    ):
        assert browser.get(f"/x/ratings/r/{forged}").status == 404
    assert browser.get(link).status == 200
    here.site.clock.advance(days=4)
    assert browser.get(link).status == 404


def test_a_link_holds_no_longer_than_its_holder_has_a_part_in_the_ticket(scene: Make) -> None:
    here = scene()
    here.close()
    stranger = here.site.world.customer("Mallory")
    assert stranger.user_id is not None
    desk = here.site.desk
    token = token_of(
        desk, Claim(here.ticket.id, stranger.user_id), desk.settings.effective("ratings").values["link_lasts"]
    )
    assert read_token(desk, token) == Claim(here.ticket.id, stranger.user_id)
    assert here.site.browser().get(f"/x/ratings/r/{token}").status == 404


def test_customers_rate_on_their_ticket(scene: Make) -> None:
    here = scene()
    browser = here.site.browser(here.customer)
    page = browser.get(f"/tickets/{here.number}")
    assert "How was this answer?" in page.words
    assert "How did it go?" not in page.words
    browser.submit(f"/x/ratings/tickets/{here.number}/{here.answer.uid}", press="score=3")
    here.close()
    page = browser.get(f"/tickets/{here.number}")
    assert "You rated this: Good." in page.words
    assert "How did it go?" in page.words
    browser.submit(f"/x/ratings/tickets/{here.number}", press="score=1")
    assert votes(here) == 2
    page = browser.submit("rate", reasons=["Speed"], comment="<script>alert(1)</script>")
    assert "<script>alert(1)" not in page.text
    assert browser.submit("rate", comment="x" * 2001).status == 422
    assert "x" * 2001 in browser.page.text


def test_a_vote_needs_the_token_of_the_page(scene: Make) -> None:
    here = scene()
    here.close()
    browser = here.site.browser(here.customer)
    response = browser.client.post(f"/x/ratings/tickets/{here.number}", data={"score": "3"})
    assert response.status_code >= 400
    assert votes(here) == 0


def test_agents_see_ratings_and_have_no_button(scene: Make) -> None:
    here = scene()
    give(here.site.desk, here.customer, here.number, here.answer.uid, Opinion(1, ("Speed",), "Too slow."))
    browser = here.site.browser(here.agent)
    page = browser.get(f"/desk/tickets/{here.number}")
    assert "Too slow." in page.words
    assert "How was this answer?" not in page.words
    path = f"/x/ratings/tickets/{here.number}/{here.answer.uid}"
    assert browser.get(path).status == 404
    assert browser.post(path, {"score": "3"}).status == 404


def test_the_report_is_for_those_who_may_see_it_and_no_further(scene: Make) -> None:
    here = scene()
    site = here.site
    other = another(site, here.customer, site.world.agent("Sam Sales", "sales"), department="sales")
    give(site.desk, here.customer, here.number, here.answer.uid, Opinion(3))
    give(site.desk, here.customer, other.number, other.answer.uid, Opinion(1))
    assert site.browser(here.agent).get("/desk/x/ratings/").status == 403
    owner = site.world.actor(site.world.user("Olga Owner", is_owner=True))
    browser = site.browser(owner)
    page = browser.get("/desk/x/ratings/")
    assert "Ann Agent" in page.words
    assert "Sam Sales" in page.words
    assert "Sam Sales" not in browser.get("/desk/x/ratings/", department="support", days="90").words
    browser.get("/desk/x/ratings/report.csv", by="department")
    assert browser.response is not None
    lines = browser.response.get_data(as_text=True).splitlines()
    assert lines[0].endswith("department,good,neutral,bad,total,share_good,low_95,high_95")
    assert "Sales,0,0,1,1,0.0000,0.0000,0.7935" in lines
    assert browser.get("/desk/x/ratings/report.csv", by="moon").status == 422


def test_pages_ask_as_much_of_the_database_for_many_ratings_as_for_one(scene: Make) -> None:
    here = scene()
    site = here.site
    owner = site.world.actor(site.world.user("Olga Owner", is_owner=True))
    browser = site.browser(owner)
    give(site.desk, here.customer, here.number, here.answer.uid, Opinion(3, (), "Fine."))
    counts = []
    for _again in range(2):
        paths = ("/desk/x/ratings/", f"/desk/tickets/{here.number}")
        for path in paths:
            browser.get(path)
        for path in paths:
            with count_queries(site.desk) as asked:
                browser.get(path)
            counts.append(len(asked))
        for _ticket in range(4):
            more = another(site, here.customer, here.agent)
            give(site.desk, here.customer, more.number, more.answer.uid, Opinion(1, (), "Slow."))
    assert counts[:2] == counts[2:]
    assert len([each for each in asked if "FROM ratings_ratings" in each]) == 1, str(asked)
    assert max(counts) <= 8, str(asked)


def test_it_keeps_the_rules_for_plugins() -> None:
    assert_conforms("ratings")


@pytest.mark.parametrize("scale", ["two", "five", "stars"])
def test_every_scale_has_its_page(scene: Make, scale: str) -> None:
    here = scene(scale=scale)
    browser = here.site.browser(here.customer)
    assert browser.get(f"/x/ratings/tickets/{here.number}/{here.answer.uid}", score="1").status == 200


def test_the_comments_of_the_report_are_those_of_what_is_asked_for(scene: Make) -> None:
    here = scene()
    site = here.site
    other = another(site, here.customer, site.world.agent("Sam Sales", "sales"), department="sales")
    give(site.desk, here.customer, here.number, here.answer.uid, Opinion(3, comment="Quick and clear."))
    give(site.desk, here.customer, other.number, other.answer.uid, Opinion(1, comment="That was no answer."))
    for _each in range(25):
        silent = another(site, here.customer, here.agent)
        give(site.desk, here.customer, silent.number, silent.answer.uid, Opinion(3))
    owner = site.world.actor(site.world.user("Olga Owner", is_owner=True))

    def said(**asked: str) -> list[str]:
        words = site.browser(owner).get("/desk/x/ratings/", **asked).words
        return [each for each in ("Quick and clear.", "That was no answer.") if each in words]

    assert said() == ["Quick and clear.", "That was no answer."]
    assert said(department="sales") == ["That was no answer."]
    assert said(kind="ticket") == []
    site.clock.advance(days=40)
    assert said() == []
    assert said(days="90") == ["Quick and clear.", "That was no answer."]


def test_the_reasons_of_the_beginning_speak_the_readers_language_and_are_kept_as_they_are_set(scene: Make) -> None:
    here = scene()
    browser = here.site.browser(here.customer)
    path = f"/x/ratings/tickets/{here.number}/{here.answer.uid}"
    browser.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "de"
    assert "Schnelligkeit" in browser.get(path).words
    page = browser.submit("rate", score="1", reasons=["Speed"])
    assert page.words.count("gespeichert") == 1
    with here.site.desk.read() as session:
        assert session.scalars(select(Rating)).one().reasons == ["Speed"]
    desk = here.site.browser(here.agent).get(f"/desk/tickets/{here.number}")
    assert "Speed" in desk.words
    here.site.work()


def test_reasons_that_the_site_has_named_itself_are_shown_as_named(scene: Make) -> None:
    here = scene(reasons=["Tempo & Takt"])
    page = here.site.browser(here.customer).get(f"/x/ratings/tickets/{here.number}/{here.answer.uid}")
    assert "Tempo & Takt" in page.words


def test_words_of_the_site_that_the_pages_use_too_are_not_translated(scene: Make) -> None:
    here = scene(reasons=["Comment", "Speed"])
    boss = here.site.world.user("Bo Boss", locale="de")
    here.site.world.grant(boss, "manager", "support")
    customer = here.site.browser(here.customer)
    customer.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "de"
    page = customer.get(f"/x/ratings/tickets/{here.number}/{here.answer.uid}")
    assert "Comment Schnelligkeit" in page.words
    customer.submit("rate", score="1", reasons=["Comment", "Speed"])
    here.site.work()
    (mail,) = mails(here.site, "", boss.primary_email or "")
    assert "Comment, Schnelligkeit" in body(mail)
    desk = here.site.browser(here.site.world.actor(boss)).get(f"/desk/tickets/{here.number}")
    assert "Comment, Schnelligkeit" in desk.words


def test_a_ticket_that_was_never_closed_is_not_called_open_again(scene: Make) -> None:
    here = scene()
    page = here.site.browser(here.customer).get(f"/x/ratings/tickets/{here.number}")
    assert page.status == 409
    assert "This ticket is open. You can rate it once it is closed." in page.words
