"""What stands in the way of a new mail within one unit of work: blocked senders, rules, spam."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk_core.api import Helpdesk
from helpdesk_core.api.departments import Department
from helpdesk_core.api.i18n import joined
from helpdesk_core.api.tickets import vocabulary

from ..desk.models import Blocked, Suppressed
from ..foreseen import Foreseen, blockable
from ..reading import Mail
from ..routing import Place
from ..senders import Sender
from ..texts import texts
from .matching import Wishes, wishes_of
from .models import Rule
from .spam import Scorer, total

_l = texts.lazy
LONGEST_REASON = 100
"""So many characters of what somebody says about spam are kept."""


@dataclass(frozen=True)
class Checks:
    """The checks as they are now; the rules are read once."""

    desk: Helpdesk
    session: Session
    settings: Mapping[str, Any]
    scorers: Sequence[Scorer]
    foreseen: Foreseen = field(default_factory=Foreseen)
    _rules: list[Sequence[Rule]] = field(default_factory=list)

    def blocked(self, sender: Sender) -> str | None:
        """Return what of the sender is blocked (the address or its domain), or None; staff never are."""
        if sender.is_staff:
            return None
        values = blockable(sender.address)
        if sender.address in self.foreseen.senders:
            return next((each for each in values if each in self.foreseen.blocked), None)
        return self.session.scalar(select(Blocked.value).where(Blocked.value.in_(values)).limit(1))

    def hear_from(self, sender: Sender) -> None:
        """Write to an address again once somebody has written from it."""
        known = self.foreseen.suppressed if sender.address in self.foreseen.senders else None
        if known is not None and sender.address not in known:
            return
        there = self.session.scalar(select(Suppressed).where(Suppressed.address == sender.address))
        if there is not None:
            self.session.delete(there)
            self.session.flush()

    def spam(self, mail: Mail, sender: Sender) -> str | None:
        """Return why the mail waits in the quarantine as spam, or None; mail of those who sign in here never does."""
        limit = int(self.settings["spam_threshold"])
        if not limit or sender.is_staff or (sender.user is not None and sender.user.last_seen_at is not None):
            return None
        score = total(mail, self.scorers)
        if score.points < limit:
            return None
        points = int(score.points) if score.points.is_integer() else score.points
        why = joined(
            (each if len(each) <= LONGEST_REASON else each[:LONGEST_REASON] for each in score.reasons[:10]), ", "
        )
        return _l("It looks like spam: %(points)s points of %(limit)s (%(why)s).", points=points, limit=limit, why=why)

    def wishes(self, mail: Mail, sender: str, recipients: Sequence[str], size: int) -> Wishes:
        """Return what the rules want, without priorities and types that are gone by now."""
        if not self._rules:
            active = select(Rule).where(Rule.is_active).order_by(Rule.position, Rule.id)
            self._rules.append(self.session.scalars(active).all())
        found = wishes_of(self._rules[0], mail, sender, recipients, size)
        if not found.by:
            return found
        words = vocabulary(self.desk, self.session)
        kind = words.types.get(found.type or "")
        return Wishes(
            department=found.department,
            priority=found.priority if found.priority in words.priorities else None,
            type=found.type if kind is not None and kind.is_active else None,
            tags=found.tags,
            is_quiet=found.is_quiet,
            end=found.end,
            by=found.by,
        )

    def department(self, place: Place, wishes: Wishes) -> Department | None:
        """Return the active department that the rules want, if any."""
        return next((each for each in place.departments if each.key == wishes.department), None)
