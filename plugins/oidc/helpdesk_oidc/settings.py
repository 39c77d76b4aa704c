"""The plugin's settings, for `[plugins.oidc]` and the admin page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from marshmallow import Schema, ValidationError
from marshmallow.validate import Range

from helpdesk_core.api import Helpdesk
from helpdesk_core.api.outgoing import networks
from helpdesk_core.api.settings import Duration, Words, about
from helpdesk_core.api.settings import gettext_noop as _l

from .texts import ID, lazy


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
            help=_l("Providers inside, such as in 10.1.0.0/16, are asked only if they are named here."),
        ),
    )
    timeout = Duration(
        load_default=timedelta(seconds=5),
        validate=Range(timedelta(seconds=1), timedelta(seconds=30)),
        metadata=about(_l("Patience"), help=_l("How long somebody who signs in waits for the provider at most.")),
    )


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings as they are in force now; the fields are those of `Settings`."""

    allowed: tuple[str, ...]
    timeout: timedelta


def rules(desk: Helpdesk) -> Rules:
    """Return the settings in force."""
    return Rules(**desk.settings.effective(ID).values)
