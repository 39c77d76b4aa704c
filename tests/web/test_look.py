"""What holds for every page, in both themes: contrast, budget, no inline code, narrow screens."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, expect

from helpdesk_core.web.assets import CORE_STATIC
from helpdesk_core.web.theme_loader import CORE_TEMPLATES
from helpdesk_core.web.theming import bundled_themes
from tests.browsers import serving
from tools.gallery import PAGES, gallery

LOOKS = ("default", "harbor")
SAMPLES = sorted(page.stem for page in PAGES.glob("*.html") if page.stem != "table")
TEMPLATES = sorted(CORE_TEMPLATES.rglob("*.html"))
OWN = [file for file in TEMPLATES if file.parent.name in ("base", "macros")]
BUDGET = 100_000

# text on ground; every pair is seen somewhere
PAIRS = [
    *((text, ground) for text in ("fg", "fg-muted", "accent", "danger") for ground in ("bg", "bg-subtle", "bg-raised")),
    *((text, "bg-strong") for text in ("fg", "fg-muted")),
    ("on-accent", "accent"),
    ("on-accent", "accent-hover"),
    ("on-danger", "danger"),
    ("accent", "accent-soft"),
    ("fg", "accent-soft"),
    ("note", "note-bg"),
    ("note-bg", "note"),
    ("fg", "note-bg"),
    ("fg-muted", "note-bg"),
    *((kind, f"{kind}-soft") for kind in ("info", "success", "warning", "danger")),
    *(("fg", f"{kind}-soft") for kind in ("info", "success", "warning", "danger")),
    *((f"state-{state}", f"state-{state}-soft") for state in ("new", "open", "waiting", "resolved", "closed")),
]


def tokens(look: str) -> dict[str, str]:
    """All tokens of a theme as written: core's, then its parents' and its own."""
    sheets = [
        CORE_STATIC / "css/tokens.css",
        bundled_themes() / "default/tokens.css",
        bundled_themes() / look / "tokens.css",
    ]
    found: dict[str, str] = {}
    for sheet in sheets:
        found |= dict(re.findall(r"--hd-([a-z0-9-]+):\s*([^;]+);", sheet.read_text("utf-8")))
    return found


def colour(values: dict[str, str], name: str, dark: bool) -> tuple[int, int, int]:
    value = values[name]
    if alias := re.fullmatch(r"var\(--hd-([a-z0-9-]+)\)", value):
        return colour(values, alias.group(1), dark)
    both = re.fullmatch(r"light-dark\((#\w{6}), (#\w{6})\)", value)
    code = both.group(2 if dark else 1) if both else value
    return int(code[1:3], 16), int(code[3:5], 16), int(code[5:7], 16)


def luminance(rgb: tuple[int, int, int]) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [(part / 255) / 12.92 if part / 255 <= 0.04045 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in rgb]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_text_can_be_read_on_its_ground(look: str, dark: bool) -> None:
    values = tokens(look)
    found = {pair: contrast(colour(values, pair[0], dark), colour(values, pair[1], dark)) for pair in PAIRS}
    assert {pair: round(ratio, 2) for pair, ratio in found.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_edges_of_controls_and_the_focus_ring_stand_out(look: str, dark: bool) -> None:
    values = tokens(look)
    for line in ("border-strong", "focus"):
        for ground in ("bg", "bg-raised"):
            assert contrast(colour(values, line, dark), colour(values, ground, dark)) >= 3, (line, ground)


def test_a_dark_header_shows_its_text_on_light_pages() -> None:
    values = tokens("harbor")
    assert contrast(colour(values, "header-fg", True), colour(values, "header-bg", True)) >= 4.5
    assert contrast(colour(values, "fg-muted", True), colour(values, "rail-bg", True)) >= 4.5


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.relative_to(CORE_TEMPLATES).as_posix())
def test_every_template_states_its_contract_first(file: Path) -> None:
    assert re.match(r"\{#- contract: [1-9]\d* -#\}\n", file.read_text("utf-8"))


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.relative_to(CORE_TEMPLATES).as_posix())
def test_no_template_carries_inline_script_or_style(file: Path) -> None:
    text = file.read_text("utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son[a-z]+\s*=\s*[\"']|javascript:", text)
    if "email" not in file.relative_to(CORE_TEMPLATES).as_posix():
        assert not re.search(r"<style|\sstyle\s*=", text)


def test_every_icon_that_templates_name_is_in_the_sprite() -> None:
    sprite = set(re.findall(r'<symbol id="([^"]+)"', (CORE_STATIC / "icons.svg").read_text("utf-8")))
    named: set[str] = set()
    for file in TEMPLATES:
        text = file.read_text("utf-8")
        named |= set(re.findall(r"""\bicon(?:_button)?\(["']([a-z0-9-]+)["'][,)]""", text))
        named |= set(re.findall(r"""icon_name=["']([a-z0-9-]+)["']""", text))
    assert named
    assert named - sprite == set()


@pytest.fixture(params=LOOKS)
def client(request: pytest.FixtureRequest) -> FlaskClient:
    return gallery(request.param).test_client()


@pytest.mark.parametrize("page", SAMPLES)
def test_a_first_visit_stays_within_the_budget(client: FlaskClient, page: str) -> None:
    shown = client.get(f"/p/{page}")
    assert shown.status_code == 200
    wanted = set(re.findall(r'(?:href|src)="(/(?:static|theme|favicon)[^"#]*)', shown.text))
    wanted |= {f"/static/js/{file.name}" for file in (CORE_STATIC / "js").glob("*.js")}
    total = 0
    for address in wanted:
        answer = client.get(address, headers={"Accept-Encoding": "gzip"})
        assert answer.status_code == 200, address
        total += len(answer.data)
    assert 20_000 < total < BUDGET


def test_ids_on_a_page_are_unique_and_labels_point_to_fields(client: FlaskClient) -> None:
    for page in ("portal-ticket", "desk-ticket", "sign-in", "admin-plugins"):
        text = client.get(f"/p/{page}").text
        ids = re.findall(r'\sid="([^"]+)"', text)
        assert sorted(ids) == sorted(set(ids)), page
        pointed = set(re.findall(r'\s(?:for|popovertarget)="([^"]+)"', text))
        pointed |= {
            one for many in re.findall(r'aria-(?:labelledby|describedby)="([^"]+)"', text) for one in many.split()
        }
        assert pointed <= set(ids), page


@pytest.fixture(params=LOOKS)
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    with serving(gallery(request.param)) as url:
        yield url


def test_pages_fit_narrow_screens_and_keep_the_content_security_policy(chromium: Browser, address: str) -> None:
    said: list[str] = []
    for width in (320, 768, 1440):
        with chromium.new_context(viewport={"width": width, "height": 800}) as context:
            page = context.new_page()
            page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
            page.on("pageerror", lambda error: said.append(str(error)))
            for sample in SAMPLES:
                page.goto(f"{address}/p/{sample}", wait_until="load")
                wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                assert wider <= 0, f"{sample} at {width} px is {wider} px too wide"
    assert said == []


def test_keys_work_beside_fields_and_not_in_them_and_drafts_come_back(chromium: Browser, address: str) -> None:
    with chromium.new_context(viewport={"width": 1440, "height": 900}) as context:
        page = context.new_page()
        page.goto(f"{address}/p/desk-ticket", wait_until="load")
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_contain_text("Write a reply")
        page.keyboard.press("Escape")
        page.keyboard.press("n")
        body = page.get_by_label("Message", exact=True)
        expect(body).to_be_focused()
        expect(page.get_by_role("button", name="Add note")).to_be_visible()
        expect(page.get_by_role("button", name="Send reply")).to_be_hidden()
        page.keyboard.type("r n ? kept")
        expect(body).to_have_value("r n ? kept")
        expect(page.get_by_text("Draft kept")).to_be_visible()
        page.reload(wait_until="load")
        expect(body).to_have_value("r n ? kept")
        expect(page.get_by_role("button", name="Add note")).to_be_visible()
        body.press("Control+Enter")
        expect(body).to_have_value("")
