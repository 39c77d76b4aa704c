"""What is found out once for a page is the page's own: its reader's, and its address's."""

from flask import render_template_string, session
from werkzeug.test import EnvironBuilder

from helpdesk_core.app import create_app
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.browser import Browser
from helpdesk_core.testing.site import World
from helpdesk_core.users.models import User
from helpdesk_core.web.context import act_as
from helpdesk_core.web.pages_app import Sessions
from helpdesk_core.web.surroundings import Entries

WHO = "{{ me.name if me else 'nobody' }}"


def test_templates_know_who_acts_also_after_that_has_changed(desk: Helpdesk, world: World) -> None:
    carla = world.customer("Carla", address="carla@example.com")
    with create_app(desk).test_request_context("/"):
        assert render_template_string(WHO) == "nobody"
        act_as(carla)
        assert render_template_string(WHO) == carla.name
        assert render_template_string(WHO, me=None) == "nobody"  # what is given comes first, and stays there
        assert render_template_string(WHO) == carla.name


def test_files_have_the_address_that_the_site_is_under(desk: Helpdesk) -> None:
    app = create_app(desk)
    found = []
    for root in ("", "/help", "", "/desk-of-ours"):
        with app.request_context(EnvironBuilder("/", environ_overrides={"SCRIPT_NAME": root}).get_environ()):
            found.append(render_template_string("{{ asset('css/base.css') }}").partition("?")[0])
    assert found == [f"{root}/static/css/base.css" for root in ("", "/help", "", "/desk-of-ours")]


def test_a_navigation_is_a_list_that_is_made_when_somebody_looks() -> None:
    made = []

    def make() -> list[dict[str, str]]:
        made.append(1)
        return [{"label": "One"}]

    entries = Entries(make=make)
    assert not made
    assert (len(entries), entries[0], [*entries]) == (1, {"label": "One"}, [{"label": "One"}])
    assert entries + [{"label": "Two"}] == [{"label": "One"}, {"label": "Two"}]  # noqa: RUF005 - as templates do it
    assert entries == [{"label": "One"}]
    assert made == [1]
    assert not Entries(make=list)


def test_what_a_browser_is_told_once_is_signed_with_the_sites_own_key(desk: Helpdesk) -> None:
    app = create_app(desk)
    assert isinstance(app.session_interface, Sessions)
    signing = app.session_interface.get_signing_serializer(app)
    assert signing is not None
    assert signing is app.session_interface.get_signing_serializer(app)
    with app.test_request_context("/"):
        session["number"] = "10001"
        cookie = signing.dumps(dict(session))
    with app.test_request_context("/", headers={"Cookie": f"hd_flash={cookie}"}):
        assert session["number"] == "10001"
    with app.test_request_context("/", headers={"Cookie": f"hd_flash={cookie}x"}):
        assert not session


def test_a_row_shows_at_once_what_has_changed_in_it(browser: Browser, desk: Helpdesk, world: World) -> None:
    """Rows are drawn once for what they show, of which some is no part of the ticket."""
    world.department("support")
    agent = world.agent(password="three blue lamps", address="adam@example.com")
    browser.login("adam@example.com", "three blue lamps")
    posted = world.ticket(subject="Lamp")
    number = posted.ticket.number
    assert number
    page = browser.get("/desk/tickets?view=open")
    assert (page.words.count("Carla"), "(unread)" in page.words) == (1, True)
    with desk.begin(agent) as tx:
        user = tx.session.get(User, posted.ticket.requester_id)
        assert user is not None
        user.name = "Renamed"
    browser.get(f"/desk/tickets/{number}")
    page = browser.get("/desk/tickets?view=open")
    assert ("Renamed" in page.words, "Carla" in page.words, "(unread)" in page.words) == (True, False, False)
