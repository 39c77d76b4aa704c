"""Choosing among organisations where there may be thousands: those that are chosen, and those that a search finds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask import request

from helpdesk_core.api.users import organisations
from helpdesk_core.api.web import current_actor, db

from . import owning

MOST: Final = 20
"""Organisations that are offered at once, besides those that are chosen."""
Choices = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Offer:
    """Organisations (uids and names) to be ticked: the chosen ones first, then those with the words of `text`.

    `is_all`: there are no others, so nothing has to be searched. `more`: others fit the words too.
    """

    choices: Choices
    text: str = ""
    found: int = 0
    more: bool = False
    is_all: bool = False


def sees_organisations() -> bool:
    """Tell whether the reader may know which organisations there are."""
    return current_actor().may("user.read")


def is_searching() -> bool:
    """Tell whether the form was sent to search, by the button or by the Enter key in the field of the search."""
    form = request.form
    return "search" in form or ("enter" in form and bool(form.get("find", "").strip()))


def offer(chosen: Sequence[str]) -> Offer:
    """Return what the reader can choose from; nothing for those who may not know organisations."""
    if not sees_organisations():
        return Offer((), is_all=True)
    text = request.form.get("find", "").strip() if is_searching() else ""
    names = owning.named(db(), chosen)
    kept = sorted(((uid, names.get(uid, uid)) for uid in dict.fromkeys(chosen) if uid), key=lambda each: each[1])
    all_there = [(each.uid, each.name) for each in organisations(db(), current_actor(), limit=MOST + 1)]
    is_all = len(all_there) <= MOST
    if is_all:
        fitting = all_there
    elif text:
        found = organisations(db(), current_actor(), query=text, limit=MOST + 1)
        fitting = [(each.uid, each.name) for each in found]
    else:
        fitting = []
    known = {uid for uid, _name in kept}
    choices = [*kept, *(each for each in fitting[:MOST] if each[0] not in known)]
    return Offer(choices, text, len(fitting[:MOST]), len(fitting) > MOST, is_all)
