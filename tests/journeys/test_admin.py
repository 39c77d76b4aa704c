"""An admin begins with `helpdesk init`, sets the site up by its pages, and the first customer gets an answer."""

import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browsers import PATIENCE
from tests.journeys.conftest import PASSWORD
from tests.mail.servers import Post, free_port, smtp_server

LONG = 300
"""Seconds that a process may take on a busy machine."""


@contextmanager
def new_site(folder: Path, port: int) -> Iterator[str]:
    """Make an empty helpdesk on the command line, and serve it."""
    helpdesk = [str(Path(sys.executable).parent / "helpdesk"), "--instance", str(folder)]
    url = f"http://127.0.0.1:{port}"
    owner = ["--admin-email", "olga@example.com", "--admin-name", "Olga Owner", "--admin-password-stdin"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HELPDESK_")}
    made = subprocess.run(
        [*helpdesk, "init", "--site-name", "Example Help", "--site-url", url, *owner],
        input=f"{PASSWORD}\n",
        text=True,
        capture_output=True,
        timeout=LONG,
        env=clean,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    with (folder / "serve.log").open("wb") as log:
        process = subprocess.Popen([*helpdesk, "serve", "--port", str(port)], stdout=log, stderr=log, env=clean)
        try:
            wait(lambda: answers(url))
            yield url
        finally:
            process.terminate()
            process.wait(LONG)


def answers(url: str) -> bool:
    try:
        urllib.request.urlopen(f"{url}/readyz", timeout=5).close()
    except (urllib.error.URLError, OSError):
        return False
    return True


def wait(happened: Callable[[], object]) -> None:
    until = time.monotonic() + LONG
    while not happened():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.1)


def mail_to(post: Post, address: str, words: str) -> str:
    """Return the text of the mail to somebody that has these words, once it has arrived."""
    found: list[str] = []

    def arrived() -> bool:
        for _sender, recipients, content in post.arrived:
            said = message_from_bytes(content, policy=policy.default)
            body = said.get_body(("plain",))
            text = f"{said['Subject']}\n{body.get_content() if body else ''}"
            if address in recipients and words in text:
                found.append(text)
        return bool(found)

    wait(arrived)
    return found[0]


def window(chromium: Browser, url: str) -> tuple[BrowserContext, Page]:
    context = chromium.new_context(base_url=url, viewport={"width": 1280, "height": 860}, locale="en-GB")
    context.set_default_timeout(PATIENCE)
    return context, context.new_page()


def link_in(text: str) -> str:
    found = re.search(r"https?://127\.0\.0\.1\S+", text)
    assert found is not None, text
    return found[0]


def test_from_an_empty_site_to_the_first_answered_ticket(tmp_path: Path, chromium: Browser) -> None:
    post, port, complaints = Post(), free_port(), list[str]()
    with smtp_server(post) as smtp, new_site(tmp_path / "site", port) as url:
        admin_window, admin = window(chromium, url)
        admin.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        admin.goto("/login?next=/admin/")
        admin.get_by_label("E-mail address").fill("olga@example.com")
        admin.get_by_label("Password", exact=True).fill(PASSWORD)
        admin.get_by_role("button", name="Sign in").click()
        expect(admin.get_by_text("1 of 5 done")).to_be_visible()

        admin.get_by_role("link", name="Let mail leave").click()
        admin.get_by_label("Way out").select_option("smtp")
        admin.get_by_label("Mail server", exact=True).fill("127.0.0.1")
        admin.get_by_label("Port", exact=True).fill(str(smtp))
        admin.get_by_role("button", name="Save settings").click()
        expect(admin.get_by_text(f"Port: {smtp} (was 25).")).to_be_visible()

        admin.goto("/admin/")
        admin.get_by_role("link", name="Send yourself a test mail").click()
        admin.get_by_role("button", name="Send a test mail").click()
        mail_to(post, "olga@example.com", "mail leaves it")

        admin.goto("/admin/")
        admin.get_by_role("link", name="Make a department with a mail address").click()
        admin.get_by_label("Mail address").fill("support@example.com")
        admin.get_by_role("button", name="Save", exact=True).click()
        expect(admin.get_by_text("support@example.com")).to_be_visible()

        admin.goto("/admin/")
        admin.get_by_role("link", name="Bring in the first agent").click()
        admin.get_by_label("Name", exact=True).fill("Adam Agent")
        admin.get_by_label("E-mail address").fill("adam@example.com")
        admin.get_by_label("Role").select_option("agent")
        admin.get_by_role("button", name="Make account").click()
        expect(admin.get_by_text("The role is given.")).to_be_visible()
        admin.goto("/admin/")
        expect(admin.get_by_text("Everything works, as far as the helpdesk can tell.")).to_be_visible()

        agent_window, agent = window(chromium, url)
        agent.goto(link_in(mail_to(post, "adam@example.com", "Choose a password")))
        agent.get_by_label("New password", exact=True).fill(PASSWORD)
        agent.get_by_role("button", name="Set the password and sign in").click()
        agent.wait_for_url(re.compile(r"^(?!.*/password)"))

        customer_window, customer = window(chromium, url)
        customer.goto("/tickets/new")
        customer.get_by_label("E-mail address").fill("carla@example.net")
        customer.get_by_label("Subject").fill("My shop is slow")
        customer.get_by_label("Message").fill("Since this morning.")
        customer.get_by_role("button", name="Send", exact=True).click()
        expect(customer.get_by_role("heading", level=1)).to_contain_text("We have your question")
        mail_to(post, "carla@example.net", "Since this morning.")

        agent.goto("/desk/tickets?view=open")
        agent.get_by_role("link", name="My shop is slow").first.click()
        agent.get_by_label("Message", exact=True).fill("It is fast again now.")
        agent.get_by_role("button", name="Send reply").click()
        answer = mail_to(post, "carla@example.net", "It is fast again now.")
        assert answer.startswith("Re: My shop is slow [#")

        customer.goto(link_in(mail_to(post, "carla@example.net", "we have received your request")))
        expect(customer.get_by_text("It is fast again now.")).to_be_visible()
        for opened in (admin_window, agent_window, customer_window):
            opened.close()
    assert complaints == []
