"""What marshmallow says of a setting can be said in the reader's language."""

from collections.abc import Callable
from gettext import NullTranslations
from typing import Any

import pytest
from marshmallow import Schema, ValidationError, fields
from marshmallow.validate import Email, Equal, Length, OneOf, Range, Regexp

from helpdesk_core.i18n.catalogues import LOCALES, Catalogues
from helpdesk_core.settings.fields import Whole, sentences
from helpdesk_core.texts import LazyText


class Marked(NullTranslations):
    """A language that says every text as `msgid!`."""

    def gettext(self, message: str, /) -> str:
        return f"{message}!"


def said_of(field: fields.Field[Any], value: object) -> str:
    class One(Schema):
        value = field

    with pytest.raises(ValidationError) as caught:
        One().load({"value": value})
    [text] = sentences(caught.value.messages_dict["value"])
    return text


@pytest.mark.parametrize(
    ("make", "value", "text"),
    [
        (lambda: Whole(validate=Range(1, 10)), 11, "Must be greater than or equal to 1 and less than or equal to 10."),
        (lambda: Whole(validate=Range(0.5)), 0, "Must be greater than or equal to 0.5."),
        (lambda: Whole(validate=Range(max=-3)), 0, "Must be less than or equal to -3."),
        (lambda: Whole(validate=Range(0, min_inclusive=False)), 0, "Must be greater than 0."),
        (lambda: Whole(validate=Range(max=9, max_inclusive=False)), 9, "Must be less than 9."),
        (
            lambda: Whole(validate=Range(0, 9, min_inclusive=False, max_inclusive=False)),
            9,
            "Must be greater than 0 and less than 9.",
        ),
        (Whole, "x", "Not a valid integer."),
        (fields.Float, "x", "Not a valid number."),
        (fields.Boolean, "x", "Not a valid boolean."),
        (fields.String, 5, "Not a valid string."),
        (fields.String, None, "Field may not be null."),
        (fields.Url, "x", "Not a valid URL."),
        (fields.Date, "x", "Not a valid date."),
        (fields.DateTime, "x", "Not a valid datetime."),
        (lambda: fields.List(fields.String()), "x", "Not a valid list."),
        (fields.Dict, "x", "Not a valid mapping type."),
        (lambda: fields.String(validate=Email()), "x", "Not a valid email address."),
        (lambda: fields.String(validate=Regexp("a")), "x", "String does not match expected pattern."),
        (lambda: fields.String(validate=OneOf(["a", "b. c"])), "x", "Must be one of: a, b. c."),
        (lambda: fields.String(validate=Equal("a")), "x", "Must be equal to a."),
        (lambda: fields.String(validate=Length(2)), "x", "Shorter than minimum length 2."),
        (lambda: fields.String(validate=Length(max=2)), "xxx", "Longer than maximum length 2."),
        (lambda: fields.String(validate=Length(2, 3)), "x", "Length must be between 2 and 3."),
    ],
)
def test_sentences_of_marshmallow_are_translated(
    make: Callable[[], fields.Field[object]], value: object, text: str
) -> None:
    found = said_of(make(), value)
    assert found == text
    assert isinstance(found, LazyText)
    assert found.said(lambda _domain: Marked()) == f"{text}!"


def test_numbers_are_put_into_the_translation() -> None:
    found = said_of(Whole(validate=Range(1, 10)), 11)
    assert isinstance(found, LazyText)
    german = found.said(Catalogues({"helpdesk": (LOCALES,)}).texts("de"))
    assert "Must" not in german
    assert "mindestens 1 und höchstens 10" in german


def test_a_fields_own_words_stay_as_they_are() -> None:
    found = said_of(fields.String(validate=Length(max=2, error="Two letters, please.")), "xxx")
    assert found == "Two letters, please."
    assert not isinstance(found, LazyText)
