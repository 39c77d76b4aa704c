"""Fields of settings: plain marshmallow fields, the few kinds that marshmallow lacks, and what pages need to know.

A settings schema is an ordinary `marshmallow.Schema`; each field carries `metadata=about(...)` for the admin page, and
`load_default` unless the setting must be given. Settings are known by their field's name (`data_key` is not used).
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate
from marshmallow.fields import Field

from helpdesk_core.settings.standard import worded
from helpdesk_core.texts import LazyText, joined

MASK = "********"
"""What pages, the API, logs and the command line show instead of a secret that is set."""


def gettext_noop(msgid: str) -> str:
    """Mark a text for translation; the page that shows it translates it for its reader."""
    return msgid


_l = gettext_noop


def about(label: str, *, help: str = "", affects: str = "", expected: str = "") -> dict[str, Any]:
    """Return a field's metadata: its label, what it is for, what a change affects, and which values are expected.

    `expected` completes the sentence "Expected …." in error messages; without it, it is made from the field.
    """
    given = {"help": help, "affects": affects, "expected": expected}
    return {"label": label, **{key: text for key, text in given.items() if text}}


class SecretText:
    """A text that shows itself in no log, page or traceback; `reveal()` hands it out where it is used."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text itself."""
        return self._text

    def __str__(self) -> str:
        return MASK if self._text else ""

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __repr__(self) -> str:
        return f"SecretText({str(self)!r})"

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretText) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


class Sensitive(Field[Any]):
    """The parent of fields whose values are masked wherever they are shown, and encrypted where they are stored."""

    def mask(self, value: Any) -> str:
        """Return what may be shown of the loaded value."""
        return MASK if value else ""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else self.mask(value)


class Secret(Sensitive):
    """A password, token or key; loads as `SecretText`, dumps as a mask. Give defaults as `SecretText("")`."""

    default_error_messages = {
        "invalid": _l("Not a valid string."),
        "masked": _l("This is the mask that is shown instead of the secret; enter the secret itself."),
    }

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> SecretText:
        text = value.reveal() if isinstance(value, SecretText) else value
        if not isinstance(text, str):
            raise self.make_error("invalid")
        if text == MASK:
            raise self.make_error("masked")
        return SecretText(text)


class Choice(fields.String):
    """One of a few words; `options` maps each to its label, or lists them."""

    def __init__(self, options: Mapping[str, str] | Sequence[str], **kwargs: Any) -> None:
        self.options = dict(options) if isinstance(options, Mapping) else {option: option for option in options}
        super().__init__(validate=validate.OneOf(list(self.options), list(self.options.values())), **kwargs)


class Whole(fields.Integer):
    """A whole number; unlike `Integer` it refuses 2.5 instead of cutting it to 2."""

    def _validated(self, value: Any) -> int:
        if isinstance(value, float) and not value.is_integer():
            raise self.make_error("invalid", input=value)
        return super()._validated(value)


class Words(Field[tuple[str, ...]]):
    """A list of short texts, each once, in order; also read from "a, b" as forms and the environment give it."""

    default_error_messages = {"invalid": _l("Not a valid list of texts.")}

    def __init__(self, *, each: validate.Validator | None = None, **kwargs: Any) -> None:
        self.each = each
        super().__init__(**kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> tuple[str, ...]:
        if isinstance(value, str):
            value = _json(value) if value.lstrip().startswith("[") else re.split(r"[,\n]", value)
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            raise self.make_error("invalid")
        words = tuple(dict.fromkeys(word for item in value if (word := item.strip())))
        if self.each:
            for word in words:
                self.each(word)
        return words

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> list[str] | None:
        return None if value is None else list(value)


_UNITS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}


class Duration(Field[timedelta]):
    """A length of time: seconds as a number, or "90s", "30m", "4h", "1d 12h", "2w"; loads as `timedelta`."""

    default_error_messages = {"invalid": _l("Not a valid duration.")}

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> timedelta:
        if isinstance(value, timedelta):
            return value
        try:
            if isinstance(value, int | float) and not isinstance(value, bool):
                return timedelta(seconds=value)
            if isinstance(value, str):
                return timedelta(seconds=_seconds(value))
        except (ValueError, OverflowError):
            pass
        raise self.make_error("invalid")

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | float | None:
        return None if value is None else duration_text(value)


def _seconds(text: str) -> float:
    text = text.strip().lower()
    if re.fullmatch(r"\d{1,12}(\.\d{1,6})?", text, re.ASCII):
        return float(text)
    if not re.fullmatch(r"(\d{1,9}\s*[wdhms]\s*)+", text, re.ASCII):
        raise ValueError(text)
    return sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)\s*([wdhms])", text))


def duration_text(value: timedelta) -> str | float:
    """Return a duration as people write it ("1d 12h"), or as seconds if it is negative or has fractions."""
    seconds = value.total_seconds()
    if seconds <= 0 or seconds != int(seconds):
        return seconds
    parts, rest = [], int(seconds)
    for unit in "dhms":
        count, rest = divmod(rest, _UNITS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise ValidationError(_l("Not valid JSON.")) from None


def from_text(field: Field[Any], text: str) -> Any:
    """Return what the text of an environment variable means to a field: lists and tables are written as JSON."""
    return _json(text) if isinstance(field, fields.List | fields.Tuple | fields.Mapping | fields.Nested) else text


def is_sensitive(field: Field[Any]) -> bool:
    """Tell whether the field is, or holds somewhere inside, something that must not be shown."""
    if isinstance(field, fields.Nested):
        return any(is_sensitive(inner) for inner in field.schema.fields.values())
    if isinstance(field, fields.List):
        return is_sensitive(field.inner)
    if isinstance(field, fields.Tuple):
        return any(is_sensitive(inner) for inner in field.tuple_fields)
    if isinstance(field, fields.Mapping):
        return field.value_field is not None and is_sensitive(field.value_field)
    return isinstance(field, Sensitive)


def shown(field: Field[Any], value: Any) -> Any:
    """Return a loaded value as JSON can hold it, with secrets masked."""
    return field.serialize("value", {"value": value})


def mask(schema: Schema, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return loaded values as they may be shown: as JSON can hold them, secrets masked."""
    return {key: shown(schema.fields[key], value) for key, value in values.items() if key in schema.fields}


def sentences(messages: Any) -> list[str]:
    """Return the error messages of a field as a flat list, with the place inside a list or table before each.

    Those of marshmallow itself, and those that are lazy, can be said in the reader's language.
    """
    if isinstance(messages, Mapping):
        return [joined((f"{place}:", text)) for place, inner in messages.items() for text in sentences(inner)]
    if isinstance(messages, list | tuple):
        return [text for inner in messages for text in sentences(inner)]
    return [messages if isinstance(messages, LazyText) else worded(str(messages))]


_KINDS: tuple[tuple[type[Any], str], ...] = (
    (fields.Boolean, "true or false"),
    (fields.Integer, "a whole number"),
    (fields.Number, "a number"),
    (Duration, 'a duration such as "30m", "4h" or "2d"'),
    (Words, 'a list such as ["a", "b"]'),
    (fields.List, "a list"),
    (fields.Mapping, "a table"),
    (fields.Nested, "a table"),
    (fields.Email, "a mail address"),
    (fields.Url, "an address that begins with https://"),
    (fields.DateTime, "a date and time"),
    (fields.Date, "a date"),
    (fields.String, "a text"),
    (Sensitive, "a text"),
)


def expected(field: Field[Any]) -> str:
    """Say in a few words which values a field takes: "a whole number from 1 to 64"."""
    stated = field.metadata.get("expected")
    if isinstance(stated, str):
        return stated
    for validator in field.validators:
        if isinstance(validator, validate.OneOf):
            return "one of " + ", ".join(f'"{choice}"' for choice in validator.choices)
    kind = next((text for type_, text in _KINDS if isinstance(field, type_)), "a value")
    for validator in field.validators:
        if isinstance(validator, validate.Range):
            return kind + _limits(validator.min, validator.max)
        if isinstance(validator, validate.Length) and validator.max is not None:
            return f"{kind} of at most {validator.max} characters" if isinstance(field, fields.String) else kind
    return kind


def _limits(low: Any, high: Any) -> str:
    low, high = (duration_text(each) if isinstance(each, timedelta) else each for each in (low, high))
    if low is not None and high is not None:
        return f" from {low} to {high}"
    if low is not None:
        return f", at least {low}"
    return f", at most {high}" if high is not None else ""
