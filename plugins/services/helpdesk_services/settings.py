"""The plugin's settings, for `[plugins.services]` and the admin page."""

from collections.abc import Sequence
from datetime import timedelta

from marshmallow import Schema, ValidationError
from marshmallow.validate import Range

from helpdesk_core.api.outgoing import networks
from helpdesk_core.api.settings import Duration, Words, about
from helpdesk_core.api.settings import gettext_noop as _l

from .texts import lazy


def are_networks(texts: Sequence[str]) -> None:
    """Raise `ValidationError` unless each is an IP address or a network of them."""
    try:
        networks(texts)
    except ValueError as error:
        raise ValidationError(
            lazy("Write addresses such as 10.1.2.3 or networks such as 10.1.0.0/16: %(problem)s.", problem=str(error))
        ) from None


class Settings(Schema):
    """What can be set."""

    allowed = Words(
        load_default=(),
        validate=are_networks,
        metadata=about(
            _l("Private networks allowed"),
            help=_l(
                "Sources on the public internet are reached; those inside, such as 10.1.0.0/16 or 127.0.0.1, only if "
                "they are named here."
            ),
        ),
    )
    timeout = Duration(
        load_default=timedelta(seconds=8),
        validate=Range(timedelta(seconds=1), timedelta(seconds=30)),
        metadata=about(
            _l("Patience"),
            help=_l(
                "A source that takes longer to answer has failed. Forms and pages never wait for more than a moment."
            ),
        ),
    )
    fresh = Duration(
        load_default=timedelta(minutes=5),
        validate=Range(timedelta(0), timedelta(days=1)),
        metadata=about(_l("Ask again after"), help=_l("What a source said less long ago is not asked for again.")),
    )
