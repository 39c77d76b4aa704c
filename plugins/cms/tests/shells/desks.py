"""A helpdesk that serves in processes of its own, as an admin starts it; it can be stopped and started again."""

import io
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from helpdesk_core.cli import main
from tests.mail.servers import free_port

from . import Link, Person, Shell

LONG = 120
"""Seconds that a process may take on a busy machine."""
NAME = "Example Help"
OWNER, OWNER_PASSWORD = "olga@example.com", "three blue lamps"
SETTINGS = '\n[plugins.cms]\nallowed = ["127.0.0.0/8", "::1/128"]\n'
"""Answers to comments go to a site of this machine."""


class Desk:
    """A helpdesk with this plugin; `agent@example.com` works there, and customers get no mail."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None
        self._token = ""

    def make(self) -> None:
        """Make the instance, an owner and an agent."""
        owner = ("--admin-email", OWNER, "--admin-name", "Olga Owner", "--admin-password-stdin")
        site = ("--site-name", NAME, "--site-url", self.url)
        self.run("init", *site, *owner, "--plugins", "cms,kb", given=OWNER_PASSWORD)
        config = self.folder / "helpdesk.toml"
        config.write_text(config.read_text("utf-8") + SETTINGS, "utf-8")
        agent = Person.AGENT
        self.run("users", "create", agent.email, "--name", agent.full_name, "--role", "agent", "--password-stdin")
        self._token = self.run("users", "token", agent.email).split()[-1]

    def start(self) -> None:
        """Serve, and wait until it answers."""
        with (self.folder / "serve.log").open("ab") as log:
            helpdesk = [str(Path(sys.executable).parent / "helpdesk"), "--instance", str(self.folder)]
            serve = [*helpdesk, "serve", "--port", str(self.port)]
            self._process = subprocess.Popen(serve, stdout=log, stderr=log, env=_environment())
        until = time.monotonic() + LONG
        while not _answers(f"{self.url}/readyz"):
            assert time.monotonic() < until, (self.folder / "serve.log").read_text("utf-8")
            time.sleep(0.1)

    def stop(self) -> None:
        """Serve no more."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(LONG)
            self._process = None

    def link(self, shell: Shell, key: str, *words: str) -> Link:
        """Make a site for a shell, and return what is typed in there."""
        places = ("--origin", shell.url, "--logout-url", shell.sign_out_url, "--answers-url", shell.answers_url)
        return self.add_site(key, *places, "--comments", self.department, *words)

    def add_site(self, key: str, *words: str) -> Link:
        """Make a site, and return its secret with what belongs to it."""
        made = json.loads(self.run("cms", "sites", "add", key, "--name", f"The site {key}", *words, "--json"))
        return Link(self.url, made["key"], made["kid"], made["secret"])

    @property
    def department(self) -> str:
        """The department that a new helpdesk has."""
        key: str = self.ask("/departments")["items"][0]["key"]
        return key

    def tickets(self) -> list[dict[str, Any]]:
        """Return the tickets, as the agent sees them."""
        items: list[dict[str, Any]] = self.ask("/tickets?limit=100")["items"]
        return items

    def ticket(self, subject: str) -> dict[str, Any]:
        """Return the one ticket with that subject."""
        (found,) = [each for each in self.tickets() if each["subject"] == subject]
        return found

    def messages(self, number: str) -> list[dict[str, Any]]:
        """Return the messages of a ticket."""
        items: list[dict[str, Any]] = self.ask(f"/tickets/{number}/messages")["items"]
        return items

    def answer(self, number: str, text: str) -> None:
        """Answer as the agent, so that the customer sees it."""
        self.ask(f"/tickets/{number}/messages", {"kind": "public", "body_text": text})

    def ask(self, path: str, told: object = None) -> Any:
        """Ask the API as the agent; POST if something is told."""
        head = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        body = json.dumps(told).encode() if told is not None else None
        request = urllib.request.Request(f"{self.url}/api/v1{path}", data=body, headers=head)
        with urllib.request.urlopen(request, timeout=LONG) as answer:
            return json.loads(answer.read())

    def run(self, *words: str, given: str = "") -> str:
        """Run a command of the helpdesk in this process, which has the code loaded already; return what it says."""
        said = io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(said):
            patch.setattr("sys.stdin", io.StringIO(f"{given or OWNER_PASSWORD}\n"))
            for name in [each for each in os.environ if each.startswith("HELPDESK_")]:
                patch.delenv(name)
            code = main(["--instance", str(self.folder), *words])
        assert code == 0, said.getvalue()
        return said.getvalue().strip()


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("HELPDESK_")}


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except (urllib.error.URLError, OSError):
        return False
    return True
