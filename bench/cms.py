"""Measure the plugin for sites: parts of pages, and people who are signed in by a site.

    python bench/cms.py INSTANCE [--seconds 5] [--clients 4] [--name NAME]

INSTANCE has the plugin `cms` enabled and some tickets (`helpdesk demo --no-serve` makes one). A site `bench` is added
for the measuring and removed after it. A member with ten tickets asks for parts of pages over one connection (p50, p95
in milliseconds; `cpu` is what the helpdesk spends of it) and with several clients at once (a second). `kept` is the
share of somebody's views, one every ten seconds for ten minutes, that a shell answers from what it may keep
(`max_age`). Sign-ins are whole: a token is checked and used up, a session begun. Prints the figures and, with
`--name`, keeps them in `bench/results/NAME.json`.
"""

import argparse
import json
import secrets
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import jwt
from cms_cpu import spent
from serving import RESULTS, helpdesk

PAGE = "https://www.example.com/support"
EVERY, VIEWS = 10, 60
TICKETS = 10
SITE = "bench"


class Shell:
    """A site's side: signs and asks."""

    def __init__(self, base: str, key: dict[str, str]) -> None:
        self.base, self.key = base, key
        self.here = urlsplit(base)

    def token(self, use: str, who: str) -> str:
        """Return a token for one of the site's people."""
        now = int(time.time())
        said = {
            "iss": SITE, "aud": self.base, "iat": now, "exp": now + 120, "jti": secrets.token_hex(12), "use": use,
            "sub": who, "email": f"{who}@example.com", "email_verified": True, "name": who, "data": {"plan": "gold"},
        }  # fmt: skip
        return jwt.encode(said, self.key["secret"], "HS256", headers={"kid": self.key["kid"]})

    def connect(self) -> HTTPConnection:
        """Return a connection that stays open."""
        return HTTPConnection(self.here.hostname or "", self.here.port, timeout=60)

    def fragment(self, line: HTTPConnection, token: str, path: str, **form: str) -> dict[str, Any]:
        """Ask for a part of a page."""
        body = json.dumps({"path": path, "page": PAGE, **({"method": "POST", **form} if form else {})})
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        line.request("POST", "/x/cms/fragment", body, headers)
        answer = line.getresponse()
        given = json.loads(answer.read())
        if answer.status != 200:
            sys.exit(f"{path}: {given}")
        told: dict[str, Any] = given
        return told

    def sign_in(self, line: HTTPConnection, who: str) -> None:
        """Follow a link that signs in."""
        line.request("GET", "/x/cms/sign-in?" + urlencode({"token": self.token("sign-in", who), "next": "/tickets"}))
        answer = line.getresponse()
        answer.read()
        if answer.status != 303:
            sys.exit(f"A sign-in was answered with {answer.status}.")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("instance", type=Path)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--name", default="")
    given = parser.parse_args()
    key = json.loads(command(given.instance, "add", SITE, "--name", "Bench", "--json"))
    try:
        with helpdesk(given.instance, env={"HELPDESK_SITE__URL": "http://127.0.0.1"}) as server:
            shell = Shell("http://127.0.0.1", key)
            shell.here = urlsplit(server.base)
            figures = measure(shell, given.seconds, given.clients)
    finally:
        command(given.instance, "remove", SITE)
    for name, values in figures.items():
        print(f"{name:<24}" + "  ".join(f"{key} {value}" for key, value in values.items()))
    if given.name:
        (RESULTS / f"{given.name}.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def measure(shell: Shell, seconds: float, clients: int) -> dict[str, dict[str, float]]:
    """Return the figures by what was measured."""
    line, token = shell.connect(), shell.token("server", "mia")
    first = ""
    for number in range(TICKETS):
        given = shell.fragment(line, token, "new", subject=f"Number {number}", body="It is slow.", department="support")
        first = str(given["go"])
    figures: dict[str, dict[str, float]] = {}
    for path in ("new", "tickets", first, "search?q=mail"):
        lasts = shell.fragment(line, token, path)["max_age"]

        def ask(own: HTTPConnection, path: str = path) -> None:
            shell.fragment(own, token, path)

        name = f"fragment {path.split('/')[0].split('?')[0]}{' one' if '/' in path else ''}"
        figures[name] = {**timed(shell, ask, seconds, clients), "kept": kept(lasts)}
    figures["sign-in"] = timed(shell, lambda own: shell.sign_in(own, "mia"), seconds, clients)
    return figures


def timed(shell: Shell, ask: Callable[[HTTPConnection], None], seconds: float, clients: int) -> dict[str, float]:
    """Return p50, p95 and the helpdesk's CPU time of one client (ms), and how many a second several get."""
    line, took = shell.connect(), []
    before = spent()
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        begun = time.perf_counter()
        ask(line)
        took.append((time.perf_counter() - begun) * 1000)
    cpu = (spent() - before) / len(took)
    cuts = statistics.quantiles(took, n=20) if len(took) > 1 else took * 19
    ends = time.monotonic() + seconds

    def go_on(_client: int) -> int:
        own, count = shell.connect(), 0
        while time.monotonic() < ends:
            ask(own)
            count += 1
        return count

    with ThreadPoolExecutor(clients) as pool:
        done = sum(pool.map(go_on, range(clients)))
    return {
        "p50": round(cuts[9], 1),
        "p95": round(cuts[18], 1),
        "a second": round(done / seconds, 1),
        "cpu": round(cpu, 1),
    }


def kept(lasts: int) -> float:
    """Return the share of one person's views that need no request, if one is answered from what is kept for `lasts`."""
    asked, until = 0, -1
    for view in range(VIEWS):
        if view * EVERY >= until:
            asked, until = asked + 1, view * EVERY + lasts
    return round(1 - asked / VIEWS, 2)


def command(instance: Path, *words: str) -> str:
    """Run `helpdesk cms sites …` and return what it says."""
    helpdesk_command = [str(Path(sys.executable).with_name("helpdesk")), "--instance", str(instance)]
    done = subprocess.run([*helpdesk_command, "cms", "sites", *words], capture_output=True, text=True, check=True)
    return done.stdout


if __name__ == "__main__":
    main()
