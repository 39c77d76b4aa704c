"""How many mails are too many: what stops a loop whatever the headers say."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from .decisions import Decisions, Ended
from .models import Received
from .senders import Sender
from .texts import texts

STAFF_TIMES = 10
_HOUR = timedelta(hours=1)
_COUNTED = ("done", "quarantined")

Of = Literal["sender", "domain", "department"]


@dataclass(frozen=True)
class Budgets:
    """The budgets within one unit of work; what it takes in itself is counted along, so each is asked for once."""

    session: Session
    settings: Mapping[str, Any]
    now: datetime
    _counts: dict[tuple[Of, object], int] = field(default_factory=dict)
    _ended: Counter[tuple[Of, object]] = field(default_factory=Counter)

    def sender_is_over(self, sender: Sender) -> str | None:
        """Return why no more mail of this sender is taken for now, or None."""
        limit = int(self.settings["sender_budget"]) * (STAFF_TIMES if sender.is_staff else 1)
        if not limit or self._count("sender", sender.address, Received.sender == sender.address) < limit:
            return None
        return texts.lazy_n(
            "%(address)s has sent %(num)s mail within an hour, which looks like a loop.",
            "%(address)s has sent %(num)s mails within an hour, which looks like a loop.",
            limit,
            address=sender.address,
        )

    def muted(self, domain: str, department_id: int) -> str | None:
        """Return why nobody is told of a mail by mail, or None: too many of one domain or to one department."""
        limit = int(self.settings["domain_budget"])
        if limit and self._count("domain", domain, Received.domain == domain) >= limit:
            return texts.lazy_n(
                "More than %(num)s mail of %(domain)s within an hour: no confirmation is sent.",
                "More than %(num)s mails of %(domain)s within an hour: no confirmation is sent.",
                limit,
                domain=domain,
            )
        limit = int(self.settings["department_budget"])
        if limit and self._count("department", department_id, Received.department_id == department_id) >= limit:
            return texts.lazy_n(
                "More than %(num)s mail to the department within an hour: no confirmation is sent.",
                "More than %(num)s mails to the department within an hour: no confirmation is sent.",
                limit,
            )
        return None

    def spend(self, decisions: Decisions, ended: Ended) -> None:
        """Count a mail that has come to its end; its row says so only at the end of the unit of work."""
        if ended.state in _COUNTED:
            self._ended["sender", decisions.sender] += 1
            self._ended["domain", decisions.domain] += 1
            self._ended["department", ended.department_id] += 1

    def _count(self, of: Of, what: object, condition: ColumnElement[bool]) -> int:
        if (of, what) not in self._counts:
            recent = select(func.count()).select_from(Received).where(condition, Received.state.in_(_COUNTED))
            count = self.session.scalar(recent.where(Received.received_at > self.now - _HOUR))
            self._counts[of, what] = count or 0
        return self._counts[of, what] + self._ended[of, what]
