"""Texts of rules with what is known of a ticket put in."""

import re
from typing import Final

from helpdesk_core.api.tickets import Ticket

from .texts import lazy

PLACE: Final = re.compile(r"\{(\w+)\}")
PLACES: Final = ("number", "subject", "requester", "department", "assignee")
"""What can stand in braces."""


def check_places(text: str) -> None:
    """Raise ValueError for a text with a place that nothing is known for."""
    unknown = next((each for each in PLACE.findall(text) if each not in PLACES), None)
    if unknown is not None:
        places = ", ".join(f"{{{each}}}" for each in PLACES)
        raise ValueError(lazy("Nothing is known for {%(place)s}. There are: %(places)s.", place=unknown, places=places))


def filled(text: str, ticket: Ticket) -> str:
    """Return the text for a ticket."""
    values = {
        "number": ticket.number or "",
        "subject": ticket.subject,
        "requester": ticket.requester.name,
        "department": ticket.department.name,
        "assignee": ticket.assignee.name if ticket.assignee else "",
    }
    return PLACE.sub(lambda match: values.get(match[1], match[0]), text)
