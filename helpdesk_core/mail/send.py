"""Handing queued mails over: at least once, with the same Message-ID each time."""

import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select, update

from helpdesk_core.actor import SYSTEM
from helpdesk_core.attachments.models import Attachment
from helpdesk_core.db.rows import affect
from helpdesk_core.errors import Invalid, NotFound
from helpdesk_core.mail import hooks
from helpdesk_core.mail.events import MailFailed, MailSent
from helpdesk_core.mail.files import content_id
from helpdesk_core.mail.mailbox import Mailbox, addresses
from helpdesk_core.mail.mime import File, Letter, compile_mail
from helpdesk_core.mail.models import OutgoingMail
from helpdesk_core.mail.outlet import Outlet
from helpdesk_core.mail.transport import Connection, Envelope, MailRefused, Receipt, Refusal, Transport, TransportDown
from helpdesk_core.runtime import Helpdesk, Transaction
from helpdesk_core.tickets.models import Ticket

log = logging.getLogger(__name__)

BATCH = 20
LEASE = timedelta(seconds=120)
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 480, 720, 1440, 1440, 1440))
"""How long to wait after the first, second … failure that may pass; after five days the mail is given up."""
DOWN_WAIT = timedelta(seconds=30)
"""How long to leave the way out alone when it does not work; mails that were not tried lose no try."""


@dataclass
class _Connections:
    """The ways out that are open for a batch, and those found not to work, with how long they are left alone."""

    stack: ExitStack
    open: dict[Transport, Connection] = field(default_factory=dict)
    down: dict[Transport, timedelta] = field(default_factory=dict)

    def hand_over(self, transport: Transport, envelope: Envelope) -> Receipt:
        """Send, on a new connection if the server has closed one that worked for earlier mails."""
        fresh = transport not in self.open
        try:
            return self._to(transport).send(envelope)
        except TransportDown:
            if fresh:
                raise
            del self.open[transport]
            return self._to(transport).send(envelope)

    def _to(self, transport: Transport) -> Connection:
        if transport not in self.open:
            self.open[transport] = self.stack.enter_context(transport.connect())
        return self.open[transport]


class Sender:
    """Sends on behalf of one worker thread, one connection for each batch."""

    def __init__(
        self,
        desk: Helpdesk,
        outlet: Outlet,
        *,
        lease: timedelta = LEASE,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._desk = desk
        self._outlet = outlet
        self._lease = lease
        self._stopping = stopping
        self._rest_until: datetime | None = None

    def run(self) -> int:
        """Hand over a batch of the mails that are due, and return how many were tried."""
        handled = self._return_expired()
        if self._rest_until is not None and self._desk.now() < self._rest_until:
            return handled
        mails = self._claim()
        if not mails:
            return handled
        with ExitStack() as stack:
            connections = _Connections(stack)
            for position, mail in enumerate(mails):
                if self._stopping():
                    self._release(mails[position:], timedelta(0))
                    break
                handled += self._send(mail, connections)
        return handled

    def _send(self, mail: OutgoingMail, connections: _Connections) -> int:
        if not self._renew(mail):
            return 0
        transport = self._desk.hooks.pick(hooks.mail_transport, mail=mail) or self._outlet.transport()
        if transport in connections.down and not self._may_fall_back(transport):
            self._release([mail], connections.down[transport])
            return 0
        try:
            receipt = self._hand_over(connections, transport, self._envelope(mail))
        except TransportDown as error:
            pause = connections.down[transport] = _pause(error, self._desk.now())
            if transport is self._outlet.transport():
                self._rest_until = self._desk.now() + pause
            if error.until is not None:
                self._release([mail], pause)
                return 0
            log.warning("%s", error)
            self._finish(mail, _refused(str(error), permanent=False))
        except MailRefused as error:
            self._finish(mail, _refused(str(error), permanent=error.permanent))
        except (Invalid, NotFound) as error:
            self._finish(mail, _refused(str(error), permanent=True))
        except (Exception, SystemExit) as error:  # a plugin's way out must not end the worker
            log.exception("The mail %s could not be handed over", mail.uid)
            self._finish(mail, _refused(f"{type(error).__name__}: {error}", permanent=False))
        else:
            self._finish(mail, receipt)
        return 1

    def _hand_over(self, connections: _Connections, transport: Transport, envelope: Envelope) -> Receipt:
        """Send, by the site's way out if the one that a plugin has chosen is down and says so.

        A site's way out that reaches nobody is none: the mail waits for the one that was chosen.
        """
        if not self._may_fall_back(transport):
            return connections.hand_over(transport, envelope)
        if transport not in connections.down:
            try:
                return connections.hand_over(transport, envelope)
            except TransportDown as error:
                level = logging.WARNING if error.until is None else logging.DEBUG
                log.log(level, "%s The site's own way out is tried instead.", error)
                connections.down[transport] = _pause(error, self._desk.now())
        site = self._outlet.transport()
        if site in connections.down:
            raise TransportDown("Neither the department's way out nor the site's works just now.")
        try:
            return connections.hand_over(site, envelope)
        except TransportDown as error:
            connections.down[site] = _pause(error, self._desk.now())
            raise

    def _may_fall_back(self, transport: Transport) -> bool:
        return transport.falls_back and self._outlet.transport().delivers

    def _claim(self) -> Sequence[OutgoingMail]:
        now = self._desk.now()
        due = (OutgoingMail.state == "queued") & (OutgoingMail.due_at <= now)
        with self._desk.read() as session:
            query = select(OutgoingMail.id).where(due).order_by(OutgoingMail.due_at, OutgoingMail.id).limit(4 * BATCH)
            ids = session.scalars(query).all()
        if not ids:
            return ()
        with self._desk.begin(SYSTEM) as tx:
            free = select(OutgoingMail).where(OutgoingMail.id.in_(ids), due).order_by(OutgoingMail.id).limit(BATCH)
            mails = tx.session.scalars(free.with_for_update(skip_locked=True)).all()
            for mail in mails:
                mail.state, mail.lease_until = "sending", now + self._lease
        return mails

    def _renew(self, mail: OutgoingMail) -> bool:
        """Renew a lease that is half over; False if another worker has the mail by now."""
        now = self._desk.now()
        if mail.lease_until is not None and mail.lease_until - now > self._lease / 2:
            return True
        with self._desk.begin(SYSTEM) as tx:
            renewed = affect(tx.session, update(OutgoingMail).where(_held(mail)).values(lease_until=now + self._lease))
        mail.lease_until = now + self._lease
        return renewed == 1

    def _envelope(self, mail: OutgoingMail) -> Envelope:
        letter = self._letter(mail)
        wanted = addresses([*mail.recipients, *mail.cc])
        people = [letter.sender.address, *wanted]
        envelope = Envelope(
            uid=mail.uid,
            sender=letter.sender.address,
            recipients=tuple(address for address in wanted if address not in mail.accepted),
            content=compile_mail(letter),
            smtputf8=not all(address.isascii() for address in people),
        )

        def check(refined: Envelope) -> None:
            if replace(refined, content=envelope.content) != envelope or not refined.content:
                raise Invalid("Of an envelope only the content may change, and it may not be empty.")

        return self._desk.hooks.refine_valid(hooks.mail_bytes, check, envelope=envelope, mail=mail)

    def _letter(self, mail: OutgoingMail) -> Letter:
        headers = dict(mail.headers)
        reply_to = headers.pop("Reply-To", None)
        return Letter(
            sender=Mailbox.parse(mail.sender),
            to=[Mailbox.parse(text) for text in mail.recipients],
            cc=[Mailbox.parse(text) for text in mail.cc],
            reply_to=Mailbox.parse(reply_to) if reply_to else None,
            subject=mail.subject,
            date=mail.created_at,
            message_id=mail.message_id,
            in_reply_to=headers.pop("In-Reply-To", None),
            references=headers.pop("References", "").split(),
            headers=headers,
            text=mail.body_text,
            html=mail.body_html,
            files=self._files(mail),
        )

    def _files(self, mail: OutgoingMail) -> list[File]:
        if not mail.attachment_ids:
            return []
        with self._desk.read() as session:
            query = select(Attachment).where(Attachment.id.in_(mail.attachment_ids)).order_by(Attachment.id)
            rows = session.scalars(query).all()
        files = []
        for row in rows:
            with self._desk.storage.open(row.sha256) as stored:
                files.append(File(row.name, row.content_type, stored.read(), content_id(row)))
        return files

    def _finish(self, mail: OutgoingMail, receipt: Receipt) -> None:
        with self._desk.begin(SYSTEM) as tx:
            row = tx.session.scalar(select(OutgoingMail).where(_held(mail)).with_for_update())
            if row is not None:
                _settle(tx, row, receipt)

    def _return_expired(self) -> int:
        """Queue again what a vanished worker held; it may have been sent, so it counts as a try."""
        expired = (OutgoingMail.state == "sending") & (OutgoingMail.lease_until < self._desk.now())
        with self._desk.read() as session:
            if session.scalar(select(OutgoingMail.id).where(expired).limit(1)) is None:
                return 0
        with self._desk.begin(SYSTEM) as tx:
            rows = tx.session.scalars(select(OutgoingMail).where(expired).limit(100).with_for_update(skip_locked=True))
            lost = rows.all()
            for row in lost:
                _settle(tx, row, _refused("The worker stopped while it sent this mail.", permanent=False))
        return len(lost)

    def _release(self, mails: Sequence[OutgoingMail], wait: timedelta) -> None:
        """Give back mails that were not tried."""
        with self._desk.begin(SYSTEM) as tx:
            for mail in mails:
                untried = update(OutgoingMail).where(_held(mail))
                affect(tx.session, untried.values(state="queued", lease_until=None, due_at=tx.now + wait))


def _pause(error: TransportDown, now: datetime) -> timedelta:
    """Return how long to leave alone a way out that does not work."""
    return DOWN_WAIT if error.until is None else max(error.until - now, timedelta(0))


def _held(mail: OutgoingMail) -> ColumnElement[bool]:
    """Tell whether the mail is still on this very lease."""
    return (
        (OutgoingMail.id == mail.id)
        & (OutgoingMail.state == "sending")
        & (OutgoingMail.lease_until == mail.lease_until)
    )


def _refused(reason: str, *, permanent: bool) -> Receipt:
    """A receipt for a mail that was refused as a whole."""
    return Receipt((), {"": Refusal(reason, permanent)})


def _settle(tx: Transaction, mail: OutgoingMail, receipt: Receipt) -> None:
    """Write down what became of a mail: sent, dropped, failed, or queued once more for those it did not reach."""
    mail.lease_until = None
    mail.accepted = [*mail.accepted, *receipt.accepted]
    reasons = [f"{who}: {why.reason}" if who else why.reason for who, why in receipt.refused.items()]
    mail.error = "\n".join(reasons) or None
    retry = any(not refusal.permanent for refusal in receipt.refused.values())
    if receipt.refused:
        mail.attempts += 1
    if receipt.dropped:
        mail.state = "dropped"
        mail.error = "The transport sends nothing ([mail] transport)."
    elif retry and mail.attempts <= len(WAITS):
        mail.state, mail.due_at = "queued", tx.now + WAITS[mail.attempts - 1]
    elif mail.accepted:
        mail.state, mail.sent_at = "sent", tx.now
        tx.record(MailSent(mail=mail.uid, template=mail.template, message_ref=mail.message_ref))
    else:
        mail.state = "failed"
        log.error("Gave up the mail %s: %s", mail.uid, mail.error)
    if mail.state in ("sent", "failed") and receipt.refused:
        _tell_failure(tx, mail)


def _tell_failure(tx: Transaction, mail: OutgoingMail) -> None:
    """Record that somebody was not reached, in the timeline of the ticket if there is one."""
    ticket = None
    if mail.ticket_id is not None:
        ticket = tx.session.scalar(select(Ticket).where(Ticket.id == mail.ticket_id).with_for_update())
    event = MailFailed(mail=mail.uid, template=mail.template, message_ref=mail.message_ref)
    tx.record(event, ticket)
