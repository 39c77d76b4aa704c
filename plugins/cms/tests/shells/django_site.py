"""What the sites made with Wagtail and with django CMS have in common: the example project in `shells/example`."""

import re
import shutil
import socket
import sqlite3
import subprocess
import time
from http.cookiejar import CookieJar
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

from . import PASSWORD, Link, Person, Shell, Where
from .environment import SHELLS, prepare, require_environment, variables

if TYPE_CHECKING:
    from playwright.sync_api import Page

PEOPLE = {person.value: {"name": person.full_name, "email": person.email} for person in Person}


class DjangoSite(Shell):
    """A site from the example project, served by Django itself."""

    table: ClassVar[str]
    """Where its connection is stored."""
    dashboard: ClassVar[str]
    """The path of the page with what waits."""
    settings: ClassVar[str]
    """The path of the page of the settings."""

    @classmethod
    def require(cls) -> None:
        """Skip or fail where the environment is missing."""
        require_environment(cls.name)

    def __init__(self, folder: Path) -> None:
        """Choose a port."""
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://localhost:{self.port}"
        self.answers_url = f"{self.url}/helpdesk/answers/"
        self.sign_out_url = f"{self.url}/helpdesk/signed-out/"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, link: Link) -> None:
        """Copy the site, link it, serve it."""
        python = require_environment(self.name)
        prepare(python, self.name, self.folder, PEOPLE, PASSWORD)
        self.configure(link)
        manage = str(SHELLS / "example" / "manage.py")
        command = [str(python), manage, "runserver", "--noreload", "--insecure", "--skip-checks"]
        command.append(f"127.0.0.1:{self.port}")
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                command, env=dict(variables(self.name, self.folder, self.url)), stdout=log, stderr=log
            )
        self._wait()

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    def configure(self, link: Link) -> None:
        """Write the connection as the page of the settings would, and empty the cache."""
        values = (link.helpdesk, link.site, link.kid, link.secret, link.wait)
        with sqlite3.connect(self.folder / "site.sqlite3", timeout=20) as connection:
            changed = connection.execute(
                f"UPDATE {self.table} SET url = ?, site_key = ?, kid = ?, secret = ?, timeout = ?, widget = 1", values
            )
            assert changed.rowcount == 1
        connection.close()
        shutil.rmtree(self.folder / "cache", ignore_errors=True)

    def url_of(self, where: Where) -> str:
        """Return the address of a page."""
        paths: dict[Where, str] = {
            "home": "/",
            "support": "/support/",
            "tickets": "/tickets/",
            "frame": "/framed/",
            "account": "/account/",
            "comments": "/talk/",
            "dashboard": self.dashboard,
            "settings": self.settings,
        }
        return self.url + paths[where]

    def sign_in(self, page: "Page", person: Person) -> None:
        """Sign in by the site's form."""
        page.goto(f"{self.url}/login/")
        page.get_by_label("Username").fill(person.value)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url("**/account/")

    def sign_out(self, page: "Page") -> None:
        """Press the button in the site's head."""
        page.goto(f"{self.url}/account/")
        page.get_by_role("button", name="Log out").click()
        page.get_by_role("link", name="Log in").wait_for()

    def comment(self, text: str, *, name: str, email: str) -> str:
        """Fill in the form below the page, preview skipped; it is published at once."""
        opener = build_opener(HTTPCookieProcessor(CookieJar()))
        shown = _read(opener, Request(self.url_of("comments")))
        form = shown[shown.index('action="/comments/post/"') :]
        hidden = dict(re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)"', form))
        entered = {**hidden, "name": name, "email": email, "comment": text, "honeypot": "", "post": "Post"}
        proof = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
        entered["csrfmiddlewaretoken"] = proof[1] if proof else ""
        headers = {"Referer": self.url_of("comments")}
        answer = opener.open(Request(f"{self.url}/comments/post/", urlencode(entered).encode(), headers), timeout=20)
        return str(answer.url).partition("?c=")[2]

    def make_ticket(self, page: "Page", comment: str) -> None:
        """Choose the action in the list of comments."""
        page.goto(f"{self.url}/django-admin/django_comments/comment/")
        page.locator(f'input[name="_selected_action"][value="{comment}"]').check()
        page.locator("select[name='action']").select_option("make_tickets")
        page.get_by_role("button", name="Run").or_(page.get_by_role("button", name="Go")).first.click()
        page.get_by_role("link", name="View ticket").first.wait_for()

    def _wait(self) -> None:
        assert self._process is not None
        until = time.monotonic() + 90
        while time.monotonic() < until and self._process.poll() is None:
            try:
                _read(build_opener(), Request(f"{self.url}/login/"))
            except OSError:
                time.sleep(0.2)
            else:
                return
        raise RuntimeError(f"{self.name} does not answer:\n{(self.folder / 'log').read_text()[-3000:]}")


def _read(opener: OpenerDirector, request: Request) -> str:
    with opener.open(request, timeout=30) as answer:
        return str(answer.read().decode())
