"""Comments become tickets, and answers become comments; agents see on their dashboard what waits."""

import hashlib
import hmac
import json
import time
import urllib.error
import urllib.request
from base64 import b64decode, b64encode
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browsers import PATIENCE

from . import Person, Shell
from .staging import Stage, Visit, ask


def test_a_comment_becomes_a_ticket_and_the_answer_comes_back_as_a_comment(stage: Stage, visit: Visit) -> None:
    shell, desk = stage.shell, stage.desk
    text = f"Where is the new shop of {shell.name}? I 'searched' with Tom & Jerry."
    comment = shell.comment(text, name="Carl Comment", email="carl@example.com")
    page, reader = visit(), visit()
    shell.sign_in(page, Person.AGENT)
    shell.make_ticket(page, comment)
    expect(page.get_by_role("link", name="View ticket").first).to_be_visible()
    (ticket,) = [
        each
        for each in desk.tickets()
        if each["requester"]["email"] == "carl@example.com" and desk.messages(each["number"])[0]["body_text"] == text
    ]
    desk.answer(ticket["number"], "In the <main> street, [gallery] number 5.")
    wait(lambda: shown(reader, shell, "In the <main> street, [gallery] number 5."))
    assert reader.get_by_text("In the <main> street").count() == 1


def test_answers_that_are_forged_old_or_sent_again_are_not_published(stage: Stage, visit: Visit) -> None:
    shell, text = stage.shell, f"Published once in {stage.shell.name}."
    comment = shell.comment("Is anybody there?", name="Carl Comment", email="carl@example.com")
    told = {"comment": comment, "ticket": "1", "author": "Agent Example", "text": text, "html": text, "message": text}
    now = int(time.time())
    assert send(stage, told, at=now, secret="whsec_" + b64encode(b"x" * 32).decode()) in (401, 403)
    assert send(stage, told, at=now - 360) in (400, 401, 403)
    assert send(stage, told, at=now, sent=b"{}") in (401, 403)
    page = visit()
    assert not shown(page, shell, text)
    assert send(stage, told, at=now) in (200, 201, 204)
    send(stage, told, at=now)
    send(stage, told, at=now + 1, mark="msg-2")
    assert shown(page, shell, text)
    assert page.get_by_text(text).count() == 1


def test_agents_see_their_tickets_on_the_dashboard_and_others_do_not(stage: Stage, visit: Visit) -> None:
    subject = f"Dashboard of {stage.shell.name}"
    page, agent = visit(), visit()
    page.goto(stage.shell.url_of("support"))
    ask(page, subject, name="Vera Visitor", email="vera@example.com")
    expect(page.get_by_role("heading", name="We have your question")).to_be_visible()
    stage.shell.sign_in(agent, Person.AGENT)
    agent.goto(stage.shell.url_of("dashboard"))
    expect(agent.get_by_role("link", name=subject)).to_be_visible()
    stage.shell.sign_in(page, Person.MEMBER)
    page.goto(stage.shell.url_of("dashboard"))
    expect(page.get_by_text(subject)).to_have_count(0)


def send(
    stage: Stage, told: dict[str, str], *, at: int, secret: str = "", mark: str = "msg-1", sent: bytes = b""
) -> int:
    """Send an answer signed as Standard Webhooks, perhaps with another body than was signed; return the status."""
    body = json.dumps({"type": "comment.answered", "data": told}).encode()
    mark += stage.shell.name
    key = b64decode((secret or stage.link.secret).removeprefix("whsec_"))
    signature = b64encode(hmac.new(key, f"{mark}.{at}.".encode() + body, hashlib.sha256).digest()).decode()
    head = {"webhook-id": mark, "webhook-timestamp": str(at), "webhook-signature": f"v1,{signature}"}
    request = urllib.request.Request(
        stage.shell.answers_url, data=sent or body, headers=head | {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE / 1000) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def shown(page: Page, shell: Shell, text: str) -> bool:
    """Tell whether visitors see a comment with that text."""
    page.goto(shell.url_of("comments"))
    return text in page.locator("body").inner_text()


def wait(happened: Callable[[], bool]) -> None:
    """Wait until it has happened."""
    until = time.monotonic() + PATIENCE / 1000
    while not happened():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.3)
