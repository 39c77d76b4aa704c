"""The entry “Mail” of the desk's rail, with how many mails wait for a person."""

import time
from collections.abc import Sequence
from typing import Final

from flask import has_request_context, request

from helpdesk_core.api import Actor, Helpdesk, Link
from helpdesk_core.api.web import db

from ..texts import texts
from .listing import count_mails
from .undelivered import MANAGE

_ = texts.gettext
SECONDS: Final = 20.0
"""So long the count is used again: it stands on every page of the desk, and is no news that cannot wait."""
MOST_PEOPLE: Final = 1000
PAGES: Final = "/desk/x/email/"


class Waiting:
    """Counts the mails in the quarantine that somebody may decide about."""

    def __init__(self, desk: Helpdesk) -> None:
        self._desk = desk
        self._known: dict[int | None, tuple[float, int]] = {}

    def link(self, actor: Actor) -> Sequence[Link]:
        """Return the entry of the rail; on the mail pages themselves the count is of this moment."""
        if not actor.may(MANAGE):
            return []
        until, count = self._known.get(actor.user_id, (0.0, 0))
        here = has_request_context() and request.path.startswith(PAGES)
        if here or time.monotonic() >= until:
            count = count_mails(db(), actor)["quarantined"]
            if len(self._known) > MOST_PEOPLE:
                self._known.clear()
            self._known[actor.user_id] = (time.monotonic() + SECONDS, count)
        return [Link(label=_("Mail"), href=PAGES, icon="mail", count=count, loud=count > 0)]
