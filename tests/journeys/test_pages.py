"""What holds for every page: valid HTML, its weight, and that everybody can use it, in all themes, light and dark."""

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page

from helpdesk_core.actor import SYSTEM
from helpdesk_core.administration.service import save_settings
from helpdesk_core.app import create_app
from helpdesk_core.events.base import Event
from helpdesk_core.testing.browser import Browser
from helpdesk_core.web.admin.record import AREAS, SENTENCES
from tests.browsers import PATIENCE, serving
from tests.journeys.conftest import Place, enter
from tests.journeys.markup import problems
from tests.journeys.pages import PEOPLE, Seen, pages_of, signed_in

VENDOR = Path(__file__).parent / "vendor"
AXE = (VENDOR / "axe-core" / "axe.min.js").read_text("utf-8")
FIRST, AFTER = 100_000, 20_000
"""Bytes, compressed: the first page with all it needs, and each page after it."""
SETTLED = """async () => {
  for (let frame = 0, quiet = 0; quiet < 3 && frame < 300; frame += 1) {
    await new Promise((done) => requestAnimationFrame(done));
    quiet = document.getAnimations().length ? 0 : quiet + 1;
  }
}"""
"""Colours change with the scheme over some frames, inherited ones later; only then is there something to judge."""
RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
CONTRAST = {"type": "rule", "values": ["color-contrast"]}
NARROW = 320
IMPORT = re.compile(r"""\b(?:from|import)\s*\(?\s*["'](\.{1,2}/[^"']+)["']""")
PICTURES = os.environ.get("HELPDESK_TEST_PICTURES", "")
"""A folder in which pictures of all pages are kept, in each theme, light and dark, wide and narrow."""


def test_no_page_is_forgotten(place: Place) -> None:
    """A new page is linked from another one, or is named in `LEFT_OUT` with a reason."""
    assert pages_of(place.app) - place.pages.answered == set()
    assert place.pages.troubles == {}


def test_the_html_of_every_page_is_valid_and_light(place: Place) -> None:
    wrong: dict[str, list[str]] = {}
    heavy: dict[str, tuple[int, int]] = {}
    for who in PEOPLE:
        browser, sizes = signed_in(place.app, who), dict[str, int]()
        for seen in place.pages.pages[who]:
            page = browser.get(seen.path)
            if found := problems(page.text):
                wrong[f"{who} {seen.path}"] = found
            wanted = with_imports(
                browser, set(re.findall(r'(?:href|src)="(/(?:static|x-static|theme|favicon)[^"#]*)', page.text))
            )
            for each in wanted - sizes.keys():
                sizes[each] = len(browser.client.get(each, headers={"Accept-Encoding": "gzip"}).data)
            assert browser.response is not None
            html, assets = len(browser.response.data), sum(sizes[each] for each in wanted)
            if html > AFTER or html + assets > FIRST:
                heavy[f"{who} {seen.path}"] = (html, assets)
    assert wrong == {}
    assert heavy == {}


def with_imports(browser: Browser, wanted: set[str]) -> set[str]:
    """Return the addresses with those of all modules that scripts among them import, whether at once or later."""
    found, todo = set(wanted), [each for each in wanted if urlsplit(each).path.endswith(".js")]
    while todo:
        address = todo.pop()
        source = browser.client.get(address).get_data(as_text=True)
        imported = {urljoin(address, each) for each in IMPORT.findall(source)} - found
        found |= imported
        todo += imported
    return found


def test_every_kind_of_event_can_be_told(place: Place) -> None:
    untold = [
        kind
        for kind, event in place.desk.event_types.items()
        if "." in kind
        and kind not in SENTENCES
        and not kind.startswith(tuple(AREAS["tickets"]))
        and event.told is Event.told
        and not event.sentence
    ]
    assert untold == []


def test_a_form_that_is_sent_back_is_valid_too(place: Place) -> None:
    browser = signed_in(place.app, "customer")
    browser.get("/tickets/new")
    page = browser.submit("new-ticket", subject=" ", body=" ", press="Send")
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


@pytest.fixture(params=["default", "harbor"])
def look(place: Place, request: pytest.FixtureRequest) -> Iterator[str]:
    """Give the place, which is of all these tests, another theme for the time of one."""
    name: str = request.param
    before = place.desk.settings.effective("core.theme").values["active"]
    save_settings(place.desk, SYSTEM, "core.theme", {"active": name})
    yield name
    save_settings(place.desk, SYSTEM, "core.theme", {"active": before})


def test_everybody_can_use_every_page(place: Place, look: str, chromium: Chromium) -> None:
    """No page breaks the policy for scripts and styles, hides something from somebody, or is too wide for a phone.

    The theme Harbor changes colours and few templates: on the desk and the admin pages only contrast is judged in it.
    """
    found: dict[str, list[str]] = {}
    with serving(create_app(place.desk)) as url:
        for who in PEOPLE:
            context = chromium.new_context(
                base_url=url, viewport={"width": 1280, "height": 860}, reduced_motion="reduce"
            )
            context.set_default_timeout(PATIENCE)
            page = context.new_page()
            said = complaints_of(page)
            enter(page, PEOPLE[who])
            for seen in [each for whose, each in place.pages.to_look_at() if whose == who]:
                if (who, seen.rule) == ("nobody", "/tickets/<number>"):
                    page.goto(place.guest_link)
                whole = look == "default" or not seen.path.startswith(("/desk", "/admin"))
                if troubles := [*judged(page, seen, f"{look}/{who}", whole=whole), *said]:
                    found[f"{who} {seen.path}"] = troubles
                said.clear()
            context.close()
    assert found == {}


def complaints_of(page: Page) -> list[str]:
    """Return a list that gets what the browser complains of: errors of scripts, and what the policy forbids."""
    said: list[str] = []
    page.on("console", lambda each: said.append(each.text) if each.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


def judged(page: Page, seen: Seen, name: str, *, whole: bool) -> list[str]:
    """Return what is wrong with a page, looked at light and dark, wide and narrow."""
    page.set_viewport_size({"width": 1280, "height": 860})
    page.emulate_media(color_scheme="light")
    page.goto(seen.path, wait_until="load")
    if urlsplit(page.url).path != urlsplit(seen.path).path:
        return [f"leads to {page.url}"]
    page.evaluate(AXE)
    found = [*violations(page, RULES if whole else CONTRAST)]
    keep(page, seen, f"{name}-light")
    page.emulate_media(color_scheme="dark")
    found += violations(page, CONTRAST)
    keep(page, seen, f"{name}-dark")
    page.set_viewport_size({"width": NARROW, "height": 800})
    page.evaluate(SETTLED)
    keep(page, seen, f"{name}-narrow")
    wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return [*found, f"{wider} px too wide for {NARROW} px"] if wider > 0 else found


def violations(page: Page, only: Mapping[str, object]) -> list[str]:
    """Return what axe has to say."""
    page.evaluate(SETTLED)
    result = page.evaluate("(only) => axe.run(document, { runOnly: only, resultTypes: ['violations'] })", only)
    return [
        f"{each['id']}: {node['html'][:160]} {node.get('failureSummary', '')}"
        for each in result["violations"]
        for node in each["nodes"][:3]
    ]


def keep(page: Page, seen: Seen, name: str) -> None:
    """Keep a picture of the page, if pictures are wanted."""
    if PICTURES:
        file = Path(PICTURES) / name / f"{re.sub(r'[^a-z0-9]+', '-', seen.rule.lower()).strip('-') or 'home'}.png"
        page.screenshot(path=file)


def test_the_tools_of_these_tests_are_the_ones_that_were_looked_at() -> None:
    manifest = json.loads((VENDOR / "MANIFEST.json").read_text("utf-8"))
    files = {name: digest for tool in manifest.values() for name, digest in tool["files"].items()}
    there = {
        file.relative_to(VENDOR).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in VENDOR.rglob("*")
        if file.is_file() and file.name != "MANIFEST.json"
    }
    assert there == files
