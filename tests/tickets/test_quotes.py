"""What is known as a quote, and that finding it takes one pass over each text."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import pytest

from helpdesk_core.tickets.quotes import Repeats, without_quotes, without_repeats

LINES = 40_000
"""Each of a dozen letters or more; compared with one another, that is a matter of hours."""
LOG = "\n".join(f"2026-03-02 09:00:00 request {each} was refused" for each in range(LINES))
OTHER = "\n".join(f"2026-03-02 09:00:00 answer {each} was passed on" for each in range(LINES))
WORDS = "\n".join(f"w{each:x}" for each in range(LINES))


@contextmanager
def limited(seconds: int = 60) -> Iterator[None]:
    """Stop what would not end; what is bounded needs a small part of that."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise TimeoutError("This does not end.")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def test_the_quote_of_a_long_message_goes_from_a_long_text() -> None:
    with limited():
        repeats = Repeats.of(LOG, [OTHER, WORDS])
        assert not repeats(OTHER)
        text = f"Why?\n{LOG}\nBecause."
        assert set(without_repeats(text, repeats, "[gone]").split("\n")) == {"Why?", "[gone]", "Because."}
        assert without_quotes(OTHER, None, repeats, "[gone]") is None


@pytest.mark.parametrize("quoted", [False, True])
def test_many_short_lines_are_looked_up_at_once(quoted: bool) -> None:
    text = "\n".join(f"> w{each:x}\nAnd?" if quoted else f"w{each:x}" for each in range(LINES))
    with limited():
        repeats = Repeats.of(f"{LOG}\nmy password is hunter2", [])
        left = without_repeats(f"my password is hunter2\n{text}", repeats, "[gone]")
    assert left == f"[gone]\n{text}"


def test_what_long_messages_of_others_say_too_is_no_quote() -> None:
    with limited():
        repeats = Repeats.of(f"{LOG}\nmy password is hunter2", [LOG.replace("\n", " "), OTHER])
    assert repeats("I think that my password is hunter2, or not.")
    assert not repeats("2026-03-02 09:00:00 request 7 was refused")


def test_lines_with_one_beginning_are_told_apart_by_their_ends() -> None:
    repeats = Repeats.of("The secret number is 4711 for you\nThe secret number is 42 for you", ["Thanks."])
    assert repeats("So the secret number\nis 42 for you, I see.")
    assert repeats("so he says: THE SECRET NUMBER IS 4711 for\nyou and me")
    assert not repeats("The secret number is 43 for you, or so it seems.")
    assert not repeats("They say that the secret number is nobody's business.")


def test_a_short_piece_goes_with_the_quote_that_it_was_wrapped_off() -> None:
    repeats = Repeats.of("my password is hunter2 and nobody else knows it", [])
    text = "They wrote that my\npassword is\nhunter2\nand nobody else knows it.\nWater it."
    assert without_repeats(text, repeats, "-") == "They wrote that my\n-\n-\n-\nWater it."
