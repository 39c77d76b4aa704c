"""What the plugin tells of."""

from dataclasses import dataclass
from typing import ClassVar

from helpdesk_core.api import Event

from .texts import lazy


@dataclass(frozen=True, kw_only=True)
class RatingGiven(Event):
    """A ticket or an answer was rated, or the rating changed. `rating` is its uid, `verdict` bad, neutral or good.

    `turned_bad` tells that it is bad and was not before.
    """

    type: ClassVar[str] = "ratings.given"
    rating: str
    score: int
    scale: str
    verdict: str
    turned_bad: bool

    def told(self) -> object:
        """Return what happened, for the record of changes."""
        said = {
            "good": lazy("rated the help as good"),
            "bad": lazy("rated the help as bad"),
        }
        return said.get(self.verdict) or lazy("rated the help as neutral")


@dataclass(frozen=True, kw_only=True)
class RatingAsked(Event):
    """The requester of a closed ticket is asked by mail how it went."""

    type: ClassVar[str] = "ratings.asked"
    user_id: int

    def told(self) -> object:
        """Return what happened, for the record of changes."""
        return lazy("asked by mail how it went")
