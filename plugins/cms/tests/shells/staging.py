"""What the tests of shells have in common: where they play, and what people do in it again and again."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page

from . import Link, Shell
from .desks import Desk

BODY = "It shows a white page since this morning."

Visit = Callable[..., Page]
"""Opens a window that knows nobody: `visit(scripts=False, width=390)`."""


@dataclass
class Stage:
    """A site that runs with a helpdesk that serves, and how they are linked."""

    desk: Desk
    shell: Shell
    link: Link


def ask(page: Page, subject: str, *, name: str = "", email: str = "", file: Path | None = None) -> None:
    """Fill the form in and send it."""
    if email:
        page.get_by_label("Your name").fill(name)
        page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Subject").fill(subject)
    page.get_by_label("Message").fill(BODY)
    if file is not None:
        page.get_by_label("Files").set_input_files(file)
    page.get_by_role("button", name="Send").click()


def support(page: Page, stage: Stage) -> None:
    """Go to the helpdesk by the site's link."""
    page.goto(stage.shell.url_of("account"))
    page.get_by_role("link", name="Sign in to support").click()
    page.wait_for_url(f"{stage.desk.url}/tickets")
