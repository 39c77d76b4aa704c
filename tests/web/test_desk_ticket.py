"""The ticket page of the desk, without JavaScript: all that an agent does there."""

import json

import pytest
from flask import Flask

from helpdesk_core.actor import SYSTEM
from helpdesk_core.attachments.inputs import Upload
from helpdesk_core.attachments.service import store
from helpdesk_core.drafts.service import find_draft
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.browser import Browser, File
from helpdesk_core.testing.queries import count_queries
from helpdesk_core.testing.site import TestClock, World
from helpdesk_core.tickets import conversation, people, presence
from helpdesk_core.tickets.holding import post_due
from helpdesk_core.tickets.inputs import NewMessage, Requester
from helpdesk_core.tickets.mentions import find_mentioned
from helpdesk_core.tickets.queries import find_ticket, participants
from helpdesk_core.users.models import User
from helpdesk_core.users.staff import Colleague

PASSWORD = "correct horse battery"


def agent(app: Flask, world: World, name: str = "Adam Agent", *departments: str) -> tuple[Browser, User]:
    user = world.user(name, password=PASSWORD)
    world.grant(user, "agent", *departments)
    browser = Browser(app)
    browser.login(user.primary_email or "", PASSWORD)
    return browser, user


def followers(desk: Helpdesk, number: str) -> list[str]:
    with desk.read() as session:
        found = participants(session, find_ticket(session, SYSTEM, number))
        return [each.user.name for each in found if each.role == "follower"]


def test_a_reply_can_be_taken_back_and_is_in_the_composer_again(app: Flask, world: World, desk: Helpdesk) -> None:
    number = world.ticket().ticket.number
    browser, _user = agent(app, world)
    browser.get(f"/desk/tickets/{number}")
    values = {"kind": "public", "body": "Too *fast*", "files": File("log.txt", b"smoke")}
    page = browser.submit("composer", values, press="then=")
    assert "hd-letter--held" in page.text
    assert "<em>fast</em>" in page.text
    page = browser.submit("/undo", press="Undo sending u")
    assert "Nothing was sent" in page.words
    assert "Too *fast*</textarea>" in page.text
    assert "log.txt" in page.text
    assert "hd-letter--held" not in page.text
    page = browser.submit("composer", {"body": "Slower"}, press="then=")
    assert "hd-letter--held" in page.text


def test_what_waits_to_go_out_is_told_to_colleagues_and_only_its_author_takes_it_back(
    app: Flask, world: World, desk: Helpdesk, clock: TestClock
) -> None:
    number = world.ticket().ticket.number
    author, _user = agent(app, world)
    colleague, _other = agent(app, world, "Berta Boss")
    author.get(f"/desk/tickets/{number}")
    author.submit("composer", {"kind": "public", "body": "On its way"}, press="then=")
    page = colleague.get(f"/desk/tickets/{number}")
    assert "On its way" in page.words
    assert not page.has_form("/undo")
    clock.advance(seconds=200)
    post_due(desk)
    page = author.get(f"/desk/tickets/{number}")
    assert "hd-letter--held" not in page.text
    assert "On its way" in page.words
    assert "Adam Agent</span>" in page.text


def test_a_draft_is_kept_for_its_writer_alone(app: Flask, world: World, desk: Helpdesk) -> None:
    number = world.ticket().ticket.number or ""
    browser, user = agent(app, world)
    colleague, _other = agent(app, world, "Berta Boss")
    browser.get(f"/desk/tickets/{number}")
    values = {"kind": "internal", "body": "Half a thought", "files": File("half.txt", b"1/2")}
    page = browser.submit("composer", values, press="Keep as draft")
    assert "Half a thought</textarea>" in page.text
    assert "half.txt" in page.text
    assert page.form("composer").value("kind") == "internal"
    assert "Half a thought" not in colleague.get(f"/desk/tickets/{number}").text
    page = browser.submit("composer", {}, press="then=")
    assert "Half a thought</p>" in page.text
    assert "half.txt" in page.text
    with desk.read() as session:
        assert find_draft(session, world.actor(user), f"desk-{number}") is None


def test_markdown_is_shown_as_it_will_look_before_it_is_sent(app: Flask, world: World) -> None:
    number = world.ticket().ticket.number
    browser, _user = agent(app, world)
    browser.get(f"/desk/tickets/{number}")
    page = browser.submit("composer", {"body": "**Bold** <script>"}, press="Preview")
    assert "<strong>Bold</strong> &lt;script&gt;" in page.text
    assert page.text.count("hd-letter--agent") == 0
    assert "**Bold** &lt;script&gt;</textarea>" in page.text
    fragment = browser.post(f"/desk/tickets/{number}/preview", {"body": "- one"})
    assert fragment.text.startswith("<ul>")


def test_a_customer_who_answers_meanwhile_is_read_before_the_reply_goes_out(
    app: Flask, world: World, desk: Helpdesk
) -> None:
    customer = world.customer()
    number = world.ticket(customer).ticket.number or ""
    browser, _user = agent(app, world)
    browser.get(f"/desk/tickets/{number}")
    conversation.reply(desk, customer, number, NewMessage(text="Never mind, it works."))
    page = browser.submit("composer", {"kind": "public", "body": "Have you tried it?"}, press="then=")
    assert page.status == 409
    assert "answered while you were writing" in page.words
    assert "Never mind, it works." in page.words
    assert "Have you tried it?</textarea>" in page.text
    page = browser.submit("composer", {}, press="then=")
    assert page.status == 200
    assert "hd-letter--held" in page.text


def test_a_mention_tells_a_colleague_who_follows_from_then_on(app: Flask, world: World, desk: Helpdesk) -> None:
    number = world.ticket(department="support").ticket.number or ""
    world.department("sales")
    browser, _user = agent(app, world)
    agent(app, world, "Berta Boss")
    agent(app, world, "Sven Seller", "sales")
    browser.get(f"/desk/tickets/{number}")
    text = "@berta boss, and @Sven Seller: mail@berta boss is no mention"
    page = browser.submit("composer", {"kind": "internal", "body": text}, press="then=")
    assert "told to Berta Boss" in page.words
    assert "Sven Seller may not read this ticket" in page.words
    assert followers(desk, number) == ["Berta Boss"]


def test_mentions_are_whole_names_or_first_names_that_only_one_has() -> None:
    ada, adele, other = (Colleague(name, name, None) for name in ("Ada Berg", "Ada Bergmann", "Zoë Ott"))
    people_ = [ada, adele, other]
    assert find_mentioned("@Ada Bergmann!", people_) == [adele]
    assert find_mentioned("@ada berg, @zoë", people_) == [ada, other]
    assert find_mentioned("@Ada and zoe@zoë.example and @Adam", people_) == []


def test_copies_are_seen_and_changed_where_one_writes(app: Flask, world: World, desk: Helpdesk) -> None:
    number = world.ticket(cc=("old@example.com", "stays@example.com")).ticket.number or ""
    browser, _user = agent(app, world)
    page = browser.get(f"/desk/tickets/{number}")
    copied = [each.value for each in page.form("composer").controls if each.name == "cc"]
    assert len(copied) == 2
    with desk.read() as session:
        stays = [
            each.user.uid
            for each in participants(session, find_ticket(session, SYSTEM, number))
            if each.user.primary_email == "stays@example.com"
        ]
    values = {"kind": "public", "body": "Hello all", "cc": stays, "cc_add": "new@example.com; newer@example.com"}
    browser.submit("composer", values, press="then=")
    with desk.read() as session:
        found = {each.user.primary_email for each in participants(session, find_ticket(session, SYSTEM, number))}
    assert found == {"stays@example.com", "new@example.com", "newer@example.com"}


def test_an_address_that_is_none_keeps_the_reply(app: Flask, world: World) -> None:
    number = world.ticket().ticket.number
    browser, _user = agent(app, world)
    browser.get(f"/desk/tickets/{number}")
    page = browser.submit("composer", {"kind": "public", "body": "Hello", "cc_add": "nowhere"}, press="then=")
    assert page.status == 422
    assert "Hello</textarea>" in page.text
    assert "nowhere</textarea>" in page.text


def test_ones_own_change_is_undone_where_it_is_told(app: Flask, world: World, clock: TestClock) -> None:
    number = world.ticket().ticket.number
    browser, _user = agent(app, world)
    colleague, _other = agent(app, world, "Berta Boss")
    browser.get(f"/desk/tickets/{number}")
    browser.submit("properties", {"priority": "urgent", "tags": "vip"})
    assert not colleague.get(f"/desk/tickets/{number}").has_form("undoing")
    page = browser.get(f"/desk/tickets/{number}")
    page = browser.submit("undoing", press="Undo u")
    assert "Undone." in page.words
    assert page.form("properties").value("priority") == "normal"
    assert page.form("properties").value("tags") == ""
    clock.advance(hours=2)
    assert not browser.get(f"/desk/tickets/{number}").has_form("undoing")


def test_a_move_is_undone_where_it_is_told(app: Flask, world: World) -> None:
    number = world.ticket(department="support").ticket.number
    world.department("sales", name="Sales")
    browser, _user = agent(app, world)
    browser.get(f"/desk/tickets/{number}")
    page = browser.submit("/move", {"department": "sales"})
    assert "is with “Sales” now" in page.words
    page = browser.submit("undoing", press="Undo u")
    assert 'hd-tickethead__department">Support<' in page.text
    assert page.form("note").value("department") == ""


def test_a_conflict_shows_both_values_and_sets_mine_when_i_say_so(app: Flask, world: World) -> None:
    number = world.ticket().ticket.number
    first, _one = agent(app, world, "First Agent")
    second, _two = agent(app, world, "Second Agent")
    for browser in (first, second):
        browser.get(f"/desk/tickets/{number}")
    first.submit("properties", {"priority": "urgent"})
    page = second.submit("properties", {"priority": "low", "tags": "slow"})
    assert page.status == 409
    assert "Somebody else changed this ticket in between" in page.words
    assert "Urgent" in page.words
    assert "Low" in page.words
    page = second.submit("Set mine", press="Set mine")
    assert page.form("properties").value("priority") == "low"
    assert page.form("properties").value("tags") == "slow"


def test_the_subject_status_assignee_and_priority_are_changed_in_the_head(app: Flask, world: World) -> None:
    number = world.ticket().ticket.number
    browser, user = agent(app, world)
    browser.get(f"/desk/tickets/{number}")
    page = browser.submit("was_subject", {"subject": "Another subject"}, press="Save")
    assert '<h1 class="hd-tickethead__subject">Another subject</h1>' in page.text
    page = browser.submit("was_assignee", press="Take it")
    assert page.form("properties").value("assignee") == user.uid
    page = browser.submit("was_status", press="status=closed")
    assert page.form("properties").value("status") == "closed"
    page = browser.submit("was_priority", press="priority=high")
    assert page.form("properties").value("priority") == "high"


def test_folded_panels_are_remembered_for_the_person(app: Flask, world: World) -> None:
    number = world.ticket().ticket.number
    browser, user = agent(app, world)
    page = browser.get(f"/desk/tickets/{number}")
    assert '<details class="hd-panel" open data-remember="desk.properties">' in page.text
    assert browser.post("/desk/panels", {"key": "desk.properties", "open": ""}).status == 204
    elsewhere = Browser(app)
    elsewhere.login(user.primary_email or "", PASSWORD)
    page = elsewhere.get(f"/desk/tickets/{number}")
    assert '<details class="hd-panel" data-remember="desk.properties">' in page.text
    assert elsewhere.post("/desk/panels", {"key": "no such <key>"}).status == 422


def test_other_tickets_of_who_asks_and_their_organisation_are_told_of(app: Flask, world: World) -> None:
    for department in ("support", "secret"):
        world.department(department)
    number = world.ticket_for("carla@example.com", department="support").ticket.number
    world.ticket_for("carla@example.com", subject="An older matter", department="support")
    world.ticket_for("carla@example.com", subject="Not for everybody", department="secret")
    browser, _user = agent(app, world, "Adam Agent", "support")
    page = browser.get(f"/desk/tickets/{number}")
    assert "An older matter" in page.words
    assert "Not for everybody" not in page.words


def test_the_timeline_has_everything_in_one_line_each(app: Flask, world: World, desk: Helpdesk) -> None:
    number = world.ticket(text="It does not work").ticket.number or ""
    browser, _user = agent(app, world)
    browser.get(f"/desk/tickets/{number}")
    browser.submit("properties", {"priority": "urgent"})
    page = browser.get(f"/desk/tickets/{number}", show="timeline")
    assert "opened the ticket" in page.words
    assert ">It does not work</a>" in page.text
    assert "Urgent" in page.words


def test_who_else_is_there_is_told_and_forgotten(app: Flask, world: World, desk: Helpdesk, clock: TestClock) -> None:
    number = world.ticket().ticket.number
    browser, _user = agent(app, world)
    colleague, _other = agent(app, world, "Berta Boss")
    colleague.get(f"/desk/tickets/{number}")
    assert colleague.post(f"/desk/tickets/{number}/presence", {"writing": "1"}).status == 204
    page = browser.get(f"/desk/tickets/{number}")
    assert "Berta Boss is writing" in page.words
    clock.advance(seconds=30)
    assert "Berta Boss is looking at this too" in browser.get(f"/desk/tickets/{number}").words
    clock.advance(seconds=30)
    assert "Berta Boss is" not in browser.get(f"/desk/tickets/{number}").words
    colleague.post(f"/desk/tickets/{number}/presence", {})
    assert "Berta Boss is looking at this too" in browser.get(f"/desk/tickets/{number}").words
    colleague.post(f"/desk/tickets/{number}/presence", {"leaving": "1"})
    assert "Berta Boss is" not in browser.get(f"/desk/tickets/{number}").words


def test_being_there_is_written_rarely(world: World, desk: Helpdesk, clock: TestClock) -> None:
    number = world.ticket().ticket.number or ""
    actor = world.agent("Berta Boss")
    with desk.read() as session:
        found = find_ticket(session, actor, number)
    presence.be_here(desk, actor, found, writing=False)
    with count_queries(desk) as again:
        presence.be_here(desk, actor, found, writing=False)
    assert [each for each in again if not each.upper().startswith("SELECT")] == []
    presence.be_here(desk, actor, found, writing=True)
    with desk.read() as session:
        [there] = presence.others_here(session, world.agent("Somebody Else"), found, desk.now())
    assert there.is_writing


def test_the_live_address_answers_304_while_nothing_changes(app: Flask, world: World, desk: Helpdesk) -> None:
    number = world.ticket().ticket.number or ""
    browser, _user = agent(app, world)
    path = f"/desk/tickets/{number}/live"
    before = json.loads(browser.get(path).text)
    assert browser.response is not None
    same = {"If-None-Match": browser.response.headers["ETag"]}
    with count_queries(desk) as asked:
        assert browser.client.get(path, headers=same).status_code == 304
    assert len(asked) <= 4, str(asked)
    conversation.note(desk, world.agent("Berta Boss"), number, NewMessage(text="News"))
    after = browser.client.get(path, headers=same)
    assert after.status_code == 200
    assert after.get_json()["mark"] != before["mark"]


@pytest.mark.parametrize("path", ["live", "presence", "preview", "insert"])
def test_what_happens_in_the_background_is_for_those_who_see_the_ticket(app: Flask, world: World, path: str) -> None:
    number = world.ticket(department="billing").ticket.number
    world.department("support")
    browser, _user = agent(app, world, "Only Support", "support")
    address = f"/desk/tickets/{number}/{path}"
    page = browser.get(address) if path == "live" else browser.post(address, {"body": "x", "insert": "x:y"})
    assert page.status == 404


def test_the_page_asks_as_much_whatever_stands_around_the_ticket(app: Flask, world: World, desk: Helpdesk) -> None:
    author = world.agent("Other Agent")
    browser, user = agent(app, world)
    counts = []
    for many in (1, 4):
        asker = Requester(email=f"many{many}@example.com")
        for _ in range(many):
            number = world.ticket(author, requester=asker, cc=(f"cc{many}@example.com",)).ticket.number or ""
            conversation.reply(desk, author, number, NewMessage(text="Hm"))
        for _ in range(many):
            upload = store(desk, world.actor(user), Upload(name="a.txt", content=b"a"))
        browser.get(f"/desk/tickets/{number}")
        browser.submit("composer", {"kind": "public", "body": "Held"}, press="then=")
        people.follow(desk, author, number)
        assert upload.uid
        browser.get(f"/desk/tickets/{number}")
        with count_queries(desk) as asked:
            browser.get(f"/desk/tickets/{number}")
        assert len(asked) <= 8, str(asked)
        counts.append(len(asked))
    assert counts[0] == counts[1]
