"""The workspaces that everybody has."""

from dataclasses import dataclass
from typing import Final

from helpdesk_core.tickets.filtering import TicketFilter

_OPEN: Final = ("open",)


@dataclass(frozen=True, slots=True)
class Standing:
    """A workspace that is always there; `name` is its English name, which pages translate."""

    key: str
    name: str
    filter: TicketFilter
    sort: str = "-updated"
    counted: bool = True


STANDING: Final = {
    each.key: each
    for each in (
        Standing("turn", "My turn", TicketFilter(state=_OPEN, assignee=("me",), waiting_on=("us",))),
        Standing("mine", "Assigned to me", TicketFilter(state=_OPEN, assignee=("me",))),
        Standing("unassigned", "Nobody's yet", TicketFilter(state=_OPEN, assignee=("none",))),
        Standing("open", "All open", TicketFilter(state=_OPEN)),
        Standing("waiting", "Waiting for customers", TicketFilter(state=_OPEN, waiting_on=("customer",))),
        Standing("following", "Followed", TicketFilter(follower=("me",)), counted=False),
        Standing("closed", "Closed recently", TicketFilter(state=("closed",)), counted=False),
    )
}
