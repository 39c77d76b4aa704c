"""The look of a site: a theme tried by one and used by all, an accent and a logo of its own."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from helpdesk_core.app import create_app
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.browser import Browser, File
from helpdesk_core.testing.site import World
from helpdesk_core.web.colours import DARK, LIGHT, accent_css, contrast, read
from helpdesk_core.web.theming import bundled_themes
from tests.web.people import sign_in

LOOK = "/admin/settings/core.theme"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9" fill="#123456"/></svg>'


@pytest.fixture
def admin(browser: Browser, world: World) -> Browser:
    sign_in(browser, world, owner=True)
    return browser


@pytest.fixture
def again(desk: Helpdesk, admin: Browser) -> Callable[[], Browser]:
    """Return the admin's browser in front of the application as it is built after a change."""

    def browser() -> Browser:
        fresh = Browser(create_app(desk))
        for cookie in ("hd_session", "hd_try_theme"):
            if value := admin.cookie(cookie):
                fresh.client.set_cookie(cookie, value)
        return fresh

    return browser


def themes_of(text: str) -> set[str]:
    return set(re.findall(r"/theme/(\w+)/tokens\.css", text))


def test_a_theme_is_tried_by_one_and_seen_by_nobody_else(admin: Browser, desk: Helpdesk) -> None:
    page = admin.get(LOOK)
    assert "Everybody sees it" in page.words
    admin.post("/admin/look/try", {"theme": "harbor"})
    mine, others = admin.get("/"), Browser(admin.client.application).get("/")
    assert themes_of(mine.text) == {"default", "harbor"}
    assert "Only you see the theme “Harbor”." in mine.words
    assert themes_of(others.text) == {"default"}
    assert "Only you see" not in others.words
    assert desk.settings.theme().active == "default"
    admin.submit("/admin/look/try")
    assert themes_of(admin.get("/").text) == {"default"}


def test_a_theme_that_was_tried_brings_its_templates_too(admin: Browser, desk: Helpdesk) -> None:
    theme = desk.config.instance / "themes" / "ocean"
    (theme / "templates" / "base").mkdir(parents=True)
    (theme / "theme.toml").write_text('name = "ocean"\ntitle = "Ocean"\nversion = "1"\nparent = "default"\n')
    words = '{% extends "core:base/portal.html" %}{% block footer_text %}Made at sea{% endblock %}'
    (theme / "templates" / "base" / "portal.html").write_text("{#- contract: 1 -#}\n" + words)
    browser = Browser(create_app(desk))
    browser.client.set_cookie("hd_try_theme", "ocean")
    for _time in range(2):
        assert "Made at sea" in browser.get("/").words
        assert "Made at sea" not in Browser(browser.client.application).get("/").words


def test_whoever_tries_a_theme_sees_it_change_and_finds_one_made_since(admin: Browser, desk: Helpdesk) -> None:
    admin.get(LOOK)
    theme = desk.config.instance / "themes" / "reef"
    (theme / "templates" / "base").mkdir(parents=True)
    (theme / "theme.toml").write_text('name = "reef"\ntitle = "Reef"\nversion = "1"\nparent = "default"\n')
    tokens = theme / "tokens.css"
    tokens.write_text(":root { --hd-radius: 0px; }")
    assert "Reef" in admin.get(LOOK).words
    admin.post("/admin/look/try", {"theme": "reef"})
    page = theme / "templates" / "base" / "portal.html"
    start = '{#- contract: 1 -#}\n{% extends "core:base/portal.html" %}{% block footer_text %}'
    for number, words in enumerate(("First words", "Other words")):
        page.write_text(f"{start}{words}{{% endblock %}}")
        os.utime(page, (number, number))
        tokens.write_text(f":root {{ --hd-radius: {number}px; }}")
        shown = admin.get("/")
        assert words in shown.words
        address = re.search(r'/theme/reef/tokens\.css[^"]*', shown.text)
        assert address is not None
        assert f"{number}px" in admin.client.get(address[0]).text


def test_a_theme_is_used_for_everybody(admin: Browser, desk: Helpdesk, again: Callable[[], Browser]) -> None:
    admin.get(LOOK)
    admin.post("/admin/look/try", {"theme": "harbor"})
    page = admin.submit("/admin/look/use")
    assert "Everybody sees the theme “Harbor” in a moment." in page.words
    assert desk.settings.theme().active == "harbor"
    assert admin.cookie("hd_try_theme") is None
    assert "harbor" in themes_of(again().get("/").text)


def test_who_may_not_change_settings_changes_no_look(browser: Browser, world: World) -> None:
    sign_in(browser, world, "agent")
    browser.get("/")
    for what in ("try", "use", "logo"):
        assert browser.post(f"/admin/look/{what}", {"theme": "harbor"}).status in (403, 404)


@pytest.mark.parametrize("name", ["nowhere", "../harbor"])
def test_a_theme_that_is_not_there_is_not_found(admin: Browser, name: str) -> None:
    admin.get("/")
    assert admin.post("/admin/look/try", {"theme": name}).status == 404
    admin.get("/")
    assert admin.post("/admin/look/use", {"theme": name}).status == 404
    admin.client.set_cookie("hd_try_theme", name)
    assert themes_of(admin.get("/").text) == {"default"}


@pytest.mark.parametrize(("content", "ending"), [(PNG, ".png"), (SVG, ".svg")], ids=["png", "svg"])
def test_a_logo_is_uploaded_and_taken_away_again(
    admin: Browser, desk: Helpdesk, again: Callable[[], Browser], content: bytes, ending: str
) -> None:
    admin.get(LOOK)
    page = admin.submit("logo", file=File("my logo.bin", content))
    assert "The logo is shown in a moment." in page.words
    logo = desk.settings.theme().logo
    assert logo.endswith(ending)
    assert (desk.config.instance / logo).read_bytes() == content
    shown = re.search(r'/theme/_site/[^"?]+', again().get("/").text)
    assert shown is not None
    assert again().client.get(shown[0]).data == content
    admin.submit("logo", press="Back to the theme’s logo")
    assert desk.settings.theme().logo == ""


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "Choose a file first."),
        (b"GIF8", "no image that browsers show"),
        (b"<html><svg></svg>", "no image that browsers show"),
        (SVG.replace(b"<rect", b"<script>1</script><rect"), "scripts"),
        (SVG.replace(b"<rect", b"<rect onload='x'"), "scripts"),
        (SVG.replace(b"<rect", b"<a href='//example.org'/><rect"), "scripts"),
        (PNG + b"\0" * 500_000, "too large for a logo"),
    ],
)
def test_what_is_no_plain_image_is_refused(admin: Browser, desk: Helpdesk, content: bytes, says: str) -> None:
    admin.get(LOOK)
    assert says in admin.submit("logo", file=File("logo.svg", content)).words
    assert desk.settings.theme().logo == ""


def test_an_accent_of_the_site_comes_after_the_theme(admin: Browser, desk: Helpdesk) -> None:
    admin.get(LOOK)
    page = admin.submit("settings", accent="#aa0055")
    assert "Accent: #aa0055 (was nothing)." in page.words
    sheets = re.findall(r'<link rel="stylesheet" href="([^"]+)"', admin.get("/").text)
    assert sheets[-1] == "/theme-accent.css?c=aa0055"
    sheet = admin.client.get(sheets[-1])
    assert sheet.mimetype == "text/css"
    assert "--hd-accent: light-dark(#aa0055, " in sheet.text
    admin.get(LOOK)
    assert admin.submit("settings", accent="red; }").status == 422
    assert desk.settings.theme().accent == "#aa0055"


def grounds(name: str) -> list[tuple[str, str]]:
    """The pages' grounds in light and dark, of core or a theme's own."""
    text = Path(bundled_themes() / name / "tokens.css").read_text("utf-8")
    return re.findall(r"--hd-bg[a-z-]*: light-dark\((#\w{6}), (#\w{6})\)", text)


@pytest.mark.parametrize(
    "accent", ["#ffffff", "#000000", "#ffff00", "#00ff00", "#0000ff", "#ff0000", "#777777", "#1b4f9c"]
)
def test_any_accent_can_be_read_in_light_and_dark(accent: str) -> None:
    found = dict(re.findall(r"--hd-([a-z-]+): light-dark\((#\w{6}, #\w{6})\)", accent_css(accent)))
    for place, core in enumerate((LIGHT, DARK)):
        token = {name: read(both.split(", ")[place]) for name, both in found.items()}
        own = [each[place] for each in grounds("harbor")]
        for ground in (*map(read, core), *map(read, own), token["accent-soft"]):
            assert contrast(token["accent"], ground) >= 4.5
        for name in ("accent", "accent-hover"):
            assert contrast(token["on-accent"], token[name]) >= 4.5
