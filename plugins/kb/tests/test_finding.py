"""What a search costs, and that statements which are kept for the next search stay one reader's."""

from typing import Any

import pytest

from helpdesk_core.api import ANONYMOUS, Actor
from helpdesk_core.testing.queries import count_queries
from helpdesk_kb import reading, writing
from helpdesk_kb.writing import TextDraft

from .conftest import Kb


def titles(kb: Kb, actor: Actor, words: str, locale: str = "en") -> set[str]:
    with kb.site.desk.read() as session:
        return {card.title for card in reading.suggest(kb.site.desk, session, actor, locale, words, 20)}


def test_statements_are_made_once_and_each_reader_finds_their_own(kb: Kb, monkeypatch: pytest.MonkeyPatch) -> None:
    kb.publish("Printers for all")
    kb.publish("Printers for customers", visibility="customers")
    kb.publish("Printers for staff", visibility="internal")
    kb.publish("Printers of support", visibility="department", department="support")
    made: list[Any] = []
    cards = reading._cards

    def noted(*given: Any) -> Any:
        made.append(given)
        return cards(*given)

    monkeypatch.setattr(reading, "_cards", noted)
    reading._looking.cache_clear()
    seller = kb.site.world.agent("Sam Seller", "sales")
    readers = [
        (ANONYMOUS, {"Printers for all"}),
        (kb.customer, {"Printers for all", "Printers for customers"}),
        (seller, {"Printers for all", "Printers for customers", "Printers for staff"}),
        (kb.agent, {"Printers for all", "Printers for customers", "Printers for staff", "Printers of support"}),
    ]
    for _ in range(2):
        for reader, expected in readers:
            assert titles(kb, reader, "printers") == expected
            assert titles(kb, reader, "cartridge") == set()
    assert len(made) == 2 * len(readers), "two ways of looking for one word, each made once for those of like rights"


def test_kept_statements_take_words_and_language_as_they_come(kb: Kb) -> None:
    kb.publish("Name the user_id of a printer")
    kb.publish("Name the userxid of a printer")
    kb.publish("Den Drucker benennen", locale="de")
    assert titles(kb, kb.customer, "user_id") == {"Name the user_id of a printer"}, "a line below stands for itself"
    assert titles(kb, kb.customer, "userxid") == {"Name the userxid of a printer"}
    assert titles(kb, kb.customer, "drucker", "de_AT") == {"Den Drucker benennen"}


def test_what_an_index_finds_is_read_by_one_query_in_its_order(kb: Kb, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [kb.publish(f"Printer {number}")[1] for number in range(3)]
    hidden = kb.publish("Printer of ours", visibility="internal")[1]
    keys = [str(each.id) for each in (texts[2], hidden, texts[0], texts[2])]
    monkeypatch.setattr(reading, "search_documents", lambda *_given: [*keys, "no number", "99999"])
    with kb.site.desk.read() as session, count_queries(kb.site.desk) as queries:
        found = reading.search(kb.site.desk, session, kb.customer, "en", "printer")
    assert [card.title for card in found] == ["Printer 2", "Printer 0"]
    assert len(queries) == 1, queries
    monkeypatch.setattr(reading, "search_documents", lambda *_given: [])
    with kb.site.desk.read() as session, count_queries(kb.site.desk) as queries:
        assert reading.search(kb.site.desk, session, kb.customer, "en", "printer") == []
    assert not queries, queries


def test_readers_get_their_language_however_much_better_others_fit(kb: Kb, monkeypatch: pytest.MonkeyPatch) -> None:
    fitting: dict[str, list[int]] = {"de": [], "en": []}
    for number in range(3):
        article, text = kb.publish(f"Printer {number}")
        draft = TextDraft(title=f"Drucker {number} (printer)", body="Worte")
        writing.save_text(kb.site.desk, kb.editor, article.uid, "de", draft)
        german = writing.publish(kb.site.desk, kb.editor, article.uid, "de")
        fitting["en"].append(text.id)
        fitting["de"].append(german.id)
    keys = [str(each) for each in (*fitting["de"], *fitting["en"])]
    monkeypatch.setattr(reading, "search_documents", lambda *given: keys[: given[-1]])
    with kb.site.desk.read() as session:
        english = reading.search(kb.site.desk, session, kb.customer, "en", "printer", 2)
        in_german = reading.search(kb.site.desk, session, kb.customer, "de", "printer", 2)
    assert [card.title for card in english] == ["Printer 0", "Printer 1"]
    assert [card.title for card in in_german] == ["Drucker 0 (printer)", "Drucker 1 (printer)"]
