from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po
from jinja2 import DictLoader, TemplateError

from helpdesk_core.i18n.translations import translator
from helpdesk_core.mail.mailbox import Mailbox
from helpdesk_core.mail.templates import TEMPLATES, MailTemplates, Rendered

VALUES: dict[str, Any] = {
    "site_name": "Help & Care",
    "site_url": "https://help.example.com",
    "recipient": Mailbox("<b>Carla</b>", "carla@example.net"),
    "number": "10001",
    "tag": "[#10001]",
    "subject": "<script> in my page",
    "department": "Support",
    "url": "https://help.example.com/x",
    "text": "First line\n<script>alert(1)</script>\n\nLast line",
    "html": "",
    "signature": "Adam",
    "left_out": [{"name": "<i>one.zip", "url": "https://help.example.com/f/1"}],
    "first": False,
    "closed": True,
    "resolved": False,
    "internal": True,
    "actor": "Adam <i>",
    "author": "Adam <i>",
    "requester": "Carla",
    "source": "A",
    "target": "B",
    "note": "Because",
    "reason": "reset",
}
NAMES = sorted(path.stem for path in TEMPLATES.glob("*.subject"))


def render(templates: MailTemplates, name: str, locale: str = "en", **values: Any) -> Rendered:
    return templates.render(name, VALUES | values, locale=locale, timezone="Europe/Berlin")


@pytest.mark.parametrize("name", NAMES)
def test_every_mail_has_one_line_of_subject_words_and_html_that_people_cannot_break(name: str) -> None:
    said = render(MailTemplates(), name)
    assert said.subject == said.subject.strip()
    assert "\n" not in said.subject
    assert said.text.strip()
    assert said.html is not None
    assert "<script>" not in said.html
    assert "<b>Carla" not in said.html
    assert "<i>" not in said.html
    assert "\n\n\n" not in said.text


@pytest.fixture
def german(tmp_path: Path) -> Path:
    catalog = Catalog(locale="de", domain="helpdesk")
    catalog.add("Hello %(name)s,", "Guten Tag %(name)s,")
    catalog.add(
        (
            "A file is too large for a mail. You find it here:",
            "%(count)s files are too large for a mail. You find them here:",
        ),
        ("Eine Datei ist zu groß:", "%(count)s Dateien sind zu groß:"),
    )
    folder = tmp_path / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "helpdesk.po").open("wb") as file:
        write_po(file, catalog)
    return tmp_path


def test_mails_speak_the_language_of_the_catalogue_and_english_where_it_has_none(german: Path) -> None:
    templates = MailTemplates(translate=lambda locale: translator(locale, folder=german))
    said = render(templates, "ticket_opened", "de_AT")
    assert "Guten Tag <b>Carla</b>," in said.text
    assert "we have received your request" in said.text
    assert said.html is not None
    assert "Guten Tag &lt;b&gt;Carla&lt;/b&gt;," in said.html
    assert 'lang="de"' in said.html
    files = [{"name": name, "url": f"https://help.example.com/f/{name}"} for name in "ab"]
    assert "2 Dateien sind zu groß:" in render(templates, "reply", "de", left_out=files).text
    assert "Hello <b>Carla</b>," in render(templates, "ticket_opened", "fr").text


@pytest.mark.parametrize("locale", [None, "", "xx", "../../etc/passwd", "de\x00", "C" * 50])
def test_a_language_that_is_none_speaks_english(locale: str | None, german: Path) -> None:
    assert translator(locale, folder=german).gettext("Hello %(name)s,") == "Hello %(name)s,"


def test_languages_that_are_written_from_right_to_left_say_so() -> None:
    assert 'dir="rtl"' in (render(MailTemplates(), "ticket_opened", "he").html or "")


def test_the_first_override_wins_and_may_extend_the_layout(tmp_path: Path) -> None:
    (tmp_path / "ticket_opened.txt").write_text(
        '{% extends "layout.txt" %}{% block content %}At {{ when|datetime }}{% endblock %}'
    )
    loader = DictLoader({"ticket_opened.txt": "never", "layout.txt": "[{% block content %}{% endblock %}]"})
    templates = MailTemplates([tmp_path, loader])
    said = render(templates, "ticket_opened", when=datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
    assert said.text.replace("\u202f", " ") == "[At Mar 2, 2026, 10:00 AM]\n"


def test_a_broken_override_is_passed_over_and_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "ticket_opened.html").write_text("{% if %}")
    said = render(MailTemplates([tmp_path]), "ticket_opened")
    assert said.html is not None
    assert "Open the ticket" in said.html
    assert "ticket_opened" in caplog.text


def test_a_fault_in_our_own_templates_is_not_hidden() -> None:
    with pytest.raises(TemplateError):
        MailTemplates().render("ticket_opened", {}, locale="en", timezone=None)
