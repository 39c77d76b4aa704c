"""What holds for every page: valid HTML, its weight, and that everybody can use it, in all themes, light and dark."""

import hashlib
import json
import re
from itertools import product
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask

from helpdesk_core.actor import SYSTEM
from helpdesk_core.administration.service import save_settings
from helpdesk_core.app import create_app
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.browser import Browser
from helpdesk_core.testing.site import World
from helpdesk_core.web.assets import CORE_STATIC
from tests.journeys.conftest import PASSWORD, Site, Visit, sign_in
from tests.journeys.markup import problems
from tests.journeys.pages import PEOPLE, addresses, settle

VENDOR = Path(__file__).parent / "vendor"
AXE = VENDOR / "axe-core" / "axe.min.js"
FIRST, AFTER = 100_000, 20_000
"""Bytes, compressed: the first page with all it needs, and each page after it."""
SETTLED = """async () => {
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  await Promise.all(document.getAnimations().map((each) => each.finished.catch(() => {})));
}"""
"""Colours change with the scheme over a moment; only then is there something to judge."""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture
def app(desk: Helpdesk) -> Flask:
    return create_app(desk)


def opened(app: Flask, who: str) -> Browser:
    browser = Browser(app, Accept_Encoding="gzip")
    if PEOPLE[who]:
        browser.login(PEOPLE[who], PASSWORD)
    return browser


@pytest.mark.parametrize("who", PEOPLE)
def test_the_html_of_every_page_is_valid(app: Flask, world: World, who: str) -> None:
    town = settle(world)
    browser = opened(app, who)
    wrong: dict[str, list[str]] = {}
    seen = 0
    for path in addresses(app, who, town):
        page = browser.get(path)
        if page.text.startswith("<!doctype html>"):
            seen += 1
            if found := problems(page.text):
                wrong[path] = found
    assert wrong == {}
    assert seen >= 5


def test_a_form_that_is_sent_back_is_valid_too(app: Flask, world: World) -> None:
    settle(world)
    browser = opened(app, "customer")
    browser.get("/tickets/new")
    page = browser.submit("new-ticket", subject=" ", body=" ")
    assert page.status == 422
    assert problems(page.text) == []


@pytest.mark.parametrize(
    ("html", "said"),
    [
        ("<p><div>x</div>", "unexpected-end-tag|stands in|p"),
        ("<a href=x>x<button>y</button></a>", "<button> stands in <a>"),
        ("<label for=nowhere>x</label>", "points nowhere"),
        ("<b id=x></b><i id=x></i>", "2 times"),
        ("<ul><div></div></ul>", "directly in <ul>"),
    ],
)
def test_what_is_wrong_would_be_found(html: str, said: str) -> None:
    page = f"<!doctype html><html lang=en><head><title>x</title></head><body>{html}</body></html>"
    found = " ".join(problems(page.replace("<p><div>x</div>", "<p><div>x</div></p>")))
    assert re.search(said, found), found


@pytest.mark.parametrize("who", PEOPLE)
def test_pages_are_light(app: Flask, world: World, who: str) -> None:
    town = settle(world)
    browser = opened(app, who)
    heavy: dict[str, tuple[int, int]] = {}
    for path in addresses(app, who, town):
        page = browser.get(path)
        if not page.text.startswith("<!doctype html>"):
            continue
        wanted = set(re.findall(r'(?:href|src)="(/(?:static|theme|favicon)[^"#]*)', page.text))
        wanted |= {f"/static/js/{file.name}" for file in (CORE_STATIC / "js").glob("*.js")}
        assets = sum(len(browser.client.get(each, headers={"Accept-Encoding": "gzip"}).data) for each in wanted)
        assert browser.response is not None
        html = len(browser.response.data)
        if html > AFTER or html + assets > FIRST:
            heavy[path] = (html, assets)
    assert heavy == {}


@pytest.mark.parametrize("look", ["default", "harbor"])
@pytest.mark.parametrize("who", PEOPLE)
def test_everybody_can_use_every_page(site: Site, visit: Visit, who: str, look: str) -> None:
    town = settle(site.world)
    save_settings(site.desk, SYSTEM, "core.theme", {"active": look})
    app = create_app(site.desk)
    page = visit(1280, color_scheme="light", bypass_csp=True, reduced_motion="reduce")
    if PEOPLE[who]:
        sign_in(page, PEOPLE[who])
    found: dict[str, list[str]] = {}
    for path, scheme in product(addresses(app, who, town), ("light", "dark")):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        page.goto(path)
        whole = page.evaluate("document.doctype !== null")
        if not whole or urlsplit(page.url).path != path:  # a part of a page, or the form for signing in
            continue
        page.add_script_tag(path=AXE)
        page.evaluate(SETTLED)
        tags = {"type": "tag", "values": RULES}
        only = tags if scheme == "light" else {"type": "rule", "values": ["color-contrast"]}
        result = page.evaluate("(only) => axe.run(document, { runOnly: only, resultTypes: ['violations'] })", only)
        for each in result["violations"]:
            nodes = "; ".join(node["html"][:120] for node in each["nodes"][:3])
            found.setdefault(f"{path} {scheme}", []).append(f"{each['id']}: {nodes}")
    assert found == {}


def test_the_tools_of_these_tests_are_the_ones_that_were_looked_at() -> None:
    manifest = json.loads((VENDOR / "MANIFEST.json").read_text("utf-8"))
    files = {name: digest for tool in manifest.values() for name, digest in tool["files"].items()}
    there = {
        file.relative_to(VENDOR).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in VENDOR.rglob("*")
        if file.is_file() and file.name != "MANIFEST.json"
    }
    assert there == files
