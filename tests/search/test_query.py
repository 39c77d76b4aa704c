"""The language of searches."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk_core.search.query import MAX_TERMS, SearchQuery, SearchTerm, narrowed, parse_query, widened

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)


def parse(text: str) -> SearchQuery:
    return parse_query(text, now=NOW)


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("invoice", SearchTerm(("invoice",))),
        ('"not paid"', SearchTerm(("not paid",), phrase=True)),
        ("-refund", SearchTerm(("refund",), negated=True)),
        ('-"not paid"', SearchTerm(("not paid",), phrase=True, negated=True)),
        ("from:Ann", SearchTerm(("Ann",), "from")),
        ('from:"Ann Smith"', SearchTerm(("Ann Smith",), "from", phrase=True)),
        ("status:Open,waiting", SearchTerm(("open", "waiting"), "status")),
        ("-status:open", SearchTerm(("open",), "status", negated=True)),
        ("FROM:ann", SearchTerm(("ann",), "from")),
        ("number:#10001", SearchTerm(("10001",), "number")),
        ("has:attachments", SearchTerm(("attachment",), "has")),
        ("https://example.com/a", SearchTerm(("https://example.com/a",))),
        ("12:30", SearchTerm(("12:30",))),
        ("203.0.113.7", SearchTerm(("203.0.113.7",))),
        ("re:subject", SearchTerm(("re:subject",))),
    ],
)
def test_a_term(text: str, term: SearchTerm) -> None:
    assert parse(text) == SearchQuery(text, (term,))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("after:2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        ("after:2026-03", datetime(2026, 3, 1, tzinfo=UTC)),
        ("after:2026", datetime(2026, 1, 1, tzinfo=UTC)),
        ("after:7d", datetime(2026, 3, 24, 12, tzinfo=UTC)),
        ("after:2w", datetime(2026, 3, 17, 12, tzinfo=UTC)),
        ("after:2026-03-01T10:00Z", datetime(2026, 3, 1, 10, tzinfo=UTC)),
    ],
)
def test_a_date(text: str, moment: datetime) -> None:
    assert parse(text).after == moment
    assert parse(text.replace("after", "before")).before == moment


@pytest.mark.parametrize(
    "word", ["9999y", "2026y", "0000", "0001", "9999-12-31T23:59-12:00", "2026-13", "tomorrow", "-5d"]
)
def test_what_is_no_date_is_said(word: str) -> None:
    query = parse(f"after:{word}")
    assert (query.after, [str(each)[: len(word) + 2] for each in query.problems]) == (None, [f"“{word}”"])


def test_a_bound_that_is_turned_round_is_the_other_one() -> None:
    march = datetime(2026, 3, 1, tzinfo=UTC)
    assert (parse("-before:2026-03").after, parse("-before:2026-03").before) == (march, None)
    assert (parse("-after:2026-03").after, parse("-after:2026-03").before) == (None, march)


def test_of_two_bounds_the_narrower_holds() -> None:
    assert parse("after:2026-03 after:2025 before:2026-03-20 before:2027") == SearchQuery(
        "after:2026-03 after:2025 before:2026-03-20 before:2027",
        after=datetime(2026, 3, 1, tzinfo=UTC),
        before=datetime(2026, 3, 20, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("text", "field", "value", "more"),
    [
        ("toner", "status", "open", "toner status:open"),
        ('"a b"', "tag", "on hold", '"a b" tag:"on hold"'),
        ("", "after", "7d", " after:7d"),
    ],
)
def test_a_search_is_narrowed_and_widened_again(text: str, field: str, value: str, more: str) -> None:
    assert narrowed(text, field, value) == more
    assert widened(more, field, value) == text
    assert widened(text, field, value) is None


def test_what_is_left_out_is_not_taken_for_what_is_asked() -> None:
    assert widened("-status:open status:open,new", "status", "open") is None


def test_a_day_begins_where_the_reader_is() -> None:
    found = parse_query("after:2026-03-01", now=NOW, zone=ZoneInfo("Europe/Zagreb")).after
    assert found == datetime(2026, 2, 28, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('"never closed', "quotation mark"),
        ("form:ann", "Did you mean “from:”"),
        ("before:yesterday", "is no date"),
        ("after:2026-13-01", "is no date"),
        ("has:colour", "has:attachment"),
        ("from: ann", "without a space"),
        ("a " * (MAX_TERMS + 1), "first 32"),
    ],
)
def test_what_cannot_be_understood_is_said_and_the_rest_is_kept(text: str, said: str) -> None:
    query = parse(f"kept {text}")
    assert said in query.problems[0]
    assert query.terms[0] == SearchTerm(("kept",))


def test_an_empty_search_looks_for_nothing() -> None:
    assert parse("  ").is_empty
    assert parse('""').is_empty
    assert not parse("after:2026").is_empty


def test_words_are_what_is_looked_for_anywhere() -> None:
    assert parse('a "b c" from:d -e').words == ("a", "b c")


@given(st.text())
def test_nothing_raises(text: str) -> None:
    parse(text)
