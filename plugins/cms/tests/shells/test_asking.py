"""People ask and answer in pages of the site: by forms, in a frame, by the floating button."""

from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from playwright.sync_api import FrameLocator, expect

from . import ACCOUNT, Person
from .staging import BODY, Stage, Visit, ask, support


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_a_visitor_asks_in_the_page_and_sends_a_file_along(
    stage: Stage, visit: Visit, tmp_path: Path, scripts: bool
) -> None:
    subject = f'The [gallery] of {stage.shell.name} -- "it\'s" white, scripts {scripts}'
    log = tmp_path / "what happened é.log"
    log.write_bytes(b"12:00 white\r\n")
    page = visit(scripts=scripts)
    page.goto(stage.shell.url_of("support"))
    if scripts:
        page.get_by_label("E-mail address").evaluate("field => { field.form.noValidate = true; }")
        ask(page, subject, name="Vera Visitor", email="no address")
        expect(page.get_by_role("alert")).to_contain_text("E-mail address")
        expect(page.get_by_label("Subject")).to_have_value(subject)
        expect(page.get_by_label("Message")).to_have_value(BODY)
    ask(page, subject, name="Vera Visitor", email="vera@example.com", file=log)
    expect(page.get_by_role("heading", name="We have your question")).to_be_visible()
    assert page.url.startswith(stage.shell.url)
    ticket = stage.desk.ticket(subject)
    (message,) = stage.desk.messages(ticket["number"])
    assert message["body_text"].strip() == BODY
    assert [each["name"] for each in message["attachments"]] == [log.name]
    assert ticket["requester"]["name"] == "Vera Visitor"


def test_words_of_any_script_and_strange_paths_arrive_at_the_helpdesk(stage: Stage, visit: Visit) -> None:
    page, here = visit(), stage.shell.url_of("support")
    for words in ("не работает почта", "50%20 & \N{LEFT DOUBLE QUOTATION MARK}mehr"):
        path = "new?" + urlencode({"subject": words})
        page.goto(f"{here}?helpdesk={quote(path, safe='')}")
        expect(page.get_by_label("Subject")).to_have_value(words)
    for path in ("x://[", "article/a%00b", "nowhere\x01"):
        answer = page.goto(f"{here}?helpdesk={quote(path, safe='')}")
        assert answer is not None
        assert answer.status == 200, path
        expect(page.get_by_role("heading", name="Not found")).to_be_visible()
    page.goto(here)
    expect(page.get_by_label("Subject")).to_be_visible()


def test_a_member_asks_reads_the_answer_and_replies_without_leaving_the_site(stage: Stage, visit: Visit) -> None:
    desk, subject = stage.desk, f"Invoice of {stage.shell.name}"
    page, other = visit(), visit()
    stage.shell.sign_in(page, Person.MEMBER)
    page.goto(stage.shell.url_of("tickets"))
    page.goto(stage.shell.url_of("support"))
    ask(page, subject)
    expect(page.get_by_role("heading", name=subject)).to_be_visible()
    ticket = desk.ticket(subject)
    assert ticket["requester"]["email"] == Person.MEMBER.email
    desk.answer(ticket["number"], "Look into your <b>basket</b>, please -- [gallery].")
    page.goto(stage.shell.url_of("tickets"))
    page.get_by_role("link", name=subject).click()
    expect(page.get_by_text("Look into your <b>basket</b>, please -- [gallery].")).to_be_visible()
    page.get_by_label("Your answer").fill("It was there.")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("It was there.")).to_be_visible()
    assert [each["body_text"].strip() for each in desk.messages(ticket["number"])][-1] == "It was there."

    here = page.url
    stage.shell.sign_in(other, Person.OTHER)
    other.goto(stage.shell.url_of("tickets"))
    expect(other.get_by_text("You have not asked anything yet")).to_be_visible()
    other.goto(here)
    expect(other.get_by_role("heading", name="Not found")).to_be_visible()
    expect(other.get_by_text("It was there.")).to_have_count(0)


def test_what_the_account_page_knows_is_kept_with_the_ticket(stage: Stage, visit: Visit) -> None:
    desk, subject = stage.desk, f"Account of {stage.shell.name}"
    page, agent = visit(), visit()
    stage.shell.sign_in(page, Person.MEMBER)
    page.goto(stage.shell.url_of("support"))
    ask(page, subject)
    expect(page.get_by_role("heading", name=subject)).to_be_visible()
    stage.shell.sign_in(agent, Person.AGENT)
    support(agent, stage)
    agent.goto(f"{desk.url}/desk/tickets/{desk.ticket(subject)['number']}")
    for name, value in ACCOUNT.items():
        panel = agent.get_by_role("complementary").filter(has_text=name).first
        expect(panel).to_contain_text(value)


def test_visitors_ask_in_a_frame_that_has_room_for_all(stage: Stage, visit: Visit) -> None:
    page, subject = visit(width=390), f"In a frame of {stage.shell.name}"
    page.goto(stage.shell.url_of("frame"))
    frame = page.frame_locator("helpdesk-embed iframe")
    ask_in(frame, subject)
    expect(frame.get_by_role("heading", name="We have your question")).to_be_visible()
    assert stage.desk.ticket(subject)["requester"]["email"] == "fred@example.com"


def test_the_widget_finds_nothing_and_takes_a_question(stage: Stage, visit: Visit) -> None:
    page, subject = visit(), f"By the widget of {stage.shell.name}"
    page.goto(stage.shell.url_of("home"))
    page.locator("helpdesk-widget").get_by_role("button").first.click()
    frame = page.frame_locator("helpdesk-widget iframe")
    frame.get_by_role("link", name="Ask for help").first.click()
    ask_in(frame, subject)
    expect(frame.get_by_role("heading", name="We have your question")).to_be_visible()
    assert stage.desk.ticket(subject)["requester"]["email"] == "fred@example.com"


def ask_in(frame: FrameLocator, subject: str) -> None:
    """Fill the form in a frame in, and send it."""
    frame.get_by_label("Your name").fill("Fred Frame")
    frame.get_by_label("E-mail address").fill("fred@example.com")
    frame.get_by_label("Subject").fill(subject)
    frame.get_by_label("Message").fill(BODY)
    frame.get_by_role("button", name="Send").click()
