"""What the schemas of the API share: strict input, complete output, moments, lists in an address."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate
from marshmallow.types import UnknownOption

FIRST_YEAR, LAST_YEAR = 1000, 9998
"""Years that every database can hold in every time zone."""


class Input(Schema):
    """What a client sends; a field that is not known is an error, so that a slip of the pen does nothing by mistake."""

    class Meta:
        unknown: UnknownOption = RAISE

    error_messages = {"unknown": "There is no such field here."}

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Say what is wrong in our own words."""
        field_obj.error_messages |= {"required": "This is needed.", "null": "This cannot be null."}


class Output(Schema):
    """What the API answers; every field is always there, and may be null only where the schema says so."""

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Say in the description of the API that the field is always there."""
        field_obj.required = True


class Moment(fields.DateTime):
    """A moment: ISO 8601 going out (UTC), ISO 8601 coming in; without a zone it is UTC, a date alone its first hour."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        try:
            moment = datetime.fromisoformat(value)
            moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (TypeError, ValueError, OverflowError):
            raise ValidationError("This is no moment. Write it like 2026-03-31T12:00:00Z.") from None
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            raise ValidationError(f"Give a year from {FIRST_YEAR} to {LAST_YEAR}.")
        return moment


class Words(fields.List[str]):
    """Several words in an address: `?status=open,waiting`, or the name repeated; each word is one alternative."""

    def __init__(self, choices: Sequence[str] = (), **options: Any) -> None:
        super().__init__(fields.String(), **options)
        self._choices = choices

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        parts = super()._deserialize(value, attr, data, **kwargs)
        words = [word.strip() for part in parts for word in (part or "").split(",") if word.strip()]
        if self._choices and not set(words) <= set(self._choices):
            raise ValidationError(f"Choose among: {', '.join(self._choices)}.")
        return words


class PageQuery(Input):
    """Which part of a list."""

    limit = fields.Integer(
        load_default=50, validate=validate.Range(1, 200), metadata={"description": "How many items at most."}
    )
    after = fields.String(metadata={"description": "The `next` of the page before."})


def page_of(item: type[Schema], name: str) -> type[Schema]:
    """Return the schema of a page of such items: `items`, and `next` for the page after it, null on the last one."""
    members: dict[str, fields.Field[Any]] = {
        "items": fields.List(fields.Nested(item)),
        "next": fields.String(
            allow_none=True, metadata={"description": "Give it as `after` to go on; null at the end."}
        ),
    }
    found: type[Schema] = type(name, (Output,), members)
    return found
