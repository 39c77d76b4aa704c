"""Parts of pages that are drawn once and kept: what is kept is never shown where it would look otherwise."""

from datetime import UTC
from gettext import NullTranslations
from typing import Any

import pytest
from babel import Locale
from flask import Flask, url_for
from jinja2 import TemplateSyntaxError
from markupsafe import Markup

from helpdesk_core.actor import ANONYMOUS
from helpdesk_core.i18n.catalogues import Texts
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.browser import Browser
from helpdesk_core.testing.site import World
from helpdesk_core.texts import LazyText
from helpdesk_core.tickets.changing import change
from helpdesk_core.tickets.filtering import TicketFilter
from helpdesk_core.tickets.inputs import Change
from helpdesk_core.tickets.listing import TicketRow, list_tickets
from helpdesk_core.web import drawn
from helpdesk_core.web.context import Manner, act_as, current_desk, state
from helpdesk_core.web.desk.columns import CORE, Cells, keys


def macros(app: Flask, name: str = "macros/ui.html") -> Any:
    return app.jinja_env.get_template(name).module


@pytest.fixture
def shown(app: Flask) -> Any:
    """Draw a button on a page in a language, with the texts of a plugin or without."""
    source = '{% import "macros/ui.html" as ui %}{{ ui.button(text, **more) }}'

    def shown(text: object, language: str = "en", root: str = "", **more: object) -> str:
        with app.test_request_context(base_url=f"http://localhost{root}/", headers={"Accept-Language": language}):
            return app.jinja_env.from_string(source).render(text=text, more=more)

    return shown


def test_a_part_is_drawn_once_for_the_same_arguments(app: Flask, shown: Any) -> None:
    first = shown("Save", icon_name="check")
    memory = macros(app).button.memory
    kept = len(memory)
    assert shown("Save", icon_name="check") == first
    assert len(memory) == kept > 0


def test_equal_arguments_of_another_kind_are_another_part(shown: Any) -> None:
    assert "&lt;b&gt;" in shown("<b>")
    assert "<span><b></span>" in shown(Markup("<b>"))
    assert "&lt;b&gt;" in shown("<b>")
    assert " hidden>" in shown("x", attrs={"hidden": True})
    assert ' hidden="1">' in shown("x", attrs={"hidden": 1})


class Other(NullTranslations):
    def gettext(self, message: str) -> str:
        return "anders"


def test_equal_texts_of_two_plugins_are_not_mixed_up(shown: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    core, other = LazyText("Save"), LazyText("Save", domain="other")
    assert core == other
    of_domain = Texts.__call__
    monkeypatch.setattr(Texts, "__call__", lambda texts, name: Other() if name == "other" else of_domain(texts, name))
    for text, said in ((core, "Speichern"), (other, "anders"), (core, "Speichern")):
        assert said in shown(text, "de")
        assert f'data-ask="{said}"' in shown("x", "de", attrs={"data-ask": text})


def test_languages_and_places_of_the_site_have_parts_of_their_own(shown: Any) -> None:
    assert 'href="/static/icons.svg' in shown("x", icon_name="check")
    assert 'href="/help/static/icons.svg' in shown("x", root="/help", icon_name="check")
    assert 'href="/static/icons.svg' in shown("x", icon_name="check")


def test_what_cannot_be_compared_is_drawn_all_the_same(shown: Any) -> None:
    assert ' data-x="[1]"' in shown("x", attrs={"data-x": [1]})


def test_an_address_is_kept_by_all_that_decides_on_it(app: Flask) -> None:
    with app.test_request_context():
        assert url_for("desk.tickets", view="open") == url_for("desk.tickets", view="open") == "/desk/tickets?view=open"
        assert url_for("desk.tickets", view="mine", _anchor="x") == "/desk/tickets?view=mine#x"
        assert url_for("desk.tickets", view=["a", "b"]) == "/desk/tickets?view=a&view=b"
        assert url_for("desk.tickets", view="open", _external=True) == "http://localhost/desk/tickets?view=open"
    with app.test_request_context(base_url="http://localhost/help/"):
        assert url_for("desk.tickets", view="open") == "/help/desk/tickets?view=open"


def test_a_page_that_becomes_somebody_elses_is_written_for_them(app: Flask) -> None:
    source = (
        '{% import "macros/ui.html" as ui %}{{ ui.pagination(newer="/", older="/") }}{{ ui.button("x", shortcut="s") }}'
    )
    with app.test_request_context(headers={"Accept-Language": "de"}):
        app.jinja_env.from_string(source).render()
        german = drawn.setting()
        act_as(ANONYMOUS)
        state().manner = Manner(Locale("en"), UTC, current_desk().catalogues.texts("en"))
        assert drawn.setting() is not german


@pytest.mark.parametrize("names", ["names", "5", '("icon")', '("icon", 5)', '"icon"'])
def test_drawn_once_takes_names_only(app: Flask, names: str) -> None:
    with pytest.raises(TemplateSyntaxError, match="takes the names of macros"):
        app.jinja_env.from_string(f"{{% set drawn_once = {names} %}}")


def test_what_is_kept_is_forgotten_before_it_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawn, "MOST", 5 * drawn.OF_A_KEY)
    memory, other = drawn.Drawn(), drawn.Drawn()
    for number in range(30):
        memory.keep(number, "four")
        other.keep(number, "four")
    assert 0 < len(memory) + len(other) <= 6
    assert other[29] == "four"
    monkeypatch.setattr(drawn, "monotonic", lambda: 1e12)
    other.keep(30, "five")
    assert (len(memory), dict(other)) == (0, {30: "five"})


def test_a_row_is_drawn_anew_when_anything_in_it_changes(app: Flask, desk: Helpdesk, world: World) -> None:
    world.department("support")
    ticket = world.ticket().ticket
    agent = world.agent()
    with desk.read() as session:
        [row] = list_tickets(desk, session, agent, TicketFilter()).rows
    columns = [CORE["status"], CORE["updated"]]

    def key(row: TicketRow, own: object = "", tags: tuple[str, ...] = ()) -> object:
        with app.test_request_context():
            return keys([row], columns, Cells({row.id: tags}, {row.id: {"sla.due": own}}, []), {"types": {}})[row.id]  # type: ignore[dict-item]  # what a plugin might give

    first = key(row)
    assert key(row) == first
    assert key(row._replace(subject="Other")) != first
    assert key(row, "<b>") != key(row, Markup("<b>"))
    assert key(row, tags=("vip",)) != first
    assert row.is_unread
    assert key(row._replace(seen_at=row.updated_at)) != first
    early = row.updated_at.replace(year=2001)
    assert key(row._replace(seen_at=early)) == first  # another reader, who has not read it either
    assert key(row._replace(updated_at=early)) != first
    assert ticket.id == row.id


def test_a_list_shows_what_was_changed_a_moment_ago(browser: Browser, desk: Helpdesk, world: World) -> None:
    world.department("support")
    number = world.ticket(subject="Before").ticket.number or ""
    agent = world.agent(password="three blue lamps", address="adam@example.com")
    browser.login("adam@example.com", "three blue lamps")
    assert "Before" in browser.get("/desk/tickets?view=open").words
    assert "Before" in browser.get("/desk/tickets?view=open").words
    change(desk, agent, number, Change(subject="After"))
    words = browser.get("/desk/tickets?view=open").words
    assert "After" in words
    assert "Before" not in words
