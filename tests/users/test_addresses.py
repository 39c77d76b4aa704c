import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk_core.errors import Invalid
from helpdesk_core.users.addresses import clean_name, name_from_address, normalise, normalise_domain, readable


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("  Anna.Petrova@Example.COM ", "anna.petrova@example.com"),
        ("anna+shop@example.com", "anna+shop@example.com"),
        ("о'hara@example.com", "о'hara@example.com"),
        ("АННА@пример.рф", "анна@xn--e1afmkfd.xn--p1ai"),
        ("info@müller.example", "info@xn--mller-kva.example"),
        ("info@mu\u0308ller.example", "info@xn--mller-kva.example"),
        ("info@XN--MLLER-KVA.example", "info@xn--mller-kva.example"),
        ("cron@server1", "cron@server1"),
        ("two..dots.@example.com", "two..dots.@example.com"),
    ],
)
def test_an_address_is_kept_in_one_form(given: str, kept: str) -> None:
    assert normalise(given) == kept


def test_sharp_s_makes_another_domain_than_double_s() -> None:
    assert normalise("a@straße.example") != normalise("a@strasse.example")


@pytest.mark.parametrize(
    "given",
    [
        "",
        "   ",
        "anna",
        "@example.com",
        "anna@",
        "anna petrova@example.com",
        "anna@exam ple.com",
        "anna@example..com",
        "anna@-example.com",
        "anna@example.com>",
        "<anna@example.com>",
        "anna\u202e@example.com",
        "anna\r\nBcc: eve@example.com",
        "anna@[127.0.0.1]",
        "anna@127.0.0.1",
        f"{'a' * 65}@example.com",
        f"anna@{'a' * 64}.com",
        f"anna@{'abcdefghi.' * 30}com",
    ],
)
def test_what_is_no_address_is_refused_with_a_reason(given: str) -> None:
    with pytest.raises(Invalid) as caught:
        normalise(given)
    (sentence,) = caught.value.problems["address"]
    assert sentence.endswith(".")
    assert "\r" not in sentence
    assert "\u202e" not in sentence


@given(st.text(max_size=80))
def test_normalising_never_fails_otherwise_and_twice_is_once(text: str) -> None:
    for candidate in (text, f"{text}@example.com", f"anna@{text}"):
        try:
            once = normalise(candidate)
        except Invalid:
            continue
        assert normalise(once) == once
        assert once.rpartition("@")[2].isascii()
        assert normalise(readable(once)) == once


def test_people_read_a_domain_in_its_own_script() -> None:
    assert readable("анна@xn--e1afmkfd.xn--p1ai") == "анна@пример.рф"
    assert readable("anna@xn--broken-label-9.example").endswith(".example")


def test_a_domain_rule_takes_a_domain_with_or_without_the_at_sign() -> None:
    assert normalise_domain(" @Example.com") == "example.com"
    with pytest.raises(Invalid, match=r"Write it like example\.com"):
        normalise_domain("example")
    with pytest.raises(Invalid) as caught:
        normalise_domain("exa mple.com")
    assert list(caught.value.problems) == ["domain"]


def test_a_name_is_one_clean_line() -> None:
    assert clean_name("  Anna\n\tPetrova ") == "Anna Petrova"
    assert clean_name("Анна\u202e Петрова\x00") == "Анна Петрова"
    assert clean_name("e\u0301") == "é"
    assert clean_name("\u200b") == ""
    with pytest.raises(Invalid, match="256 characters; 255 are allowed"):
        clean_name("x" * 256)


def test_who_has_no_name_is_called_by_the_address() -> None:
    assert name_from_address("anna.petrova@example.com") == "anna.petrova"
