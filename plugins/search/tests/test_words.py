"""Word forms: what one form finds of the others, in each language, without anybody saying which one it is."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk_core.api.search import parse_query
from helpdesk_search import words
from helpdesk_search.marking import all_places
from helpdesk_search.words import forms, stems, terms, tokens

FORMS = {
    "en": [
        "invoice invoices", "payment payments", "server servers", "crashed crashing", "installing installed",
        "customers customer's customer’s",
    ],
    "de": ["rechnung rechnungen", "zahlung zahlungen", "haus häuser", "domäne domänen", "kunde kunden"],
    "ru": [
        "счёт счета счетов счетами счету", "сервер серверы сервера серверов серверах", "оплата оплаты оплату оплатой",
        "домен домены доменов доменом", "почта почты почту почтой", "работает работал работали",
        "ошибка ошибки ошибку ошибкой",
    ],
    "uk": [
        "рахунок рахунки рахунку рахунків рахунками", "сервер сервери сервера серверів", "оплата оплату оплатою",
        "домен домени доменів", "пошта пошти пошту поштою", "працює працювати працювала працюють", "стіл стола столи",
        "відкривати відкриває відкривають відкривається відкриваються відкриватися", "відкрити відкрився відкрилась",
        "оновлюється оновлюються оновлюватися оновлювати", "надходить надходять надходити",
        "комп’ютер комп'ютери компʼютерами", "зв'язок зв’язку зв'язком", "повідомлення повідомлень повідомленнями",
    ],
    "hr": [
        "račun računi računa računima", "domena domene domeni domenu", "plaćanje plaćanja",
        "poslužitelj poslužitelja poslužitelji",
    ],
}  # fmt: skip


@pytest.mark.parametrize(("language", "group"), [(name, group) for name, groups in FORMS.items() for group in groups])
def test_each_form_finds_the_others(language: str, group: str) -> None:
    words = group.split()
    missed = [(one, other) for one in words for other in words if stems(one).isdisjoint(terms(f"… {other}, …"))]
    assert missed == []


@pytest.mark.parametrize(
    ("one", "other"), [("server", "service"), ("счет", "сечь"), ("domain", "domino"), ("рахунок", "рахів")]
)
def test_other_words_are_not_found(one: str, other: str) -> None:
    assert stems(one).isdisjoint(forms(other))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ticket cs1234.", "cs1234"),
        ("The server 203.0.113.7 is down", "203.0.113.7"),
        ("write to ann@mail.example.com!", "ann@mail.example.com"),
        ("write to ann@mail.example.com!", "example.com"),
        ("see https://www.example.com/pay?id=1", "www.example.com"),
        ("see (example.com)", "example.com"),
        ("INV-2026/17", "inv-2026/17"),
        ("2001:db8::1 answers", "2001:db8::1"),
        ("Zürich", "zurich"),
        ("Straße", "strasse"),
        ("čvor Đakovo", "dakovo"),
        ("ПРИВЕТ", "привет"),
        ("Всё", "все"),
        ("I can't", "can't"),
    ],
)
def test_what_a_text_is_found_by(text: str, found: str) -> None:
    assert found in terms(text)


@pytest.mark.parametrize(("text", "pair"), [("请帮我退款", "退款"), ("ไม่สามารถ", "สา"), ("サーバーが落ちた", "落ち")])
def test_scripts_without_spaces_are_cut_into_pairs(text: str, pair: str) -> None:
    assert pair in terms(text)


def test_mixed_texts_need_no_language() -> None:
    found = terms("Не работает Outlook, сервер mail.example.com antwortet nicht")
    assert {"работа", "outlook", "сервер", "mail.example.com", "nicht"} <= found


def test_tokens_know_where_they_stand() -> None:
    text = "Привет, 退款 Zürich!"
    assert [text[each.start : each.end] for each in tokens(text)] == ["Привет", "退", "款", "Zürich"]


@given(st.text())
def test_any_text_has_terms_without_spaces(text: str) -> None:
    assert not [each for each in terms(text) if not each or each.split() != [each]]
    for each in tokens(text):
        assert text[each.start : each.end]


@pytest.mark.parametrize(
    ("query", "text", "marked"),
    [
        ("zurich", "In Zürich, ZURICH.", ["Zürich", "ZURICH"]),
        ("haus", "Häuser und Haus", ["Häuser", "Haus"]),
        ("стіл", "столи та стіл", ["столи", "стіл"]),
        ("все", "Всё", ["Всё"]),
        ("退款", "请退款，退", ["退款"]),
        ('"server is down"', "servers are; server is down", ["servers", "server", "is", "down"]),
        ("a.b*", "a b a.b", ["a", "b", "a", "b"]),
        ("_", "a_b", []),
        ("from:ann", "ann", []),
    ],
)
def test_what_is_marked(query: str, text: str, marked: list[str]) -> None:
    (places,) = all_places(parse_query(query, now=datetime(2026, 5, 1, tzinfo=UTC)), [text])
    assert [text[first:last] for first, last in places] == marked


@given(st.text(max_size=20), st.text(max_size=200))
def test_marking_any_text_works(query: str, text: str) -> None:
    (places,) = all_places(parse_query(query, now=datetime(2026, 5, 1, tzinfo=UTC)), [text])
    assert all(0 <= first < last <= len(text) for first, last in places)


def test_what_is_longer_than_any_word_is_not_remembered() -> None:
    before = words._plain.cache_info().currsize, words._known_forms.cache_info().currsize
    hostile = [f"{number}{'x' * 1000}" for number in range(20)]
    assert words.words(" ".join(hostile)) == [each[: 2 * words.LONGEST] for each in hostile]
    assert {each[: 2 * words.LONGEST] for each in hostile} <= terms(" ".join(hostile))
    assert (words._plain.cache_info().currsize, words._known_forms.cache_info().currsize) == before
