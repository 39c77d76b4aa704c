"""The kinds of fields that settings add to marshmallow's, and how values are masked."""

import copy
import json
import logging
import pickle
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError, fields
from marshmallow.validate import Length, Range

from helpdesk_core.settings.fields import (
    MASK,
    Choice,
    Duration,
    Secret,
    SecretText,
    Whole,
    Words,
    about,
    expected,
    is_sensitive,
    mask,
    sentences,
)


class Account(Schema):
    host = fields.String()
    password = Secret()


class Everything(Schema):
    token = Secret(load_default=SecretText(""))
    accounts = fields.List(fields.Nested(Account), load_default=[])
    by_name = fields.Dict(values=Secret(), load_default={})
    pair = fields.Tuple((fields.String(), Secret()))
    wait = Duration(load_default=timedelta(hours=4))
    names = Words(load_default=())
    plain = fields.String(load_default="x")


class TestSecrets:
    def test_are_masked_also_inside_lists_and_tables(self) -> None:
        values = Everything().load(
            {
                "token": "hunter2",
                "accounts": [{"host": "a.example.com", "password": "hunter2"}],
                "by_name": {"one": "hunter2"},
                "pair": ["u", "hunter2"],
            }
        )
        shown = mask(Everything(), values)
        assert shown["token"] == MASK
        assert shown["accounts"] == [{"host": "a.example.com", "password": MASK}]
        assert "hunter2" not in json.dumps(shown)
        assert "hunter2" not in f"{values} {values!r}"
        assert shown["wait"] == "4h"

    def test_that_are_not_set_show_as_empty(self) -> None:
        assert mask(Everything(), Everything().load({}))["token"] == ""

    def test_are_dumped_masked(self) -> None:
        assert Everything().dump({"token": SecretText("hunter2")}) == {"token": MASK}

    def test_refuse_the_mask_as_their_text(self) -> None:
        with pytest.raises(ValidationError, match="enter the secret itself"):
            Everything().load({"token": MASK})

    @pytest.mark.parametrize("value", [5, ["x"], {"a": "b"}, None])
    def test_refuse_what_is_no_text_without_repeating_it(self, value: Any) -> None:
        with pytest.raises(ValidationError) as caught:
            Everything().load({"token": value})
        assert list(caught.value.messages_dict) == ["token"]

    def test_text_is_seen_only_by_asking_for_it(self) -> None:
        secret = SecretText("hunter2")
        assert secret.reveal() == "hunter2"
        assert "hunter2" not in f"{secret} {secret!r} {secret:>20}"
        assert "hunter2" not in logging.LogRecord("x", 1, "x", 1, "%s %r", (secret, secret), None).getMessage()
        with pytest.raises(TypeError):
            json.dumps(secret)

    def test_text_compares_and_copies_by_its_content(self) -> None:
        secret = SecretText("a")
        assert secret == SecretText("a") != SecretText("b")
        assert secret != "a"
        assert copy.deepcopy(secret) == pickle.loads(pickle.dumps(secret)) == secret
        assert [bool(secret), bool(SecretText(""))] == [True, False]

    def test_are_found_wherever_they_lie(self) -> None:
        found = {key for key, field in Everything().fields.items() if is_sensitive(field)}
        assert found == {"token", "accounts", "by_name", "pair"}


class TestDurations:
    @pytest.mark.parametrize(
        ("given_", "seconds"),
        [
            (90, 90),
            (1.5, 1.5),
            ("90", 90),
            ("90s", 90),
            ("30m", 1800),
            ("4h", 14400),
            ("1d 12h", 129600),
            ("2W", 1209600),
        ],
    )
    def test_are_read_as_people_write_them(self, given_: Any, seconds: float) -> None:
        assert Duration().deserialize(given_) == timedelta(seconds=seconds)

    @pytest.mark.parametrize(
        "given_",
        ["", "soon", "4 parsecs", "-4h", "h", True, None, [], float("nan"), float("inf"), 1e300, "9" * 400, "٣h"],
    )
    def test_refuse_everything_else(self, given_: Any) -> None:
        with pytest.raises(ValidationError):
            Duration().deserialize(given_)

    @given(st.timedeltas(timedelta(0), timedelta(days=3000)))
    def test_come_back_from_their_text(self, value: timedelta) -> None:
        text = Duration().serialize("d", {"d": value})
        assert Duration().deserialize(text) == value


class TestWholeNumbers:
    @pytest.mark.parametrize("value", [5, "5", " 5 ", 5.0])
    def test_are_taken_from_numbers_and_texts(self, value: Any) -> None:
        assert Whole().deserialize(value) == 5

    @pytest.mark.parametrize("value", [5.5, "5.5", True, "", float("inf"), float("nan"), "9" * 5000])
    def test_are_not_cut_from_others(self, value: Any) -> None:
        with pytest.raises(ValidationError):
            Whole().deserialize(value)


class TestWords:
    def test_keep_their_order_and_appear_once(self) -> None:
        assert Words().deserialize(" b, a\nb,, c ") == ("b", "a", "c")

    @pytest.mark.parametrize("value", [1, [1], {"a": 1}, '["a", 1]', "[", None])
    def test_refuse_what_is_no_list_of_texts(self, value: Any) -> None:
        with pytest.raises(ValidationError):
            Words().deserialize(value)

    def test_check_each_word(self) -> None:
        with pytest.raises(ValidationError):
            Words(each=Length(max=2)).deserialize("ab, abc")


@pytest.mark.parametrize(
    ("field", "text"),
    [
        (Whole(validate=Range(1, 5)), "a whole number from 1 to 5"),
        (fields.Float(validate=Range(min=0.5)), "a number, at least 0.5"),
        (Duration(validate=Range(max=timedelta(days=2))), 'a duration such as "30m", "4h" or "2d", at most 2d'),
        (Choice({"a": "A", "b": "B"}), 'one of "a", "b"'),
        (Choice(["a", "b"]), 'one of "a", "b"'),
        (fields.String(validate=Length(max=9)), "a text of at most 9 characters"),
        (fields.Boolean(), "true or false"),
        (Secret(), "a text"),
        (fields.Nested(Account), "a table"),
        (fields.Raw(), "a value"),
        (fields.String(metadata=about("Colour", expected="a colour")), "a colour"),
    ],
)
def test_a_field_says_what_it_expects(field: fields.Field[Any], text: str) -> None:
    assert expected(field) == text


def test_errors_inside_lists_and_tables_name_their_place() -> None:
    with pytest.raises(ValidationError) as caught:
        Everything().load({"accounts": [{"host": "x"}, {"host": 5}]})
    assert sentences(caught.value.messages_dict["accounts"]) == ["1: host: Not a valid string."]
