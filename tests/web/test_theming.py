import logging
import os
from pathlib import Path
from typing import cast

import pytest
from flask import Flask, render_template
from jinja2 import TemplateNotFound

from helpdesk_core.errors import ConfigError, NotFound, Unavailable
from helpdesk_core.web.theme_files import read_theme
from helpdesk_core.web.theme_trying import PagesEnvironment
from helpdesk_core.web.theme_view import View
from helpdesk_core.web.theming import Choices, Theming, bundled_themes, find_themes, register


def write(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    return file


class Site:
    """A site on disk: core and plugin templates, themes, an instance folder, and the app made of them."""

    def __init__(self, folder: Path) -> None:
        self.core = folder / "core"
        self.plugin = folder / "sla"
        self.themes = folder / "themes"
        self.instance = folder / "instance"
        write(self.core / "page.html", "core {% block part %}core part{% endblock %}")
        write(self.plugin / "panel.html", "panel {% block part %}of sla{% endblock %}")
        self.theme("base")
        self.theme("brand", 'parent = "base"')

    def theme(self, name: str, more: str = "") -> Path:
        text = f'name = "{name}"\ntitle = "{name}"\nversion = "1.0"\n{more}\n'
        return write(self.themes / name / "theme.toml", text).parent

    def theming(self, active: str = "brand") -> Theming:
        return Theming(
            active=active,
            roots=[self.themes],
            instance=self.instance,
            plugins={"sla": self.plugin},
            core_templates=self.core,
        )

    def app(self, active: str = "brand", choices: Choices | None = None) -> Flask:
        app = Flask("site", static_folder=None, template_folder=None)
        app.jinja_environment = PagesEnvironment
        app.config["TEMPLATES_AUTO_RELOAD"] = True
        self.last = self.theming(active)
        register(app, self.last, lambda: choices or Choices())
        return app

    def show(self, template: str, active: str = "brand") -> str:
        with self.app(active).test_request_context():
            return render_template(template)


def view_of(app: Flask) -> View:
    return cast(View, app.jinja_env.globals["theme"])


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_a_template_comes_from_core_when_nothing_overrides_it(site: Site) -> None:
    assert site.show("page.html") == "core core part"


def test_the_instance_stands_before_the_theme_and_the_theme_before_its_parent(site: Site) -> None:
    write(site.themes / "base/templates/page.html", "base")
    assert site.show("page.html") == "base"
    write(site.themes / "brand/templates/page.html", "brand")
    assert site.show("page.html") == "brand"
    write(site.instance / "templates/page.html", "instance")
    assert site.show("page.html") == "instance"


def test_an_override_builds_on_core_on_its_parent_theme_and_on_a_plugin(site: Site) -> None:
    write(
        site.themes / "base/templates/page.html",
        '{% extends "core:page.html" %}{% block part %}base, {{ super() }}{% endblock %}',
    )
    write(
        site.themes / "brand/templates/page.html",
        '{% extends "theme:base/page.html" %}{% block part %}brand, {{ super() }}{% endblock %}',
    )
    write(
        site.instance / "templates/sla/panel.html",
        '{% extends "plugin:sla/panel.html" %}{% block part %}here {{ super() }}{% endblock %}',
    )
    assert site.show("page.html") == "core brand, base, core part"
    assert site.show("sla/panel.html") == "panel here of sla"


def test_a_parent_theme_without_the_template_hands_on_to_core(site: Site) -> None:
    write(site.instance / "templates/page.html", '{% extends "theme:brand/page.html" %}')
    assert site.show("page.html") == "core core part"


def test_a_plugin_cannot_shadow_core(site: Site) -> None:
    write(site.core / "sla/panel.html", "core's own")
    assert site.show("sla/panel.html") == "core's own"


def test_names_cannot_leave_the_folders(site: Site) -> None:
    write(site.core.parent / "secret.html", "secret")
    for name in ("../secret.html", "core:../secret.html", "plugin:sla/../secret.html", "theme:base/../../secret.html"):
        with pytest.raises(TemplateNotFound):
            site.show(name)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("one\n{% block part %}never closed", "Unexpected end of template"),
        ("{{ 1 | no_such_filter }}", "no_such_filter"),
        ('{% extends "page.html" %}', "extends itself"),
        ('{% extends "core:gone.html" %}', "gone.html, which does not exist"),
        ('{% include "plugin:other/panel.html" %}', "which does not exist"),
    ],
)
def test_a_broken_override_gives_way_to_core_and_is_recorded(
    site: Site, text: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    file = write(site.themes / "brand/templates/page.html", text)
    with caplog.at_level(logging.ERROR):
        assert site.show("page.html") == "core core part"
    (problem,) = site.last.loader.problems
    assert (problem.template, problem.file) == ("page.html", file)
    assert reason in problem.message
    assert str(file) in caplog.text
    assert any(reason in text for text in site.last.problems)


def test_a_mended_override_is_used_and_leaves_the_list_of_problems(site: Site) -> None:
    file = write(site.themes / "brand/templates/page.html", "{% broken")
    app = site.app()
    with app.test_request_context():
        assert render_template("page.html") == "core core part"
        write(file, "mended")
        app.jinja_env.cache.clear()  # type: ignore[union-attr]  # Flask's environment always has a cache
        assert render_template("page.html") == "mended"
    assert site.last.loader.problems == []


def test_an_override_that_is_made_broken_mended_and_removed_meanwhile_shows_at_once(site: Site) -> None:
    app, file = site.app(), site.themes / "brand/templates/page.html"
    shown = []
    with app.test_request_context():
        for age, text in enumerate((None, "first", "{% broken", "mended", "{{ gone.away }}", "well again", None)):
            if text is None:
                file.unlink(missing_ok=True)
            else:
                os.utime(write(file, text), (age, age))
            shown.append(render_template("page.html"))
    core = "core core part"
    assert shown == [core, "first", core, "mended", core, "well again", core]
    assert site.last.loader.problems == []


@pytest.mark.parametrize(
    "text",
    [
        "{{ gone.away }}",
        "{{ 1 / 0 }}",
        '{% extends "core:page.html" %}{% block part %}\n{{ gone.away }}{% endblock %}',
        '{% extends "core:page.html" %}{% block part %}{{ super(3) }}{% endblock %}',
        '{% set name = "not" ~ "there.html" %}{% include name %}',
    ],
)
def test_an_override_that_fails_while_it_is_shown_gives_way_and_is_recorded(
    site: Site, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    file = write(site.themes / "brand/templates/page.html", text)
    app = site.app()
    with app.test_request_context(), caplog.at_level(logging.ERROR):
        assert render_template("page.html") == "core core part"
        assert render_template("page.html") == "core core part"
    (problem,) = site.last.loader.problems
    assert (problem.template, problem.file) == ("page.html", file)
    assert problem.line == text[: text.find("gone")].count("\n") + 1
    assert caplog.text.count(str(file)) == 1


def test_macros_that_fail_while_they_are_shown_give_way_where_templates_are_read_once(site: Site) -> None:
    write(site.core / "macros.html", "{% macro word() %}core{% endmacro %}")
    write(site.core / "page.html", '{% import "macros.html" as macros %}{{ macros.word() }}')
    write(site.themes / "brand/templates/macros.html", "{% macro word() %}{{ 1 / 0 }}{% endmacro %}")
    app = site.app()
    app.config["TEMPLATES_AUTO_RELOAD"] = app.jinja_env.auto_reload = False
    with app.test_request_context():
        assert [render_template("page.html") for _ in range(3)] == ["core"] * 3


def test_only_the_override_that_fails_is_left_out(site: Site) -> None:
    write(site.themes / "base/templates/page.html", "of base {% block part %}{% endblock %}")
    write(
        site.themes / "brand/templates/page.html",
        '{% extends "theme:base/page.html" %}{% block part %}{{ a.b }}{% endblock %}',
    )
    write(site.instance / "templates/sla/panel.html", "{{ [][1].x }}")
    write(site.plugin / "whole.html", '{% include "page.html" %} and {% include "sla/panel.html" %}')
    assert site.show("sla/whole.html") == "of base  and panel of sla"
    assert [problem.template for problem in site.last.loader.problems] == ["sla/panel.html", "page.html"]


def test_what_fails_without_the_override_too_is_not_the_overrides_fault(site: Site) -> None:
    write(site.core / "page.html", "{% block part %}{{ stop() }}{% endblock %}")
    write(site.themes / "brand/templates/page.html", '{% extends "core:page.html" %}')
    app = site.app()
    with app.test_request_context():
        for error in (ZeroDivisionError("ours"), NotFound("gone"), Unavailable("away")):

            def stop(error: Exception = error) -> None:
                raise error

            with pytest.raises(type(error)):
                render_template("page.html", stop=stop)
            assert site.last.loader.problems == []
        assert render_template("page.html", stop=lambda: "goes on") == "goes on"


def test_a_file_that_is_no_text_gives_way_to_core(site: Site) -> None:
    file = write(site.instance / "templates/page.html", "")
    file.write_bytes(b"\xff\xfe broken")
    assert site.show("page.html") == "core core part"
    assert "UTF-8" in site.last.problems[0]


def test_an_unknown_theme_shows_core_and_names_those_that_exist(site: Site) -> None:
    assert site.show("page.html", "missing") == "core core part"
    assert site.last.theme is None
    assert site.last.problems == ["The theme missing does not exist or cannot be read. Choose one of: base, brand."]


def test_themes_that_are_each_others_parents_do_not_hang(site: Site) -> None:
    site.theme("base", 'parent = "brand"')
    theming = site.theming()
    assert [theme.name for theme in theming.chain] == ["brand", "base"]
    assert "its own ancestor" in theming.problems[0]


def test_a_broken_theme_is_named_and_the_others_stay(site: Site) -> None:
    write(site.themes / "broken/theme.toml", "name = ")
    themes, problems = find_themes([site.themes])
    assert sorted(themes) == ["base", "brand"]
    assert len(problems) == 1
    assert "broken/theme.toml" in problems[0]


def test_the_sites_own_theme_wins_over_a_bundled_one_of_the_same_name(site: Site) -> None:
    own = site.theme("default")
    themes, _ = find_themes([site.themes, bundled_themes()])
    assert themes["default"].folder == own
    assert "harbor" in themes


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ("colour = 1", "colour is not known"),
        ('contract = "one"', "contract must be a number"),
        ('accent = "red"', "accent must be a colour"),
        ('logo = "gone.svg"', "is not a file beside"),
        ('logo = "../base/theme.toml"', "is not a file beside"),
    ],
)
def test_theme_toml_says_what_is_wrong_with_it(site: Site, more: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        read_theme(site.theme("bad", more))


def test_a_theme_must_bear_the_name_of_its_folder(site: Site) -> None:
    folder = site.theme("good")
    with pytest.raises(ConfigError, match="must be the folder's name"):
        read_theme(folder.rename(folder.with_name("other")))


def test_pages_link_the_tokens_of_ancestors_first_and_of_the_site_last(site: Site) -> None:
    for name in ("base", "brand"):
        write(site.themes / name / "tokens.css", f":root {{ --hd-accent: {name} }}")
    write(site.instance / "static/tokens.css", ":root { --hd-accent: own }")
    view = view_of(site.app())
    assert [sheet.partition("?")[0] for sheet in view.css] == [
        "/theme/base/tokens.css",
        "/theme/brand/tokens.css",
        "/theme/_site/static/tokens.css",
    ]


def test_the_sites_own_logo_stands_for_the_themes(site: Site) -> None:
    write(site.themes / "base/logo.svg", "<svg/>")
    site.theme("base", 'logo = "logo.svg"')
    assert view_of(site.app()).logo.startswith("/theme/base/logo.svg?v=")
    write(site.instance / "static/logo.svg", "<svg/>")
    view = view_of(site.app())
    assert view.logo.startswith("/theme/_site/static/logo.svg?v=")
    assert view.logo_small == view.logo


def test_light_or_dark_follows_the_cookie_and_nothing_else_is_taken_from_it(site: Site) -> None:
    app = site.app()
    view = view_of(app)
    for cookie, shown in {
        "hd_theme=dark": "dark",
        "hd_theme=light": "light",
        'hd_theme="><script>': "",
        "": "",
    }.items():
        with app.test_request_context(headers={"Cookie": cookie}):
            assert view.color_scheme == shown


def test_where_dark_is_not_allowed_every_page_is_light(site: Site) -> None:
    app = site.app(choices=Choices(allow_dark=False, footer="Open from 8 to 18"))
    view = view_of(app)
    with app.test_request_context(headers={"Cookie": "hd_theme=dark"}):
        assert view.color_scheme == "light"
        assert view.footer == "Open from 8 to 18"


def test_addresses_keep_the_path_that_the_site_is_mounted_under(site: Site) -> None:
    write(site.themes / "base/tokens.css", "")
    app = site.app()
    with app.test_request_context(base_url="https://example.com/help/"):
        view = view_of(app)
        assert view.css[0].startswith("/help/theme/base/tokens.css?v=")
        assert view.favicon(2).startswith("/help/favicon.svg?")


def test_the_favicon_carries_the_number_of_waiting_tickets(site: Site) -> None:
    client = site.app().test_client()
    assert ">7</text>" in client.get("/favicon.svg?n=7").text
    assert ">99+</text>" in client.get("/favicon.svg?n=100").text
    assert "<text" not in client.get("/favicon.svg?n=<script>").text
