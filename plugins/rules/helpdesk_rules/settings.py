"""The plugin's settings, for `[plugins.rules]` and the admin page."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from marshmallow import Schema

from helpdesk_core.api import Helpdesk
from helpdesk_core.api.settings import Duration, about
from helpdesk_core.api.settings import gettext_noop as _l

ID: Final = "rules"


class Settings(Schema):
    """What can be set."""

    present = Duration(
        load_default=timedelta(minutes=15),
        metadata=about(
            _l("Present for"), help=_l("Somebody counts as present so long after they last used the helpdesk.")
        ),
    )
    keep_log = Duration(
        load_default=timedelta(days=30),
        metadata=about(_l("Keep the log for"), help=_l("Why rules fired, or did not, is forgotten after this time.")),
    )


@dataclass(frozen=True, slots=True)
class Times:
    """How long somebody counts as present, and how long the log is kept."""

    present: timedelta
    keep_log: timedelta


def times(desk: Helpdesk) -> Times:
    """Return the settings in force."""
    return Times(**desk.settings.effective(ID).values)
