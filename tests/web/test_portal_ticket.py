"""A customer's ticket: the conversation and what one can do."""

from collections.abc import Mapping, Sequence
from io import BytesIO

import pytest
from flask import Flask

from helpdesk_core.actor import SYSTEM, Actor
from helpdesk_core.app import create_app
from helpdesk_core.attachments.inputs import Upload
from helpdesk_core.departments.service import change_department
from helpdesk_core.hooks import hookimpl
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.browser import Browser, File
from helpdesk_core.testing.queries import count_queries
from helpdesk_core.testing.site import TestClock, World
from helpdesk_core.tickets import people
from helpdesk_core.tickets.conversation import note, reply
from helpdesk_core.tickets.inputs import NewMessage
from helpdesk_core.tickets.models import Message, Ticket
from helpdesk_core.tickets.queries import conversation, find_ticket
from helpdesk_core.tickets.rearranging import merge
from helpdesk_core.tickets.redacting import redact
from helpdesk_core.users.links import guest_token
from helpdesk_core.web import hooks
from helpdesk_core.web.parts import Panel

PASSWORD = "three blue lamps"
PIXEL = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def carla(browser: Browser, world: World) -> Actor:
    actor = world.customer("Carla Customer", address="carla@example.com", password=PASSWORD)
    browser.login("carla@example.com", PASSWORD)
    return actor


@pytest.fixture
def adam(world: World) -> Actor:
    return world.agent("Adam Agent")


@pytest.fixture
def number(world: World, carla: Actor) -> str:
    found = world.ticket(carla, subject="Mail bounces", text="Since **today**.").ticket.number
    assert found
    return found


def messages(desk: Helpdesk, number: str) -> Sequence[Message]:
    with desk.read() as session:
        return conversation(session, find_ticket(session, SYSTEM, number), internal=True)


def ticket(desk: Helpdesk, number: str) -> Ticket:
    with desk.read() as session:
        return find_ticket(session, SYSTEM, number)


def test_the_whole_correspondence_stands_on_one_page_with_who_wrote_what(
    browser: Browser, desk: Helpdesk, carla: Actor, adam: Actor, number: str
) -> None:
    reply(desk, adam, number, NewMessage(text="It is mended."))
    page = browser.get(f"/tickets/{number}")
    assert page.title.startswith("Mail bounces")
    order = [page.words.index(each) for each in ("Carla Customer You", "Since today.", "Adam Agent Support", "mended")]
    assert order == sorted(order)
    assert "Waiting for you" in page.words


def test_internal_notes_reach_a_customer_in_no_byte(
    browser: Browser, app: Flask, desk: Helpdesk, world: World, carla: Actor, adam: Actor, number: str
) -> None:
    secret = Upload(name="SECRETFILE.png", content=PIXEL, content_type="image/png")
    noted = note(desk, adam, number, NewMessage(text="SECRETNOTE", uploads=(secret,)))
    other = world.agent("Secretive Agent")
    note(desk, other, number, NewMessage(text="SECRETNOTE too"))
    people.add_participant(desk, SYSTEM, number, "specialist", uid=other.uid)
    guest = Browser(app)
    guest.get(f"/t/{guest_token(desk, ticket(desk, number).id, carla.user_id or 0)}")
    for one in (browser, guest):
        for path in (f"/tickets/{number}", "/", "/tickets", "/tickets?q=SECRET", "/search?q=mail"):
            one.get(path)
            assert one.response is not None
            for trace in (b"SECRETNOTE", b"SECRETFILE", b"Secretive", noted.message.uid.encode()):
                assert trace not in one.response.data, path
        uid = noted.message.attachments[0].uid
        assert one.get(f"/attachments/{uid}/SECRETFILE.png").status == 404


def test_a_ticket_one_may_not_see_is_not_found_whatever_one_tries(
    browser: Browser, desk: Helpdesk, world: World, carla: Actor
) -> None:
    posted = world.ticket(world.customer("Other"), subject="Private")
    there, number = f"/tickets/{posted.ticket.number}", posted.ticket.number or ""
    assert browser.get(there).status == 404
    assert "Private" not in browser.page.text
    tries: Mapping[str, Mapping[str, str]] = {
        "reply": {"body": "x"},
        "close": {},
        "reopen": {},
        "people": {"address": "carla@example.com"},
        "people/remove": {"uid": posted.ticket.requester.uid},
    }
    for action, data in tries.items():
        assert browser.post(f"{there}/{action}", data).status == 404, action
    assert browser.get("/tickets/no-such-number").status == 404
    assert len(messages(desk, number)) == 1
    assert ticket(desk, number).is_open


def test_who_works_a_ticket_does_not_see_it_as_a_customer(
    browser: Browser, desk: Helpdesk, world: World, number: str
) -> None:
    world.grant(world.user("Ada", address="ada@example.com", password=PASSWORD), "agent")
    browser.logout()
    browser.login("ada@example.com", PASSWORD)
    assert browser.get(f"/tickets/{number}").status == 404


def test_a_customer_answers_with_a_file(browser: Browser, desk: Helpdesk, adam: Actor, number: str) -> None:
    reply(desk, adam, number, NewMessage(text="Which address?"))
    browser.get(f"/tickets/{number}")
    page = browser.submit("composer", body="This one.", files=File("shot.png", PIXEL, "image/png"))
    assert page.path == f"/tickets/{number}"
    answer = messages(desk, number)[-1]
    assert (answer.kind, answer.side, answer.body_text) == ("public", "customer", "This one.")
    uid = answer.attachments[0].uid
    assert f'<img class="rounded border" src="/attachments/{uid}/shot.png"' in page.text
    assert ticket(desk, number).waiting_on == "us"
    assert "In progress" in page.words


def test_an_empty_answer_is_sent_back_with_what_to_do_and_its_files(
    browser: Browser, desk: Helpdesk, number: str
) -> None:
    browser.get(f"/tickets/{number}")
    page = browser.submit("composer", body=" ")
    assert page.status == 422
    assert "Write a message before sending it." in page.link_words("#f-body")
    page = browser.submit("composer", body="See the file", files=[File("a.txt"), File("b.exe")])
    assert page.status == 422
    assert page.form("composer").value("body") == "See the file"
    browser.submit("composer")
    assert [each.name for each in messages(desk, number)[-1].attachments] == ["a.txt"]


def test_the_same_answer_sent_twice_is_one_message(browser: Browser, desk: Helpdesk, number: str) -> None:
    form = browser.get(f"/tickets/{number}")
    for _time in range(2):
        browser.page = form
        assert browser.submit("composer", body="Once").path == f"/tickets/{number}"
    assert len(messages(desk, number)) == 2


def test_quotes_of_a_mail_are_folded(browser: Browser, desk: Helpdesk, carla: Actor, number: str) -> None:
    text = "Thanks!\n\nOn Monday Adam wrote:\n> It is mended."
    reply(desk, carla.through("email"), number, NewMessage(text=text, markdown=False))
    page = browser.get(f"/tickets/{number}")
    folded = page.text[page.text.index('<details class="hd-quote">') :]
    assert "On Monday Adam wrote:" in folded
    assert "Thanks!" not in folded


def test_what_was_redacted_is_gone_with_a_mark(
    browser: Browser, desk: Helpdesk, world: World, carla: Actor, number: str
) -> None:
    posted = reply(desk, carla, number, NewMessage(text="My password is hunter2"))
    manager = world.agent("Mona Manager", role="manager")
    redact(desk, manager, number, posted.message.uid, "a password")
    page = browser.get(f"/tickets/{number}")
    assert "hunter2" not in page.text
    assert "hd-letter--redacted" in page.text


def test_a_customer_closes_and_opens_again(browser: Browser, desk: Helpdesk, number: str) -> None:
    browser.get(f"/tickets/{number}")
    page = browser.submit(press="Close this ticket")
    assert "The ticket is closed." in page.words
    assert not ticket(desk, number).is_open
    assert "An answer opens it again." in page.words
    page = browser.submit(press="Open it again")
    assert ticket(desk, number).is_open
    assert not page.has_form("Open it again")


def test_an_answer_that_comes_too_late_opens_a_new_ticket_and_this_is_said_before(
    browser: Browser, desk: Helpdesk, number: str, clock: TestClock
) -> None:
    browser.get(f"/tickets/{number}")
    browser.submit(press="Close this ticket")
    clock.advance(days=40)
    browser.login("carla@example.com", PASSWORD)
    page = browser.get(f"/tickets/{number}")
    assert "An answer opens a new one" in page.words
    assert not page.has_form("Open it again")
    page = browser.submit("composer", body="Again!")
    assert page.path != f"/tickets/{number}"
    assert "your answer has opened this new one" in page.words
    assert "Again!" in page.words


def test_where_the_department_wants_it_an_answer_always_opens_a_new_ticket(
    browser: Browser, desk: Helpdesk, number: str
) -> None:
    change_department(desk, SYSTEM, "support", reopen_policy="follow_up")
    browser.get(f"/tickets/{number}")
    page = browser.submit(press="Close this ticket")
    assert "An answer opens a new one" in page.words
    assert not page.has_form("Open it again")


def test_a_requester_lets_somebody_take_part_and_takes_them_off(
    browser: Browser, app: Flask, desk: Helpdesk, world: World, number: str
) -> None:
    world.user("Jonas Berg", address="jonas@example.com", password=PASSWORD)
    jonas = Browser(app)
    jonas.login("jonas@example.com", PASSWORD)
    assert jonas.get(f"/tickets/{number}").status == 404
    browser.get(f"/tickets/{number}")
    page = browser.submit("invite", address="not an address")
    assert page.status == 422
    assert "is not an e-mail address" in page.link_words("#f-address")
    page = browser.submit("invite", address="jonas@example.com")
    assert "Jonas Berg" in page.words
    page = jonas.get(f"/tickets/{number}")
    assert "Asked by Carla Customer" in page.words
    assert "carla@example.com" not in page.text
    assert not page.has_form("Close this ticket")
    assert not page.has_form("invite")
    jonas.submit("composer", body="I can say more.")
    assert messages(desk, number)[-1].author_name == "Jonas Berg"
    browser.get(f"/tickets/{number}")
    browser.submit(press="Remove Jonas Berg")
    assert jonas.get(f"/tickets/{number}").status == 404


def test_who_takes_part_can_leave(browser: Browser, desk: Helpdesk, world: World, carla: Actor) -> None:
    number = world.ticket(world.customer("Jonas Berg")).ticket.number or ""
    people.add_participant(desk, SYSTEM, number, "cc", uid=carla.uid)
    browser.get(f"/tickets/{number}")
    assert browser.submit(press="Leave this ticket").path == "/tickets"
    assert browser.get(f"/tickets/{number}").status == 404


def test_a_merged_ticket_leads_to_where_it_went(
    browser: Browser, app: Flask, desk: Helpdesk, world: World, carla: Actor, adam: Actor, number: str
) -> None:
    target = world.ticket(carla, subject="The other one").ticket.number or ""
    source = ticket(desk, number)
    merge(desk, adam, number, target)
    assert browser.get(f"/tickets/{number}").path == f"/tickets/{target}"
    guest = Browser(app)
    page = guest.get(f"/t/{guest_token(desk, source.id, carla.user_id or 0)}")
    assert page.path == f"/tickets/{target}", "the link in an old mail leads to where the ticket went"
    assert page.has_form("composer")


def test_who_was_taken_off_a_merged_ticket_is_told_that_it_went_on_and_no_more(
    app: Flask, desk: Helpdesk, world: World, adam: Actor
) -> None:
    vera, stranger = world.ticket_for("vera@example.net"), world.ticket_for("sue@example.net", subject="The other one")
    number, target = vera.ticket.number or "", stranger.ticket.number or ""
    merge(desk, adam, number, target)
    people.remove_participant(desk, adam, target, "cc", vera.ticket.requester.uid)
    guest = Browser(app)
    page = guest.get(f"/t/{guest_token(desk, vera.ticket.id, vera.ticket.requester_id)}")
    assert page.path == f"/tickets/{number}"
    assert "goes on there" in page.words
    assert "The other one" not in page.text
    assert not page.has_form("composer")
    assert guest.get(f"/tickets/{target}").status == 404


def test_a_guest_answers_closes_and_keeps_to_the_one_ticket(app: Flask, desk: Helpdesk, world: World) -> None:
    posted = world.ticket_for("guest@example.com")
    number = posted.ticket.number or ""
    guest = Browser(app)
    guest.get(f"/t/{guest_token(desk, posted.ticket.id, posted.ticket.requester_id)}")
    page = guest.submit("composer", body="One more thing", files=File("a.txt"))
    assert "One more thing" in page.words
    assert guest.get(page.link("a.txt")).status == 200
    guest.get(f"/tickets/{number}")
    guest.submit(press="Close this ticket")
    assert not ticket(desk, number).is_open
    change_department(desk, SYSTEM, "support", reopen_policy="follow_up")
    page = guest.submit("composer", body="Again!")
    assert page.path == f"/tickets/{number}"
    assert "opened a new one" in page.words


class Showing:
    """A plugin that shows something everywhere on the page, and notes what it was asked about."""

    def __init__(self) -> None:
        self.asked: list[Sequence[Message]] = []

    @hookimpl(hooks.portal_ticket_sidebar)
    def side(self, ticket: Ticket, actor: Actor) -> Panel | None:
        return Panel(template="parts/shown.html", title="Beside", context={"words": "in the sidebar"})

    @hookimpl(hooks.portal_ticket_foot)
    def foot(self, ticket: Ticket, actor: Actor) -> Panel | None:
        return Panel(template="parts/shown.html", context={"words": "at the foot"})

    @hookimpl(hooks.message_parts)
    def parts(self, messages: Sequence[Message], ticket: Ticket, actor: Actor) -> Mapping[int, Panel]:
        self.asked.append(messages)
        panel = Panel(template="parts/shown.html", context={"words": "under a letter"})
        return {messages[0].id: panel, 999_999: panel}


class Broken:
    @hookimpl(hooks.portal_ticket_sidebar)
    def side(self, ticket: Ticket, actor: Actor) -> Panel | None:
        raise RuntimeError

    @hookimpl(hooks.message_parts)
    def parts(self, messages: Sequence[Message], ticket: Ticket, actor: Actor) -> Mapping[int, Panel]:
        return {messages[0].id: "rubbish"}  # type: ignore[dict-item]  # what a careless plugin returns


def test_plugins_show_panels_and_parts_and_a_broken_one_hides_nothing(
    browser: Browser, desk: Helpdesk, adam: Actor, carla: Actor, number: str
) -> None:
    showing = Showing()
    desk.hooks.register(Broken(), "broken")
    desk.hooks.register(showing, "showing")
    folder = desk.config.instance / "templates" / "parts"
    folder.mkdir(parents=True)
    (folder / "shown.html").write_text("<p>{{ words }}</p>")
    note(desk, adam, number, NewMessage(text="SECRETNOTE"))
    browser = Browser(create_app(desk))
    browser.login("carla@example.com", PASSWORD)
    page = browser.get(f"/tickets/{number}")
    assert page.status == 200
    for words in ("Beside", "in the sidebar", "at the foot", "under a letter", "Since today."):
        assert page.words.count(words) == 1, words
    assert "rubbish" not in page.words
    assert [[each.kind for each in messages] for messages in showing.asked] == [["public"]]


@pytest.mark.parametrize("answers", [1, 12])
def test_a_ticket_needs_as_many_queries_for_many_messages_as_for_one(
    browser: Browser, desk: Helpdesk, carla: Actor, adam: Actor, number: str, answers: int
) -> None:
    for each in range(answers):
        file = Upload(name=f"{each}.txt", content=b"x")
        reply(desk, adam if each % 2 else carla, number, NewMessage(text=f"{each}", uploads=(file,)))
    people.add_participant(desk, carla, number, "cc", email="jonas@example.com")
    for most in (9, 7):  # the second visit has nothing to note
        with count_queries(desk) as queries:
            browser.get(f"/tickets/{number}")
        assert len(queries) <= most, queries


def test_a_begun_answer_waits_with_its_files_on_every_device(
    browser: Browser, desk: Helpdesk, number: str, app: Flask
) -> None:
    browser.get(f"/tickets/{number}")
    token = browser.token()
    sent = browser.client.post("/attachments", data={"csrf_token": token, "file": (BytesIO(b"abc"), "a.txt")})
    fields = {"body": "I looked, and", "attachments": (sent.json or {})["uid"]}
    assert browser.post(f"/drafts/reply-{number}", fields).status == 204
    page = browser.get(f"/tickets/{number}")
    assert page.form("composer").value("body") == "I looked, and"
    assert "a.txt" in page.words
    browser.submit("composer", body="I looked, and it works.")
    assert len(messages(desk, number)[-1].attachments) == 1
    assert browser.get(f"/tickets/{number}").form("composer").value("body") == ""
