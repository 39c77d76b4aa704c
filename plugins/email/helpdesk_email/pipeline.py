"""The way of a mail from its bytes to a ticket, in named steps; each says what it decided and why.

decode → identity → loop? → blocked? → automatic? → match → route → spam? → rules → strip → create. The first part
(`prepare`) reads and touches no database; the second (`Way.go`) runs in the unit of work that also ends the mail's
state.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from helpdesk_core.api import Helpdesk, Transaction
from helpdesk_core.api.departments import Department
from helpdesk_core.api.tickets import NewMessage, Ticket, participants

from . import matching
from .budgets import Budgets
from .content import Content, content_of, message_of
from .decisions import Decisions, Ended
from .desk.undelivered import mark_undelivered
from .filing import Filer, linked_in, mail_key, place_of_department, place_of_ticket
from .models import Received
from .reading import Automatic, Bounce, Mail, find_automatic, find_bounce, read_mail
from .reports import as_detail, automatic_note, bounce_note, returned_ids
from .routing import Place, copied_people, recipients_of, route
from .rules.checks import Checks
from .rules.matching import Wishes
from .senders import (
    GATEWAY,
    Sender,
    has_asked,
    may_note,
    sender_of,
    speaks_as_customer,
    takes_part,
    with_account,
    works_on,
)
from .tokens import Tokens


@dataclass(frozen=True, slots=True)
class Prepared:
    """A mail that was read, and what it is."""

    mail: Mail
    content: Content
    bounce: Bounce | None
    automatic: Automatic | None


def prepare(desk: Helpdesk, raw: bytes) -> Prepared:
    """Read the mail and take its content out; slow or hostile mails cost time here, where no lock is held."""
    mail = read_mail(raw)
    bounce = find_bounce(mail)
    automatic = None if bounce else find_automatic(mail)
    return Prepared(mail, content_of(desk, GATEWAY, mail), bounce, automatic)


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
    row: Received
    prepared: Prepared
    decisions: Decisions

    def go(self) -> Ended:
        """Take all steps and return how it ended; an error means that nothing was done."""
        mail, bounce = self.prepared.mail, self.prepared.bounce
        self.describe()
        sender = self._identity()
        if bounce is not None:
            return self._report(bounce, sender)
        if isinstance(sender, Ended):
            return sender
        stop = self._loop(sender) or self._blocked(sender)
        if stop is not None:
            return stop
        recipients = recipients_of(mail, self.row.envelope_recipients)
        found = matching.find_match(self.tx.session, self.tokens, mail, sender, recipients)
        automatic = self.prepared.automatic
        self._note("automatic?", automatic.kind if automatic else "no", automatic.reason if automatic else "")
        if found.match is not None:
            self._note("match", f"#{found.match.ticket.number} by {found.match.by}", found.match.why)
            if automatic is not None:
                return self._automatic_answer(sender, found.match.ticket, automatic)
            return self._answer(sender, found.match, recipients)
        self._note("match", "none", found.why)
        return self._open(sender, found.hints, recipients)

    def describe(self) -> None:
        """Say what kind of mail it is, as far as that is known without looking at anything else."""
        mail = self.prepared.mail
        self.decisions.subject = self.prepared.content.subject
        self.decisions.message_id = mail.message_id if mail.message_id and len(mail.message_id) <= 700 else None
        files = f"{len(mail.text)} characters, {len(mail.attachments)} files"
        self._note("decode", "read with defects" if mail.defects else "read", " ".join([files, *mail.defects[:5]]))

    def _identity(self) -> Sender | Ended:
        mail = self.prepared.mail
        sender = sender_of(self.desk, self.tx.session, mail.from_)
        if sender is None:
            written = str(mail.from_)[:200] if mail.from_ else ""
            why = f"“{written}” is not an address." if written else "The mail names no sender."
            self._note("identity", "nobody", why)
            return Ended(state="quarantined", reason=f"{why} Nobody could be answered.")
        self.decisions.sender, self.decisions.domain = sender.address, sender.domain
        kind = "staff" if sender.is_staff else "known" if sender.user is not None else "new"
        self._note("identity", f"{sender.address} ({kind})")
        if sender.is_shut:
            return Ended(state="quarantined", reason=f"The account of {sender.address} is deactivated.")
        return sender

    def _loop(self, sender: Sender) -> Ended | None:
        session = self.tx.session
        if self.place.is_own(sender.address):
            why = f"{sender.address} is our own address; answering it would make a loop."
            return self._drop("loop?", why)
        if matching.is_our_own(self.desk, session, self.tokens, self.prepared.mail):
            return self._drop("loop?", "It is a mail that this helpdesk has sent, and that has come back.")
        over = None if self.row.by_hand else self.budgets.sender_is_over(sender)
        if over is not None:
            self._note("loop?", "over budget", over)
            return Ended(state="quarantined", reason=f"{over} Replay it if it is none.")
        self._note("loop?", "no")
        return None

    def _blocked(self, sender: Sender) -> Ended | None:
        value = None if self.row.by_hand else self.checks.blocked(sender)
        if value is not None:
            return self._drop("blocked?", f"{value} is among the blocked senders.")
        self._note("blocked?", "no")
        if self.prepared.automatic is None:
            self.checks.hear_from(sender)
        return None

    def _report(self, bounce: Bounce, sender: Sender | Ended) -> Ended:
        mail, session = self.prepared.mail, self.tx.session
        self._note("automatic?", "delivery report", bounce.reason)
        ids = returned_ids(mail)
        recipients = recipients_of(mail, self.row.envelope_recipients)
        found = matching.find_match(session, self.tokens, mail, None, recipients, ids)
        ticket = found.match.ticket if found.match else matching.of_our_mail(session, ids)
        if ticket is None:
            return self._drop("match", "It reports about a mail that belongs to no ticket here.")
        self._note("match", f"#{ticket.number}", "It returns a mail of this ticket.")
        filer = self._filer()
        if (earlier := filer.earlier(place_of_ticket(ticket))) is not None:
            return self._copy(earlier.ticket_id)
        customers = {ticket.requester.primary_email}
        customers |= {each.user.primary_email for each in participants(session, ticket) if each.role == "cc"}
        # A report about a notice to staff is told to nobody by mail: that notice would come back as well.
        notify = bounce.permanent and any(each.lower() in customers for each in bounce.recipients)
        message = bounce_note(mail, self.prepared.content, bounce, self.row.uid, notify=notify)
        name, address = (sender.name, sender.address) if isinstance(sender, Sender) else ("", "")
        filer.remark(ticket, message, name or "Mail delivery", address)
        if marked := mark_undelivered(self.tx, self.row, ids, bounce):
            self._note("undelivered", ", ".join(marked))
        return self._done(ticket, "internal note")

    def _automatic_answer(self, sender: Sender, ticket: Ticket, automatic: Automatic) -> Ended:
        filer = self._filer()
        if (earlier := filer.earlier(place_of_ticket(ticket))) is not None:
            return self._copy(earlier.ticket_id)
        message = automatic_note(self.prepared.mail, self.prepared.content, automatic, self.row.uid)
        filer.remark(ticket, message, sender.name, sender.address)
        return self._done(ticket, "internal note")

    def _answer(self, sender: Sender, match: matching.Match, recipients: list[str]) -> Ended:
        session, ticket, filer = self.tx.session, match.ticket, self._filer()
        if (earlier := filer.earlier(place_of_ticket(ticket))) is not None:
            return self._copy(earlier.ticket_id)
        sender = with_account(self.desk, sender)
        proven, mail, content = match.by == "token", self.prepared.mail, self.prepared.content
        staff = works_on(session, sender, ticket) and not has_asked(sender, ticket)
        message = message_of(mail, content, self.row.uid, stripped=staff, notify=self._may_tell(sender, ticket))
        self._note("strip", "quote folded" if content.quote_at is not None else "quote cut off" if staff else "whole")
        if match.internal:
            return self._internal(filer, sender, ticket, message, proven=match.as_staff)
        if staff and not match.as_staff:
            return self._unproved(filer, sender, ticket, message)
        if match.staff and not match.as_staff:
            why = f"{sender.address} has answered a mail that was sent to a colleague alone"
            return self._as_remark(filer, sender, ticket, message, why)
        if not proven and not speaks_as_customer(session, sender, ticket):
            return self._unproved(filer, sender, ticket, message)
        posted = filer.answer(sender, ticket, message)
        copied = copied_people(self.place, mail, sender.address)
        if not (staff or takes_part(session, sender, ticket)):
            warning = f"{sender.address} is not on this ticket, but has answered one of its mails. "
            filer.warn(posted.ticket, warning + "Add the address as Cc if answers should go there too.")
        elif proven:
            filer.copy_in(posted.ticket, copied)
        elif strangers := filer.not_on(posted.ticket, copied):
            warning = f"The mail was sent to {', '.join(strangers)} as well, who are not on this ticket. They were not "
            filer.warn(posted.ticket, warning + "added, since nothing proves the sender. Add them as Cc if right.")
        others = () if staff else self._other_departments(ticket, recipients)
        for department in others:
            self._also_to(filer, sender, posted.ticket, department)
        return self._done(posted.ticket, "answer")

    def _internal(self, filer: Filer, sender: Sender, ticket: Ticket, message: NewMessage, *, proven: bool) -> Ended:
        """File an answer to an internal note: an internal note as well, whoever writes, since it may quote the first.

        Nobody is copied in, and no other department gets it.
        """
        if may_note(self.tx.session, sender, ticket):
            if not proven:
                return self._unproved(filer, sender, ticket, message)
            return self._done(filer.note(sender, ticket, message).ticket, "internal note")
        why = f"{sender.address} has answered the notice of an internal note, but may not note here"
        return self._as_remark(filer, sender, ticket, message, why)

    def _unproved(self, filer: Filer, sender: Sender, ticket: Ticket, message: NewMessage) -> Ended:
        """File what staff seem to say: without a token of theirs anybody can have written the sender's address."""
        why = f"Nothing but the sender's address says that this is from {sender.address}, so it was not sent on"
        return self._as_remark(filer, sender, ticket, message, why)

    def _as_remark(self, filer: Filer, sender: Sender, ticket: Ticket, message: NewMessage, why: str) -> Ended:
        posted = filer.remark(ticket, message, sender.name, sender.address)
        filer.tell_what_is_missing(posted.ticket)
        filer.warn(posted.ticket, f"{why}. The mail is kept as an internal note.")
        self._note("identity", "internal only", why)
        return self._done(posted.ticket, "internal note")

    def _other_departments(self, ticket: Ticket, recipients: list[str]) -> tuple[Department, ...]:
        """Return the departments that the answer was sent to besides the ticket's own.

        A ticket that was moved is still answered at its old address, so the first one alone means the ticket's.
        """
        if self.settings["several_departments"] == "first":
            return ()
        found = route(self.place, recipients, self.settings["default_department"]).departments
        if any(each.id == ticket.department_id for each in found):
            return tuple(each for each in found if each.id != ticket.department_id)
        return found[1:]

    def _also_to(self, filer: Filer, sender: Sender, ticket: Ticket, department: Department) -> None:
        """Let another department that got the answer see it: on its linked ticket, else on a new one."""
        message = replace(message_of(self.prepared.mail, self.prepared.content, self.row.uid), message_id=None)
        other = linked_in(self.tx.session, ticket, department)
        if other is not None and speaks_as_customer(self.tx.session, sender, other):
            if filer.earlier(place_of_ticket(other)) is None:
                filer.answer(sender, other, message)
            return
        if filer.earlier(place_of_department(department)) is None:
            opened = filer.open(sender, department, message, ())
            filer.relate(opened.ticket, ticket, "related")
            self._note("route", department.key, f"It was sent there too: #{opened.ticket.number}.")

    def _open(self, sender: Sender, hints: tuple[Ticket, ...], recipients: list[str]) -> Ended:
        chosen = route(self.place, recipients, self.settings["default_department"])
        self._note("route", ", ".join(each.key for each in chosen.departments) or "nowhere", chosen.why)
        if not chosen.departments:
            return Ended(state="quarantined", reason=f"{chosen.why} Make one, then replay the mail.")
        wishes = self._wishes(sender, recipients)
        if isinstance(wishes, Ended):
            return replace(wishes, department_id=chosen.departments[0].id)
        wanted = self.checks.department(self.place, wishes)
        departments = (wanted,) if wanted is not None else chosen.departments
        return self._open_in(departments, sender, hints, wishes)

    def _wishes(self, sender: Sender, recipients: list[str]) -> Wishes | Ended:
        """Return what the rules want of the new ticket; or that it is spam, or that a rule keeps it away."""
        mail, by_hand = self.prepared.mail, self.row.by_hand
        spam = None if by_hand else self.checks.spam(mail, sender)
        self._note("spam?", "yes" if spam else "no", spam or "")
        if spam is not None:
            return Ended(state="quarantined", reason=f"{spam} Replay it if it is none.")
        wishes = self.checks.wishes(mail, sender.address, recipients, self.row.size)
        named = ", ".join(f"“{each}”" for each in wishes.by)
        self._note("rules", named or "none")
        if wishes.end == "drop" and not by_hand:
            return self._drop("rules", f"The rule {named} drops it.")
        if wishes.end == "quarantine" and not by_hand:
            return Ended(state="quarantined", reason=f"The rule {named} keeps it in the quarantine.")
        return wishes

    def _open_in(
        self, departments: tuple[Department, ...], sender: Sender, hints: tuple[Ticket, ...], wishes: Wishes
    ) -> Ended:
        session, filer, mail = self.tx.session, self._filer(), self.prepared.mail
        others: tuple[Department, ...] = ()
        if self.settings["several_departments"] == "first":
            departments, others = departments[:1], departments[1:]
        earlier = {each.id: filer.earlier(place_of_department(each)) for each in departments}
        missing = [each for each in departments if earlier[each.id] is None]
        if not missing:
            return self._copy(next(each.ticket_id for each in earlier.values() if each is not None))
        automatic = self.prepared.automatic
        copied = () if automatic else copied_people(self.place, mail, sender.address)
        message = message_of(mail, self.prepared.content, self.row.uid)
        if automatic is not None:
            message = replace(message, details={**message.details, "automatic": as_detail(automatic)})
        self._note("strip", "quote folded" if self.prepared.content.quote_at is not None else "whole")
        opened: list[Ticket] = []
        for department in missing:
            told = automatic is None and not wishes.is_quiet and self._may_tell_of(sender, department.id)
            opened.append(filer.open(sender, department, replace(message, notify=told), copied, wishes).ticket)
        if others:
            names = ", ".join(each.name for each in others)
            filer.warn(opened[0], f"The mail was sent to {names} as well. There is one ticket for all of them.")
        for ticket in opened[1:]:
            filer.relate(opened[0], ticket, "related")
        siblings = [each.ticket_id for each in earlier.values() if each is not None and each.ticket_id]
        for ticket_id in siblings[:1]:
            sibling = matching.by_id(session, ticket_id)
            if sibling is not None:
                filer.relate(opened[0], sibling, "related")
        for hint in hints[:3]:
            filer.relate(opened[0], hint, "possibly")
            self._note("hint", f"possibly about #{hint.number}")
        return self._done(opened[0], "new ticket")

    def _may_tell(self, sender: Sender, ticket: Ticket) -> bool:
        """Staff's answers are always sent; customers' wake nobody up once there are too many."""
        return sender.is_staff or self._may_tell_of(sender, ticket.department_id)

    def _may_tell_of(self, sender: Sender, department_id: int) -> bool:
        why = self.budgets.muted(sender.domain, department_id)
        if why is not None and not self.row.by_hand:
            self._note("loop?", "muted", why)
            return False
        return True

    def _filer(self) -> Filer:
        key = mail_key(self.prepared.mail, self.row.sha256)
        return Filer(self.desk, self.tx, self.row, key, self.prepared.content)

    def _note(self, step: str, result: str, why: str = "") -> None:
        self.decisions.note(step, result, why)

    def _drop(self, step: str, why: str) -> Ended:
        self._note(step, "dropped", why)
        return Ended(state="dropped", reason=why)

    def _copy(self, ticket_id: int | None) -> Ended:
        why = "It is a copy of a mail that has come already."
        self._note("create", "nothing", why)
        return Ended(state="dropped", reason=why, ticket_id=ticket_id)

    def _done(self, ticket: Ticket, what: str) -> Ended:
        self._note("create", f"{what}: #{ticket.number}")
        return Ended(state="done", ticket_id=ticket.id, department_id=ticket.department_id)
