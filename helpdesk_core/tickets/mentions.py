"""Mentions: a colleague named in a note (`@Ada Lovelace`) gets notices of the ticket from then on."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from helpdesk_core.actor import Actor
from helpdesk_core.errors import Forbidden, Invalid
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.tickets.conversation import note
from helpdesk_core.tickets.inputs import NewMessage
from helpdesk_core.tickets.people import add_participant
from helpdesk_core.tickets.posting import Posted
from helpdesk_core.users.staff import Colleague, colleagues

_AT: Final = re.compile(r"(?<![\w@.])@(?=\w)")


@dataclass(frozen=True, slots=True)
class Noted:
    """What came of a note: the message, who was mentioned and follows now, and who may not read the ticket."""

    posted: Posted
    mentioned: Sequence[Colleague]
    left_out: Sequence[Colleague]


def find_mentioned(text: str, people: Sequence[Colleague]) -> list[Colleague]:
    """Return the colleagues whom a text names after an `@`, in its order, each once.

    The whole name counts, in any case; the first name alone where only one colleague has it. The longest name that
    fits wins. Addresses (`ada@example.com`) are no mentions.
    """
    names: dict[str, list[Colleague]] = {}
    for person in people:
        whole = person.name.casefold()
        for name in {whole, whole.split()[0] if whole.split() else whole}:
            names.setdefault(name, []).append(person)
    found: dict[str, Colleague] = {}
    folded = text.casefold()
    for at in _AT.finditer(folded):
        rest = folded[at.end() :]
        fitting = [name for name in names if rest.startswith(name) and not rest[len(name) : len(name) + 1].isalnum()]
        if fitting and len(names[longest := max(fitting, key=len)]) == 1:
            person = names[longest][0]
            found.setdefault(person.uid, person)
    return list(found.values())


def note_with_mentions(desk: Helpdesk, actor: Actor, number: str, draft: NewMessage) -> Noted:
    """Post an internal note; colleagues whom it mentions follow the ticket, so that they are told of it.

    Who may not read the ticket is not let in by a mention: they are returned, for the writer to bring them in.
    """
    with desk.read() as session:
        named = [each for each in find_mentioned(draft.text, colleagues(desk, session)) if each.uid != actor.uid]
    told: list[Colleague] = []
    with desk.begin(actor):
        posted = note(desk, actor, number, draft)
        for person in named:
            with suppress(Invalid, Forbidden):  # the note stands, whoever it names
                add_participant(desk, actor, posted.ticket.number or number, "follower", uid=person.uid)
                told.append(person)
    return Noted(posted, told, [person for person in named if person not in told])
