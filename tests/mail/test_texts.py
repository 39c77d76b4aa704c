"""Texts of mails that admins change in the browser."""

import pytest

from helpdesk_core.actor import Actor
from helpdesk_core.errors import Forbidden, Invalid, NotFound
from helpdesk_core.mail import texts
from helpdesk_core.mail.samples import KINDS
from helpdesk_core.mail.templates import TEMPLATES
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.site import World


@pytest.fixture
def admin(world: World) -> Actor:
    return world.actor(world.user("Ada Admin", is_owner=True))


def test_every_mail_of_core_can_be_changed_and_shown(desk: Helpdesk) -> None:
    assert {path.stem for path in TEMPLATES.glob("*.subject")} | {"layout"} == set(KINDS)
    for name in KINDS:
        for locale in ("", "de", "ru"):
            said = texts.preview(desk, name, locale)
            assert said.subject
            assert said.text.strip()


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("locale", ["de", "hr"])
def test_the_words_of_a_language_are_written_out_and_say_the_same(desk: Helpdesk, name: str, locale: str) -> None:
    plain = {text.part: text.source for text in texts.texts_of(desk, name, locale)}
    assert texts.preview(desk, name, locale, plain) == texts.preview(desk, name, locale)
    assert "{% trans name" not in plain["txt"]


def test_a_changed_text_is_sent_in_its_language_only(desk: Helpdesk, admin: Actor) -> None:
    assert texts.save(desk, admin, "ticket_opened", "de", {"subject": "Angekommen {{ tag }}"}) == ["subject"]
    assert texts.preview(desk, "ticket_opened", "de").subject == "Angekommen [#10042]"
    assert texts.preview(desk, "ticket_opened", "hr").subject == "My shop is slow [#10042]"
    assert texts.changed_in(desk) == {"ticket_opened": ["de"]}
    texts.reset(desk, admin, "ticket_opened", "de")
    assert texts.preview(desk, "ticket_opened", "de").subject == "My shop is slow [#10042]"
    assert texts.changed_in(desk) == {}


def test_the_frame_is_changed_for_all_mails_in_it(desk: Helpdesk, admin: Actor) -> None:
    texts.save(desk, admin, "layout", "", {"txt": "{% block content %}{% endblock %}\nYour team of {{ site_name }}"})
    assert texts.preview(desk, "assigned", "").text.endswith(f"Your team of {desk.settings.site().name}\n")


def test_what_is_saved_as_it_was_changes_nothing(desk: Helpdesk, admin: Actor) -> None:
    same = {text.part: text.source.replace("\n", "\r\n") for text in texts.texts_of(desk, "reply")}
    assert texts.save(desk, admin, "reply", "", same) == []
    texts.save(desk, admin, "reply", "", {"subject": "Again {{ tag }}"})
    texts.save(desk, admin, "reply", "", same)
    assert texts.changed_in(desk) == {}


@pytest.mark.parametrize(
    ("part", "text", "says"),
    [
        ("txt", "one\n{% if %}", "Line 2 does not work"),
        ("txt", "one\ntwo {{ nobody }}", "Line 2 does not work: 'nobody' is undefined"),
        ("html", "{{ 1 / 0 }}", "ZeroDivisionError"),
        ("html", "{{ ''.__class__.__mro__ }}", "unsafe"),
        ("txt", "{{ _.__globals__ }}", "unsafe"),
        ("subject", "one\ntwo", "A subject is one line."),
        ("subject", " ", "Write something"),
        ("body", "x", "no such part"),
        ("txt", "x" * 50_001, "too long"),
    ],
)
def test_a_text_that_would_fail_is_refused_and_nothing_is_kept(
    desk: Helpdesk, admin: Actor, part: str, text: str, says: str
) -> None:
    with pytest.raises(Invalid) as refused:
        texts.save(desk, admin, "ticket_closed", "", {part: text})
    assert says in refused.value.problems[part][0]
    assert texts.changed_in(desk) == {}


def test_a_file_of_the_instance_stands_before_the_page(desk: Helpdesk, admin: Actor) -> None:
    folder = texts.folder_of(desk)
    folder.mkdir(parents=True)
    (folder / "assigned.subject").write_text("From a file")
    assert [text.origin for text in texts.texts_of(desk, "assigned")] == ["file", "core", "core"]
    assert texts.save(desk, admin, "assigned", "", {"subject": "From the page"}) == []
    assert texts.preview(desk, "assigned", "de").subject == "From a file"


def test_who_may_not_change_settings_changes_no_text(desk: Helpdesk, world: World, admin: Actor) -> None:
    with pytest.raises(Forbidden):
        texts.save(desk, world.agent(), "reply", "", {"subject": "x"})
    with pytest.raises(Forbidden):
        texts.reset(desk, world.agent(), "reply", "")
    with pytest.raises(NotFound):
        texts.save(desk, admin, "../../etc/passwd", "", {"subject": "x"})
    with pytest.raises(Invalid):
        texts.save(desk, admin, "reply", "../x", {"subject": "x"})
