"""A customer's list of tickets, the first page, and searching."""

from collections.abc import Sequence

import pytest
from flask import Flask

from helpdesk_core.actor import SYSTEM, Actor
from helpdesk_core.hooks import hookimpl
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.browser import Browser
from helpdesk_core.testing.queries import count_queries
from helpdesk_core.testing.site import TestClock, World
from helpdesk_core.tickets import changing, found, people
from helpdesk_core.tickets.conversation import note, reply
from helpdesk_core.tickets.hooks import ticket_search
from helpdesk_core.tickets.inputs import NewMessage
from helpdesk_core.users.organisations import OrganisationDraft, create_organisation
from helpdesk_core.web import hooks
from helpdesk_core.web.parts import Answer, Link

PASSWORD = "three blue lamps"


@pytest.fixture
def carla(browser: Browser, world: World) -> Actor:
    actor = world.customer("Carla Customer", address="carla@example.com", password=PASSWORD)
    browser.login("carla@example.com", PASSWORD)
    return actor


@pytest.fixture
def adam(world: World) -> Actor:
    return world.agent("Adam Agent")


def opened(world: World, actor: Actor, subject: str) -> str:
    number = world.ticket(actor, subject=subject).ticket.number
    assert number
    return number


def test_what_waits_for_one_comes_first_then_what_is_open_then_what_is_closed(
    browser: Browser, desk: Helpdesk, world: World, carla: Actor, adam: Actor
) -> None:
    closed, asked, fresh = (opened(world, carla, subject) for subject in ("Is closed", "Is asked", "Is fresh"))
    reply(desk, adam, asked, NewMessage(text="Which one?"))
    changing.close(desk, carla, closed)
    words = browser.get("/tickets").words
    order = ["Waiting for you", "Is asked", "Which one?", "Open Is fresh", "Received", "Closed Is closed"]
    places = [words.index(each) for each in order]
    assert places == sorted(places)
    assert f"/tickets/{fresh}" in [href for _words, href in browser.page.links]


def test_only_ones_own_tickets_are_listed(browser: Browser, world: World, carla: Actor) -> None:
    opened(world, world.customer("Other"), "Not hers")
    opened(world, carla, "Hers")
    page = browser.get("/tickets")
    assert "Hers" in page.words
    assert "Not hers" not in page.text


def test_a_ticket_is_new_until_it_was_read_and_notes_make_nothing_new(
    browser: Browser, desk: Helpdesk, world: World, carla: Actor, adam: Actor, clock: TestClock
) -> None:
    number = opened(world, carla, "Mail")
    assert "New:" not in browser.get("/tickets").words  # her own words are not new to her
    clock.advance(minutes=1)
    reply(desk, adam, number, NewMessage(text="Better now?"))
    assert "New: Mail" in browser.get("/tickets").words
    browser.get(f"/tickets/{number}")
    assert "New:" not in browser.get("/tickets").words
    before = browser.page.words
    clock.advance(minutes=1)
    note(desk, adam, number, NewMessage(text="She is impatient."))
    assert browser.get("/tickets").words == before


def test_a_copied_ticket_is_listed_and_waits_for_an_answer_not_for_the_reader(
    browser: Browser, desk: Helpdesk, world: World, carla: Actor, adam: Actor
) -> None:
    number = opened(world, world.customer("Jonas Berg"), "Shared matter")
    people.add_participant(desk, SYSTEM, number, "cc", uid=carla.uid)
    reply(desk, adam, number, NewMessage(text="Well?"))
    page = browser.get("/tickets")
    assert "Shared matter" in page.words
    assert "Waiting for an answer" in page.words


def test_members_of_an_organisation_that_shares_see_each_others_tickets_under_a_tab(
    browser: Browser, app: Flask, desk: Helpdesk, world: World
) -> None:
    firm = create_organisation(desk, SYSTEM, OrganisationDraft(name="Berg Ltd", shares_tickets=True))
    jonas = world.customer("Jonas Berg", organisation=firm.uid)
    world.user("Mia Berg", address="mia@example.com", password=PASSWORD, organisation=firm.uid)
    number = opened(world, jonas, "Our invoice")
    browser.login("mia@example.com", PASSWORD)
    page = browser.get("/tickets")
    assert "Our invoice" not in page.words
    page = browser.click("Berg Ltd")
    assert "Our invoice" in page.words
    assert "Jonas Berg" in page.words
    assert browser.click("Our invoice").path == f"/tickets/{number}"


def test_without_a_sharing_organisation_there_is_no_tab_and_no_way_in(
    browser: Browser, desk: Helpdesk, world: World
) -> None:
    firm = create_organisation(desk, SYSTEM, OrganisationDraft(name="Berg Ltd"))
    number = opened(world, world.customer("Jonas Berg", organisation=firm.uid), "Our invoice")
    world.user("Mia Berg", address="mia@example.com", password=PASSWORD, organisation=firm.uid)
    browser.login("mia@example.com", PASSWORD)
    page = browser.get("/tickets", of="organisation")
    assert "Our invoice" not in page.words
    assert "Berg Ltd" not in page.words
    assert browser.get(f"/tickets/{number}").status == 404


def test_searching_looks_into_ones_own_public_messages(
    browser: Browser, desk: Helpdesk, world: World, carla: Actor, adam: Actor
) -> None:
    number = opened(world, carla, "Mail")
    opened(world, carla, "Invoice")
    opened(world, world.customer("Other"), "Other mail")
    note(desk, adam, number, NewMessage(text="impatient"))
    page = browser.get("/")
    page = browser.submit("/search", q="mAIL")
    assert page.path == "/search?q=mAIL"
    assert "Mail" in page.words
    assert "Invoice" not in page.words
    assert "Other mail" not in page.words
    assert "Nothing found" in browser.get("/tickets", q="impatient").words


def test_results_show_the_place_that_fits_and_never_a_note(
    browser: Browser, desk: Helpdesk, world: World, carla: Actor, adam: Actor
) -> None:
    text = "Word " * 60 + "and then the <b>toner</b> was empty " + "word " * 60
    number = world.ticket(carla, subject="Toner & ink", text=text).ticket.number or ""
    note(desk, adam, number, NewMessage(text="The toner is a xylophone."))
    world.ticket(world.customer("Other"), subject="Another's toner")
    page = browser.get("/search", q="toner")
    assert "<mark>Toner</mark> &amp; ink" in page.text
    assert "then the &lt;b&gt;<mark>toner</mark>&lt;/b&gt; was empty" in page.text
    assert "Another" not in page.text
    assert "xylophone" not in page.text
    assert "quotation mark" in browser.get("/search", q='"toner').words


def test_answers_are_shown_with_the_place_that_fits(browser: Browser, desk: Helpdesk) -> None:
    class Answering:
        @hookimpl(hooks.portal_answers)
        def portal_answers(self, text: str) -> list[Answer]:
            body = "How to print. " * 30 + "Shake the <toner> gently."
            return [Answer(title="About toner", href="/somewhere", text="All of it", body=body)]

    desk.hooks.register(Answering(), "answering")
    page = browser.get("/search", q="toner")
    assert "About <mark>toner</mark>" in page.text
    assert "Shake the &lt;<mark>toner</mark>&gt; gently." in page.text
    assert "All of it" in browser.get("/search", q="gentle").text


def test_results_come_while_one_is_typing(browser: Browser, world: World, carla: Actor) -> None:
    for each in range(8):
        opened(world, carla, f"Mail {each}")
    browser.headers["HX-Request"] = "true"
    page = browser.get("/search", q="mail")
    assert len([href for words, href in page.links if words.startswith("Mail ")]) == 6
    assert page.link("All results") == "/search?q=mail"
    assert "<html" not in page.text
    assert "No ticket of yours" in browser.get("/search", q="nothing").words
    assert browser.get("/search", q=" ").text == ""


def test_long_lists_are_turned_page_by_page(browser: Browser, desk: Helpdesk, world: World, carla: Actor) -> None:
    for each in range(53):
        opened(world, carla, f"Matter {each}")
    page = browser.get("/tickets")
    assert page.words.count("Matter") < 53
    page = browser.click("Show all")
    first = [words for words, _href in page.links if "Matter" in words]
    page = browser.click("Next")
    second = [words for words, _href in page.links if "Matter" in words]
    assert (len(first), len(second)) == (50, 3)
    assert len({*first, *second}) == 53
    page = browser.click("Previous")
    assert [words for words, _href in page.links if "Matter" in words] == first
    assert "Previous" not in [words for words, _href in page.links]


def test_the_first_page_says_how_many_wait(
    browser: Browser, desk: Helpdesk, world: World, carla: Actor, adam: Actor
) -> None:
    assert "All you have asked" in browser.get("/").words
    number = opened(world, carla, "Mail")
    reply(desk, adam, number, NewMessage(text="Well?"))
    assert "1 waits for your answer." in browser.get("/").words


def test_a_visitor_is_offered_to_ask_and_to_sign_in_and_no_search(browser: Browser) -> None:
    page = browser.get("/")
    assert page.link("Ask for help") == "/tickets/new"
    assert browser.click("Sign in to see my tickets").path == "/login?next=/tickets"
    assert not page.has_form("/tickets")


def test_links_of_plugins_stand_in_the_navigation_by_their_order(browser: Browser, desk: Helpdesk) -> None:
    class Linking:
        @hookimpl(hooks.portal_links)
        def links(self, actor: Actor) -> list[Link]:
            return [Link(label="Answers", href="/kb", order=5)]

    desk.hooks.register(Linking(), "kb")
    page = browser.get("/")
    words = [words for words, _href in page.links]
    assert words.index("Answers") < words.index("Ask for help")


@pytest.mark.parametrize("rows", [1, 15])
def test_lists_need_as_many_queries_for_many_tickets_as_for_one(
    browser: Browser, desk: Helpdesk, world: World, carla: Actor, adam: Actor, rows: int
) -> None:
    for each in range(rows):
        number = opened(world, carla, f"Matter {each}")
        if each % 2:
            reply(desk, adam, number, NewMessage(text="Well?"))
    browser.get("/tickets")
    for path, most in (("/tickets", 4), ("/", 2), ("/search?q=matter", 4)):
        with count_queries(desk) as queries:
            browser.get(path)
        assert len(queries) <= most, f"{path}\n{queries}"


def test_a_search_by_an_index_takes_few_queries_which_all_customers_share(
    desk: Helpdesk, app: Flask, world: World
) -> None:
    readers = []
    for name in ("Anna", "Bert", "Cleo"):
        person = world.customer(name, address=f"{name}@example.com", password=PASSWORD)
        ids = [world.ticket(person, subject=f"Toner of {name}").ticket.id for _ in range(25)]
        browser = Browser(app)
        browser.login(f"{name}@example.com", PASSWORD)
        readers.append((name, ids, browser))
    everybodys = [id_ for _name, ids, _browser in readers for id_ in ids]

    class Index:
        answer: Sequence[int] = ()

        @hookimpl(ticket_search)
        def ticket_search(self) -> Sequence[int]:
            return self.answer

    desk.hooks.register(Index(), "index")
    found._whole.cache_clear()
    found._facts.cache_clear()
    # Few are read with what the page shows of them, of many first which may be seen; and once who asks, and messages.
    for Index.answer, expected in ((everybodys[::20], 3), (everybodys, 4)):
        for name, _ids, browser in readers:
            browser.get("/search?q=toner")
            with count_queries(desk) as queries:
                words = browser.get("/search?q=toner").words
            assert len(queries) == expected, queries
            assert f"Toner of {name}" in words
            assert not any(f"Toner of {other}" in words for other, *_rest in readers if other != name)
    assert (found._whole.cache_info().currsize, found._facts.cache_info().currsize) == (1, 1)


def test_members_of_a_sharing_organisation_search_in_what_is_theirs(desk: Helpdesk, app: Flask, world: World) -> None:
    found_by_index = []
    for name in ("North", "South"):
        firm = create_organisation(desk, SYSTEM, OrganisationDraft(name=name, shares_tickets=True))
        for number in range(2):
            address = f"{name}{number}@example.com"
            person = world.customer(name, address=address, password=PASSWORD, organisation=firm.uid)
            found_by_index.append(world.ticket(person, subject=f"Toner of {name} {number}").ticket.id)

    class Index:
        @hookimpl(ticket_search)
        def ticket_search(self) -> Sequence[int]:
            return found_by_index

    desk.hooks.register(Index(), "index")
    for name, other in (("North", "South"), ("South", "North")):
        browser = Browser(app)
        browser.login(f"{name}0@example.com", PASSWORD)
        words = browser.get("/search?q=toner").words
        assert all(f"Toner of {name} {number}" in words for number in range(2))
        assert f"Toner of {other}" not in words
