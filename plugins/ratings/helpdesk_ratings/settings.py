"""The plugin's settings, for `[plugins.ratings]` and the admin page."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from marshmallow import Schema, fields
from marshmallow.validate import Length, Range

from helpdesk_core.api import Helpdesk
from helpdesk_core.api.settings import Choice, Duration, Whole, Words, about
from helpdesk_core.api.settings import gettext_noop as _l

ID: Final = "ratings"
MOST_REASONS: Final = 12
DEFAULT_REASONS: Final = (_l("Speed"), _l("Friendliness"), _l("Knowledge"), _l("Solution"))


class Settings(Schema):
    """What can be set."""

    scale = Choice(
        {
            "two": _l("Two: bad, good"),
            "three": _l("Three: bad, all right, good"),
            "five": _l("Five: very bad to very good"),
            "stars": _l("One to five stars"),
        },
        load_default="three",
        metadata=about(
            _l("Scale"), help=_l("What customers choose from. Earlier ratings keep the scale they were given on.")
        ),
    )
    rate_replies = fields.Boolean(
        load_default=True, metadata=about(_l("Rate answers"), help=_l("Each answer of an agent can be rated."))
    )
    rate_tickets = fields.Boolean(
        load_default=True, metadata=about(_l("Rate tickets"), help=_l("A closed ticket can be rated as a whole."))
    )
    copied = fields.Boolean(
        load_default=False,
        metadata=about(
            _l("People in copy rate too"), help=_l("Otherwise only the person who asked for help can rate.")
        ),
    )
    reasons = Words(
        load_default=DEFAULT_REASONS,
        validate=[Length(max=MOST_REASONS)],
        metadata=about(
            _l("Reasons"),
            help=_l(
                "What customers can tick besides the score, in your words; at most twelve. The default ones are "
                "shown in the reader's language."
            ),
        ),
    )
    changeable = Duration(
        load_default=timedelta(days=14),
        metadata=about(_l("Can be changed for"), help=_l("So long after rating, people may change what they said.")),
    )
    link_lasts = Duration(
        load_default=timedelta(days=30),
        metadata=about(_l("Links last"), help=_l("So long the links in mails that ask for a rating can be used.")),
    )
    ask = fields.Boolean(
        load_default=True,
        metadata=about(_l("Ask by mail"), help=_l("Once a ticket is closed, its requester is asked how it went.")),
    )
    ask_after = Duration(
        load_default=timedelta(days=1),
        metadata=about(_l("Ask after"), help=_l("How long after closing; opening the ticket again calls it off.")),
    )
    ask_share = Whole(
        load_default=100,
        validate=Range(0, 100),
        metadata=about(_l("Share of tickets (%)"), help=_l("Of so many closed tickets in a hundred people are asked.")),
    )
    ask_pause = Duration(
        load_default=timedelta(days=14),
        metadata=about(_l("Pause for each person"), help=_l("Nobody is asked again by mail before this time is over.")),
    )
    tell_bad = fields.Boolean(
        load_default=True,
        metadata=about(
            _l("Tell of bad ratings"),
            help=_l(
                "A bad rating is told at once by mail to all who have the permission ratings.alert in the department; "
                "as long as no role has it, to those who may redact messages there: managers."
            ),
        ),
    )
    reopen_bad = fields.Boolean(
        load_default=False,
        metadata=about(_l("Open again after a bad rating"), help=_l("A closed ticket that is rated bad opens again.")),
    )


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings as they are in force now; the fields are those of `Settings`."""

    scale: str
    rate_replies: bool
    rate_tickets: bool
    copied: bool
    reasons: tuple[str, ...]
    changeable: timedelta
    link_lasts: timedelta
    ask: bool
    ask_after: timedelta
    ask_share: int
    ask_pause: timedelta
    tell_bad: bool
    reopen_bad: bool


def said_reason(reason: str, gettext: Callable[[str], str]) -> str:
    """Return a reason as somebody reads it: the default ones in their language, a site's own in its words."""
    return gettext(reason) if reason in DEFAULT_REASONS else reason


def rules(desk: Helpdesk) -> Rules:
    """Return the settings in force."""
    return Rules(**desk.settings.effective(ID).values)
