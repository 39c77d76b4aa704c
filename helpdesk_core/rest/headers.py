"""The headers that operations take, as schemas for their description."""

from marshmallow import EXCLUDE, Schema, fields

from helpdesk_core.rest.routing import ApiRoute


class _Headers(Schema):
    class Meta:
        unknown = EXCLUDE


_IF_MATCH = fields.String(
    data_key="If-Match",
    metadata={"description": "The ETag of what you saw; answers 412 and changes nothing if it is another by now."},
)
_KEY = fields.String(
    data_key="Idempotency-Key",
    metadata={
        "description": "A name of your own for this request, such as a UUID. Sent again with the same key within two "
        "days, it is not done again and gets the same answer.",
        "minLength": 1,
        "maxLength": 255,
        "pattern": "^[ -~]+$",
    },
)


class Versioned(_Headers):
    """For changes of something that has versions."""

    if_match = _IF_MATCH


class Keyed(_Headers):
    """For requests that make or do something."""

    key = _KEY


def headers_of(route: ApiRoute) -> type[Schema] | None:
    """Return the schema of the headers that an operation takes besides the usual ones; None if there are none."""
    if route.takes_key:
        return Keyed
    return Versioned if route.takes_match else None
