"""The plugin's settings, for `[plugins.cms]` and the admin page."""

from collections.abc import Sequence
from datetime import timedelta

from marshmallow import Schema, ValidationError
from marshmallow.validate import Range

from helpdesk_core.api.outgoing import networks
from helpdesk_core.api.settings import Duration, Words, about
from helpdesk_core.api.settings import gettext_noop as _n

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
    """What can be set for all sites; the rest is set for each site on its page."""

    allowed = Words(
        load_default=(),
        validate=are_networks,
        metadata=about(
            _n("Private networks allowed"),
            help=_n(
                "Answers to comments go to sites on the public internet; to those inside, such as 10.1.0.0/16 or "
                "127.0.0.1, only if they are named here."
            ),
        ),
    )
    timeout = Duration(
        load_default=timedelta(seconds=10),
        validate=Range(timedelta(seconds=1), timedelta(seconds=60)),
        metadata=about(_n("Patience"), help=_n("A site that takes longer to take an answer is tried again later.")),
    )
    keep = Duration(
        load_default=timedelta(days=30),
        validate=Range(timedelta(days=1)),
        metadata=about(_n("Keep refusals"), help=_n("What was refused longer ago is forgotten.")),
    )
