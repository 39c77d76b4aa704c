"""The plugin's settings, for `[plugins.webhooks]` and the admin page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from marshmallow import Schema, ValidationError
from marshmallow.validate import Range

from helpdesk_core.api import Helpdesk
from helpdesk_core.api.outgoing import networks
from helpdesk_core.api.settings import Duration, Whole, Words, about
from helpdesk_core.api.settings import gettext_noop as _l

from .texts import lazy

ID: Final = "webhooks"


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
                "Endpoints on the public internet are reached; those inside, such as 10.1.0.0/16 or 127.0.0.1, only if "
                "they are named here."
            ),
        ),
    )
    timeout = Duration(
        load_default=timedelta(seconds=10),
        validate=Range(timedelta(seconds=1), timedelta(seconds=60)),
        metadata=about(_l("Patience"), help=_l("An endpoint that takes longer to answer has failed.")),
    )
    disable_after = Duration(
        load_default=timedelta(days=5),
        validate=Range(timedelta(hours=1)),
        metadata=about(
            _l("Switch off after"), help=_l("An endpoint that has failed for so long is switched off, with a notice.")
        ),
    )
    keep = Duration(
        load_default=timedelta(days=30),
        validate=Range(timedelta(days=1)),
        metadata=about(_l("Keep the log"), help=_l("Deliveries that ended longer ago are forgotten.")),
    )
    most = Whole(
        load_default=50,
        validate=Range(1, 500),
        metadata=about(_l("Endpoints at most"), help=_l("Each gets a delivery for every event that it asks for.")),
    )


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings as they are in force now; the fields are those of `Settings`."""

    allowed: tuple[str, ...]
    timeout: timedelta
    disable_after: timedelta
    keep: timedelta
    most: int


def rules(desk: Helpdesk) -> Rules:
    """Return the settings in force."""
    return Rules(**desk.settings.effective(ID).values)
