"""Every page there is, for those who look at all of them: found by following links, as people do."""

import html
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from helpdesk_core.cli.demo.people import PASSWORD
from helpdesk_core.testing.browser import Browser

PEOPLE = {"nobody": "", "customer": "customer@example.com", "admin": "admin@example.com"}
BEGINNINGS = (
    "/",
    "/login",
    "/signup",
    "/password/sent",
    "/search?q=mail",
    "/desk/",
    "/desk/search?q=mail",
    "/admin/",
)
LINK = re.compile(r"\b(?:href|hx-get|data-[a-z-]+)=[\"'](/[^\"'#]*)")
SAMPLES = 4
"""Of pages with one address for many things, so many are looked at, and the richest of them stands for all."""
ALL_OF = ("/admin/settings/<owner>",)
"""Each of these is another page."""
NO_PAGES = (
    "/static/",
    "/x-static/",
    "/theme/",
    "/theme-accent.css",
    "/favicon.svg",
    "/api/",
    "/healthz",
    "/readyz",
    "/attachments/",
    "/pictures/",
    "/f/",
    "/desk/live",
    "/x/kb/files/",
    "/x/kb/sitemap.xml",
)
"""Files, and what programs and scripts ask for."""
LEFT_OUT = {
    "/admin/mail-texts/<name>/preview": "a mail's own HTML, in a shut frame",
    "/admin/outbox/<uid>/html": "a mail's own HTML, in a shut frame",
    "/desk/x/email/mails/<uid>/html": "a mail's own HTML, in a shut frame",
    "/answers/<path:slug>": "goes on to the pages of whoever has the answer",
    "/tickets/sent": "follows on sending a question only; the guest's journey looks at it",
    "/admin/x/email/connected": "where Google and Microsoft send an admin back to; it goes on to the mailbox",
    "/x/oidc/go/<key>": "goes on to another site",
    "/x/oidc/back/<key>": "where another site sends people back to",
    "/x/kb/<locale>/<slug>/seen.svg": "a picture of one dot, which counts readers",
    "/x/cms/answers/<site>": "for programs of other sites",
    "/x/cms/dashboard": "for programs of other sites",
    "/x/cms/embed.js": "for pages of other sites",
    "/x/cms/frame.js": "for pages of other sites",
    "/x/cms/style.css": "for pages of other sites",
    "/x/cms/file/<token>": "a file",
    "/x/cms/frame/<site>": "a part of other sites' pages, which have the landmark and the first heading around it",
    "/x/cms/health": "for programs of other sites",
    "/x/cms/sign-in": "goes on to the portal",
}
"""Rules that are no pages of this site, or none that a link leads to, and why."""


@dataclass(frozen=True)
class Seen:
    """A page that somebody got."""

    rule: str
    path: str
    size: int


@dataclass
class Survey:
    """What each kind of person (as in `PEOPLE`) can open: whole pages, one for each rule, and which rules answered."""

    pages: dict[str, list[Seen]] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    troubles: dict[str, int] = field(default_factory=dict)
    """Pages that were linked to and did not open, with their status."""

    def to_look_at(self) -> Iterator[tuple[str, Seen]]:
        """Yield each page with who opens it; what an admin sees on the portal, the customer sees too."""
        portal = {each.rule for who in ("nobody", "customer") for each in self.pages[who]}
        for who, pages in self.pages.items():
            yield from ((who, each) for each in pages if who != "admin" or each.rule not in portal)


def signed_in(app: Flask, who: str) -> Browser:
    """Return a browser in which that kind of person has signed in."""
    browser = Browser(app, Accept_Encoding="gzip")
    if PEOPLE[who]:
        browser.login(PEOPLE[who], PASSWORD)
    return browser


def survey(app: Flask, more: list[str]) -> Survey:
    """Follow all links from where people begin, and from `more`."""
    found = Survey()
    for who in PEOPLE:
        best: dict[tuple[str, str], Seen] = {}
        for seen, answer in _walk(app, who, more):
            if answer.status_code >= 400:
                found.troubles[f"{who} {seen.path}"] = answer.status_code
                continue
            found.answered.add(seen.rule)
            key = (seen.rule, seen.path if seen.rule in ALL_OF else "")
            is_page = answer.status_code == 200 and answer.data[:15] == b"<!doctype html>"
            if is_page and (key not in best or seen.size > best[key].size):
                best[key] = seen
        found.pages[who] = sorted(best.values(), key=lambda each: each.path)
    return found


def pages_of(app: Flask) -> set[str]:
    """Return the rules that may be pages: all that answer GET but for `NO_PAGES`."""
    rules = {rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    return {rule for rule in rules if not rule.startswith(NO_PAGES)} - set(LEFT_OUT)


def _walk(app: Flask, who: str, more: list[str]) -> Iterator[tuple[Seen, TestResponse]]:
    browser = signed_in(app, who)
    browser.headers.clear()
    matching = app.url_map.bind("localhost")
    often: Counter[str] = Counter()
    done: defaultdict[str, set[str]] = defaultdict(set)
    mine = [path for path in BEGINNINGS if who == "admin" or not path.startswith(("/desk", "/admin"))]
    # A link in a mail opens for whoever has it, a ticket for the customer whose it is.
    theirs = [path for path in more if who == "customer" or (who != "admin" and not path.startswith("/tickets/"))]
    todo = [*mine, *theirs]
    while todo:
        path = html.unescape(todo.pop(0))
        try:
            rule = matching.match(urlsplit(path).path, method="GET", return_rule=True)[0].rule
        except HTTPException:
            continue
        if (
            path in done[rule]
            or rule.startswith(NO_PAGES)
            or rule in LEFT_OUT
            or (often[rule] >= SAMPLES and rule not in ALL_OF)
        ):
            continue
        often[rule] += 1
        done[rule].add(path)
        answer = browser.client.get(path, buffered=True)
        yield Seen(rule, path, len(answer.data)), answer
        if location := answer.headers.get("Location"):
            todo.append(location)
        if answer.mimetype == "text/html" and answer.status_code == 200:
            todo += LINK.findall(answer.text)
