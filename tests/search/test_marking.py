"""Snippets: the place that fits, in plain words."""

import pytest

from helpdesk_core.search.marking import around

LONG = " and more words" * 40


def snippet(text: str, word: str) -> str:
    place = text.index(word)
    return "".join(piece for piece, _marked in around(text, [(place, place + len(word))]))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("# Steps\n> *Restart* **the** `php-fpm` toner", "Steps Restart the php-fpm toner"),
        ("See [the __docs__](https://docs.example.com/a_b) of toner", "See the docs of toner"),
        ("```sh\nservice toner\n```\n* one\n+ two", "service toner one two"),
        ("~~old~~ toner \\*new\\*", "old toner *new*"),
        ("toner for *.example.com, snake_case_name, 2 * 3 * 4", "toner for *.example.com, snake_case_name, 2 * 3 * 4"),
        ("**toner**", "toner"),
    ],
)
def test_marks_of_markdown_are_left_out(text: str, shown: str) -> None:
    assert snippet(text, "toner") == shown


def test_what_was_found_is_shown_even_where_it_is_a_part_of_a_mark() -> None:
    assert around("[docs](https://toner.example.com)", [(15, 20)])[1] == ("toner", True)


def test_a_snippet_is_the_part_around_what_was_found() -> None:
    text = snippet("Begin" + LONG + " **toner** " + LONG, "toner")
    assert text.startswith("… ")
    assert text.endswith(" …")
    assert "Begin" not in text
    assert " toner and" in text
