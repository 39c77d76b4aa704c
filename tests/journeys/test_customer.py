"""A customer from the first question to taking their data along; with scripts on a desktop, without on a phone."""

import re

import pytest
from playwright.sync_api import Page, expect

from helpdesk_core.actor import SYSTEM
from helpdesk_core.hooks import hookimpl
from helpdesk_core.tickets import changing, conversation
from helpdesk_core.tickets.inputs import Change, NewMessage
from helpdesk_core.web import hooks
from helpdesk_core.web.parts import Answer
from tests.journeys.conftest import PASSWORD, Site, Visit, sign_in

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)

BETWEEN = (
    "(before) => { const come = document.querySelector('progress').value; return come > before && come < 1 && come; }"
)


class Knowledge:
    """Knows one article."""

    @hookimpl(hooks.portal_answers)
    def answers(self, text: str) -> list[Answer]:
        return [Answer(title="When mail is slow", href="/x/kb/slow", text="Wait a little.")] if "mail" in text else []


@pytest.mark.parametrize(("width", "scripts"), [(1280, True), (390, True), (390, False)])
def test_a_customer_asks_answers_closes_and_reopens(site: Site, visit: Visit, width: int, scripts: bool) -> None:
    site.world.department("support")
    site.world.department("billing", visibility="known", description="Invoices and payments.")
    site.world.department("triage", visibility="hidden")
    site.desk.hooks.register(Knowledge(), "kb")
    agent = site.world.agent("Adam Agent")
    site.world.user("Carla Customer", address="carla@example.com", password=PASSWORD)
    page = visit(width, scripts=scripts)
    sign_in(page, "carla@example.com")

    page.goto("/")
    page.get_by_role("link", name="Ask for help").last.click()
    expect(page.get_by_text("triage")).to_have_count(0)
    page.get_by_role("button", name="Send").click()
    if scripts:  # without one the form goes to the server, which says what is missing
        page.get_by_label("Billing").check()
        page.get_by_label("Subject").press_sequentially("My mail is late")
        expect(page.get_by_role("link", name="When mail is slow")).to_be_visible()
    else:
        page.goto("/tickets/new?subject=My+mail+is+late&department=billing")
        expect(page.get_by_role("link", name="When mail is slow")).to_be_visible()
    page.get_by_label("Message").fill("Since **this morning**.")
    page.get_by_label("Files").set_input_files({"name": "shot.png", "mimeType": "image/png", "buffer": PIXEL})
    if scripts:
        expect(page.locator("[name=attachments]")).to_have_count(1)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("My mail is late")
    expect(page.get_by_text("We have your question.")).to_be_visible()
    expect(page.locator("strong", has_text="this morning")).to_be_visible()
    picture = page.get_by_role("link", name="shot.png").first
    expect(picture).to_be_visible()
    if scripts:
        picture.click()
        expect(page.get_by_role("dialog")).to_contain_text("shot.png")
        page.keyboard.press("Escape")
        expect(picture).to_be_focused()

    number = page.url.rsplit("/", 1)[-1]
    conversation.reply(site.desk, agent, number, NewMessage(text="Is it better now?"))
    page.goto("/tickets")
    expect(page.get_by_role("heading", name="Waiting for you")).to_be_visible()
    page.get_by_role("link", name="My mail is late").click()
    page.get_by_label("Message", exact=True).fill("It is.")
    page.get_by_role("button", name="Send reply").click()
    expect(page.get_by_text("It is.", exact=True)).to_be_visible()
    page.get_by_role("button", name="Close this ticket").click()
    expect(page.get_by_text("The ticket is closed.").first).to_be_visible()
    page.get_by_role("button", name="Open it again").click()
    expect(page.get_by_text("The ticket is open again.").first).to_be_visible()
    wider = page.evaluate("document.documentElement.scrollWidth - innerWidth") if scripts else 0
    assert wider <= 0


def test_an_error_leads_to_its_field_by_keyboard(site: Site, visit: Visit) -> None:
    site.world.department("support")
    site.world.user("Carla Customer", address="carla@example.com", password=PASSWORD)
    page = visit(scripts=True)
    sign_in(page, "carla@example.com")
    page.goto("/tickets/new")
    page.get_by_label("Subject").fill(" ")
    page.get_by_label("Message").fill("Text")
    page.get_by_role("button", name="Send").click()
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Subject")).to_be_focused()
    expect(page.get_by_label("Message")).to_have_value("Text")


def test_a_subject_of_one_endless_word_stays_on_the_page(site: Site, visit: Visit) -> None:
    carla = site.world.user("Carla Customer", address="carla@example.com", password=PASSWORD)
    site.world.grant(carla)
    number = site.world.ticket_for("carla@example.com", subject="W" * 300).ticket.number or ""
    changing.change(site.desk, SYSTEM, number, Change(subject="M" * 300))
    page = visit(390)
    sign_in(page, "carla@example.com")
    for path in ("/tickets", f"/tickets/{number}", f"/desk/tickets/{number}", f"/desk/tickets/{number}?show=timeline"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path


def test_a_draft_and_its_files_follow_from_one_device_to_another(site: Site, visit: Visit) -> None:
    site.world.department("support")
    site.world.user("Carla Customer", address="carla@example.com", password=PASSWORD)
    phone, desktop = visit(390), visit(1280)
    sign_in(phone, "carla@example.com")
    phone.goto("/tickets/new")
    phone.get_by_label("Files").set_input_files({"name": "a.txt", "mimeType": "text/plain", "buffer": b"a"})
    with phone.expect_response(lambda answer: "/drafts/" in answer.url and answer.status == 204):
        phone.get_by_label("Subject").fill("Begun on the phone")
    sign_in(desktop, "carla@example.com")
    desktop.goto("/tickets/new")
    expect(desktop.get_by_label("Subject")).to_have_value("Begun on the phone")
    expect(desktop.get_by_label("a.txt")).to_be_checked()
    desktop.get_by_label("Message").fill("Ended here.")
    desktop.get_by_role("button", name="Send").click()
    expect(desktop.get_by_role("link", name="a.txt")).to_be_visible()
    phone.goto("/tickets/new")
    expect(phone.get_by_label("Subject")).to_have_value("")


def test_files_are_dropped_pasted_and_taken_off_again(site: Site, visit: Visit) -> None:
    site.world.department("support")
    site.world.user("Carla Customer", address="carla@example.com", password=PASSWORD)
    signed, visitor = visit(), visit()
    sign_in(signed, "carla@example.com")
    for page in (signed, visitor):
        page.goto("/tickets/new")
        give(page, "drop", "dropped.txt")
        give(page, "paste", "pasted.txt")
        chosen = page.locator("[data-chosen] li")
        expect(chosen).to_have_count(2)
        page.get_by_role("button", name="Remove dropped.txt").click()
        expect(chosen).to_have_count(1)
    expect(signed.locator("[name=attachments]")).to_have_count(1)
    assert visitor.evaluate("document.querySelector('[type=file]').files[0].name") == "pasted.txt"
    give(signed, "drop", "program.exe")
    expect(signed.get_by_role("alert")).to_contain_text(".exe")
    signed.get_by_label("Subject").fill("With a program")
    signed.get_by_label("Message").fill("See there.")
    signed.get_by_role("button", name="Send").click()  # nobody is to think that the program went along
    expect(signed.get_by_role("button", name="Remove program.exe")).to_be_focused()
    assert signed.url.endswith("/tickets/new")
    signed.keyboard.press("Enter")
    signed.get_by_role("button", name="Send").click()
    expect(signed.get_by_role("link", name="pasted.txt")).to_be_visible()


def test_a_file_shows_how_far_it_has_come(site: Site, visit: Visit) -> None:
    site.world.department("support")
    site.world.user("Carla Customer", address="carla@example.com", password=PASSWORD)
    page = visit()
    sign_in(page, "carla@example.com")
    page.goto("/tickets/new")
    line = page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 400_000}
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", slow)
    page.get_by_label("Subject").fill("With a log")
    page.get_by_label("Message").fill("See there.")
    line_of_log = b"a line of a log\n"
    page.get_by_label("Files").set_input_files(
        {"name": "log.txt", "mimeType": "text/plain", "buffer": line_of_log * 100_000}
    )
    bar = page.get_by_role("progressbar", name="log.txt")
    expect(bar).to_be_visible()
    come = page.wait_for_function(BETWEEN, arg=0).json_value()
    page.wait_for_function(BETWEEN, arg=come)
    page.get_by_role("button", name="Send").click()  # it waits for the file
    expect(bar).to_be_visible()
    expect(page.get_by_role("link", name="log.txt").first).to_be_visible()


def give(page: Page, event: str, name: str) -> None:
    """Drop or paste a small file onto the form."""
    page.evaluate(
        """([kind, name]) => {
          const data = new DataTransfer();
          data.items.add(new File(["x"], name, { type: "text/plain" }));
          const event = kind === "drop" ? new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true })
            : new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
          document.querySelector("#f-body").dispatchEvent(event);
        }""",
        [event, name],
    )


@pytest.mark.parametrize("scripts", [True, False])
def test_a_customer_sees_to_their_account(site: Site, visit: Visit, scripts: bool) -> None:
    site.world.department("support")
    site.world.user("Carla Customer", address="carla@example.com", password=PASSWORD)
    page, other = visit(390, scripts=scripts), visit()
    sign_in(page, "carla@example.com")
    sign_in(other, "carla@example.com")
    page.goto("/account")
    page.get_by_label("Name", exact=True).fill("Carla Klein")
    page.get_by_label("Time zone").select_option("Europe/Berlin")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.").first).to_be_visible()
    page.get_by_label("Another address").fill("carla@example.net")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("Follow the link we sent there")).to_be_visible()
    page.get_by_role("link", name="Signing in").click()
    page.get_by_role("button", name="Sign out everywhere else").click()
    other.goto("/account")
    expect(other).to_have_url(re.compile("/login"))
    page.get_by_role("link", name="API tokens").click()
    page.get_by_label("Name", exact=True).fill("Backup")
    page.get_by_role("button", name="Make the token").click()
    expect(page.get_by_label("The new token")).not_to_have_value("")
    page.get_by_role("link", name="My data").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download my data").click()
    assert download.value.suggested_filename.startswith("personal-data-")
    page.get_by_label("I want my data erased").check()
    page.get_by_role("button", name="Ask for erasure").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Erase my personal data")
