"""Catalogues: whose text is whose, what wins, and what is not used."""

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from helpdesk_core.i18n.catalogues import Catalogues
from helpdesk_core.i18n.checking import translation_problems
from helpdesk_core.i18n.hooks import TextOverride
from helpdesk_core.texts import LazyText, joined, lazy, lazy_n

TICKETS = ("%(num)s ticket", "%(num)s tickets")


def catalogue(folder: Path, domain: str, language: str, **texts: str) -> None:
    made = Catalog(locale=language, fuzzy=False)
    for msgid, string in texts.items():
        made.add(msgid, string)
    if domain == "helpdesk" and language == "ru":
        made.add(TICKETS, ("%(num)s заявка", "%(num)s заявки", "%(num)s заявок"))
    place = folder / language / "LC_MESSAGES"
    place.mkdir(parents=True, exist_ok=True)
    with (place / f"{domain}.po").open("wb") as file:
        write_po(file, made)


@pytest.fixture
def catalogues(tmp_path: Path) -> Catalogues:
    core, plugin, own = tmp_path / "core", tmp_path / "plugin", tmp_path / "own"
    catalogue(core, "helpdesk", "de", Open="Offen", Close="Schließen", Save="Sichern")
    catalogue(core, "helpdesk", "ru", Open="Открыто")
    catalogue(plugin, "shop", "de", Open="Geöffnet ab 9 Uhr")
    catalogue(own, "helpdesk", "de", Save="Speichern")
    catalogue(own, "helpdesk", "fr", Save="Enregistrer")
    return Catalogues({"helpdesk": (own, core), "shop": (own, plugin)})


def test_a_plugins_text_is_its_own_and_what_it_lacks_is_cores(catalogues: Catalogues) -> None:
    texts = catalogues.texts("de")
    assert texts("shop").gettext("Open") == "Geöffnet ab 9 Uhr"
    assert texts("helpdesk").gettext("Open") == "Offen"
    assert texts("shop").gettext("Close") == "Schließen"
    assert texts("nobody").gettext("Open") == "Offen"


def test_the_sites_own_catalogues_come_first_and_may_bring_languages(catalogues: Catalogues) -> None:
    assert catalogues.texts("de_AT")().gettext("Save") == "Speichern"
    assert catalogues.languages == ("en", "de", "ru", "uk", "hr", "fr")
    assert catalogues.texts("fr")().gettext("Save") == "Enregistrer"
    assert str(catalogues.offered("de-CH")) == "de_CH"
    assert catalogues.offered("ja") is None


@pytest.mark.parametrize(("number", "text"), [(1, "1 заявка"), (3, "3 заявки"), (11, "11 заявок"), (21, "21 заявка")])
def test_lazy_texts_have_the_form_that_fits_the_number(catalogues: Catalogues, number: int, text: str) -> None:
    assert catalogues.texts("ru").say(lazy_n(*TICKETS, num=number)) == text


def test_lazy_texts_are_english_until_somebody_reads_them(catalogues: Catalogues) -> None:
    text = joined([lazy("Open"), LazyText("Open", domain="shop"), lazy("It is %(what)s.", what=lazy("Close"))])
    assert text == "Open Open It is Close."
    assert catalogues.texts("de").say(text) == "Offen Geöffnet ab 9 Uhr It is Schließen."
    assert catalogues.texts("de").say("Open") == "Open"  # data is not translated


def test_a_translation_with_other_values_is_not_used(tmp_path: Path) -> None:
    catalogue(tmp_path, "helpdesk", "de", **{"Hello %(name)s": "Hallo %(nmae)s"})
    texts = Catalogues({"helpdesk": (tmp_path,)}).texts("de")
    assert texts.say(lazy("Hello %(name)s", name="Carla")) == "Hello Carla"


def test_a_broken_catalogue_leaves_english_and_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    catalogue(tmp_path, "helpdesk", "de", Open="Offen")
    (tmp_path / "de" / "LC_MESSAGES" / "helpdesk.po").write_bytes(b'msgid "Open"\nmsgstr "\xff"')
    assert Catalogues({"helpdesk": (tmp_path,)}).texts("de")().gettext("Open") == "Open"
    assert "is not used" in caplog.text


def test_overrides_win_over_catalogues_also_in_english(
    catalogues: Catalogues, caplog: pytest.LogCaptureFixture
) -> None:
    own = [
        TextOverride("helpdesk", "Open", ("Wartet",)),
        TextOverride("helpdesk", "Open", ("the second one",)),
        TextOverride("shop", "Open", ("Laden offen",)),
        TextOverride("helpdesk", "Hello %(name)s", ("Hallo",)),
    ]
    texts = catalogues.texts("de", own)
    assert texts().gettext("Open") == "Wartet"
    assert texts("shop").gettext("Open") == "Laden offen"
    assert texts().gettext("Hello %(name)s") == "Hello %(name)s"
    assert "lacks %(name)s" in caplog.text
    assert catalogues.texts("en", own)().gettext("Open") == "Wartet"
    assert catalogues.texts("de")().gettext("Open") == "Offen"


@pytest.mark.parametrize(
    ("msgids", "strings", "forms", "wrong"),
    [
        (["Open"], ["Offen"], 2, ""),
        (["Open"], [""], 2, ""),
        (["Hello %(name)s"], ["Hallo"], 2, "lacks %(name)s"),
        (["Hello"], ["Hallo %(name)s"], 2, ""),  # nothing is put into it, so this is a text like any other
        (["Hello %(name)s"], ["Hallo %(name)s, %(x)s"], 2, "has %(x)s"),
        (["Hello %(name)s"], ["100 %, %(name)s"], 2, "lone %"),
        (["Numbers: {id}"], ["Nummern"], 2, "lacks {id}"),
        (TICKETS, ["%(num)s Ticket"], 2, "1 forms, and needs 2"),
        (TICKETS, ["ein Ticket", "%(num)s Tickets"], 2, ""),
        (TICKETS, ["%(num)s Ticket", ""], 2, "One of its forms is empty"),
        ([" A copy"], ["Eine Kopie"], 2, "white space"),
    ],
)
def test_what_a_translation_must_have(msgids: list[str], strings: list[str], forms: int, wrong: str) -> None:
    found = " ".join(translation_problems(msgids, strings, forms))
    assert (wrong in found) if wrong else found == ""
