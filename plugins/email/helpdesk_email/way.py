"""The way of one mail, as all its steps see it: what it is, what was decided so far, and how it may end."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from helpdesk_core.api import Helpdesk, Transaction
from helpdesk_core.api.i18n import joined
from helpdesk_core.api.tickets import Ticket

from .budgets import Budgets
from .content import Content, content_of
from .decisions import Decisions, Ended
from .filing import Filer, mail_key
from .models import Received
from .reading import Automatic, Bounce, Mail, find_automatic, find_bounce, read_mail
from .routing import Place
from .rules.checks import Checks
from .senders import GATEWAY, Sender
from .sentences import lazy_of
from .steps import StepHooks, Taken
from .texts import texts
from .tokens import Tokens

_l = texts.lazy


@dataclass(frozen=True, slots=True)
class Prepared:
    """A mail that was read, and what it is."""

    mail: Mail
    content: Content
    bounce: Bounce | None
    automatic: Automatic | None
    key: str
    """What all copies of the mail have in common."""


def prepare(desk: Helpdesk, raw: bytes) -> Prepared:
    """Read the mail and take its content out; slow or hostile mails cost time here, where no lock is held."""
    mail = read_mail(raw)
    bounce = find_bounce(mail)
    automatic = None if bounce else find_automatic(mail)
    key = mail_key(mail, hashlib.sha256(raw).hexdigest())
    return Prepared(mail, content_of(desk, GATEWAY, mail), bounce, automatic, key)


class Stopped(Exception):
    """Somebody has ended the way of a mail at one of its steps."""

    def __init__(self, ended: Ended) -> None:
        super().__init__(ended.reason)
        self.ended = ended


@dataclass(frozen=True)
class Way:
    """The way of one mail, within the unit of work `tx` that has locked its row."""

    desk: Helpdesk
    settings: Mapping[str, Any]
    tokens: Tokens
    tx: Transaction
    place: Place
    budgets: Budgets
    checks: Checks
    steps: StepHooks
    row: Received
    prepared: Prepared
    decisions: Decisions

    def describe(self) -> None:
        """Say what kind of mail it is, as far as that is known without looking at anything else."""
        mail = self.prepared.mail
        self.decisions.subject = self.prepared.content.subject
        self.decisions.message_id = mail.message_id if mail.message_id and len(mail.message_id) <= 700 else None
        length = texts.lazy_n("%(num)s character", "%(num)s characters", len(mail.text))
        size = joined((length, texts.lazy_n("%(num)s file", "%(num)s files", len(mail.attachments))), ", ")
        result = _l("read with defects") if mail.defects else _l("read")
        self.note("decode", result, joined((size, *map(lazy_of, mail.defects[:5]))) if mail.defects else size)

    def filer(self) -> Filer:
        """Return what puts this mail where it belongs."""
        known = self.checks.foreseen
        foreseen = known if self.prepared.key in known.mail_keys else None
        return Filer(self.desk, self.tx, self.row, self.prepared.key, self.prepared.content, foreseen)

    def may_tell(self, sender: Sender, ticket: Ticket) -> bool:
        """Staff's answers are always sent; customers' wake nobody up once there are too many."""
        return sender.is_staff or self.may_tell_of(sender, ticket.department_id)

    def may_tell_of(self, sender: Sender, department_id: int) -> bool:
        """Tell whether people may be told by mail of what this sender writes to the department; notes when not."""
        why = self.budgets.muted(sender.domain, department_id)
        if why is not None and not self.row.by_hand:
            self.note("loop?", _l("muted"), why)
            return False
        return True

    def note(self, step: str, result: str, why: str = "") -> None:
        """Record a step, then ask those who have something to say about it; `Stopped` if one ends the mail's way.

        A mail that a person has decided about is not stopped.
        """
        self.decisions.note(step, result, why)
        mail, sender = self.prepared.mail, self.decisions.sender
        ended = self.steps.ask(Taken(step, result, why, self.row.uid, mail, sender, self.tx.session))
        if ended is not None and not self.row.by_hand:
            self.decisions.note(step, _l("stopped"), ended.reason or "")
            raise Stopped(ended)

    def drop(self, step: str, why: str) -> Ended:
        """Return that nothing is to be done about the mail, and why."""
        self.note(step, _l("dropped"), why)
        return Ended(state="dropped", reason=why)

    def copy(self, ticket_id: int | None) -> Ended:
        """Return that the mail has come before, and that it then reached this ticket."""
        why = _l("It is a copy of a mail that has come already.")
        self.note("create", _l("nothing"), why)
        return Ended(state="dropped", reason=why, ticket_id=ticket_id)

    def done(self, ticket: Ticket, what: str) -> Ended:
        """Return that the mail is on the ticket, as what."""
        self.note("create", _l("%(what)s: #%(number)s", what=what, number=ticket.number))
        return Ended(state="done", ticket_id=ticket.id, department_id=ticket.department_id)
