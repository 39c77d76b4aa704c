"""Handing queued mails over: at least once, with the same Message-ID each time."""

import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select, update

from helpdesk_core.actor import SYSTEM
from helpdesk_core.db.rows import affect
from helpdesk_core.errors import Invalid, NotFound
from helpdesk_core.mail import hooks
from helpdesk_core.mail.envelopes import Lost, Withdrawn, envelope_of, held
from helpdesk_core.mail.events import MailFailed, MailSent
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
    """The ways out that are open for a batch, and those found not to work, with until when they are left alone."""

    stack: ExitStack
    open: dict[Transport, Connection] = field(default_factory=dict)
    down: dict[Transport, datetime] = field(default_factory=dict)

    def hand_over(self, transport: Transport, make: Callable[[], Envelope]) -> Receipt:
        """Send, on a new connection if the server has closed one that worked for earlier mails.

        The envelope is made last of all, since opening a connection may take long.
        """
        fresh = transport not in self.open
        try:
            return self._to(transport).send(make())
        except TransportDown:
            if fresh:
                raise
            del self.open[transport]
            return self._to(transport).send(make())

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
                    self._release(mails[position:], self._desk.now())
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
            receipt = self._hand_over(connections, transport, lambda: envelope_of(self._desk, mail))
        except TransportDown as error:
            until = connections.down[transport] = self._until(error)
            if transport is self._outlet.transport():
                self._rest_until = until
            if error.until is not None:
                self._release([mail], until)
                return 0
            log.warning("%s", error)
            self._finish(mail, _refused(str(error), permanent=False))
        except Lost:
            return 0
        except Withdrawn as error:
            self._drop(mail, str(error))
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

    def _hand_over(self, connections: _Connections, transport: Transport, make: Callable[[], Envelope]) -> Receipt:
        """Send, by the site's way out if the one that a plugin has chosen is down and says so.

        A site's way out that reaches nobody is none: the mail waits for the one that was chosen.
        """
        if not self._may_fall_back(transport):
            return connections.hand_over(transport, make)
        if transport not in connections.down:
            try:
                return connections.hand_over(transport, make)
            except TransportDown as error:
                level = logging.WARNING if error.until is None else logging.DEBUG
                log.log(level, "%s The site's own way out is tried instead.", error)
                connections.down[transport] = self._until(error)
        site = self._outlet.transport()
        if site in connections.down:
            both = "Neither the department's way out nor the site's works just now."
            raise TransportDown(both, until=connections.down[site])
        try:
            return connections.hand_over(site, make)
        except TransportDown as error:
            connections.down[site] = self._until(error)
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
            renewed = affect(tx.session, update(OutgoingMail).where(held(mail)).values(lease_until=now + self._lease))
        mail.lease_until = now + self._lease
        return renewed == 1

    def _finish(self, mail: OutgoingMail, receipt: Receipt) -> None:
        with self._desk.begin(SYSTEM) as tx:
            row = tx.session.scalar(select(OutgoingMail).where(held(mail)).with_for_update())
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

    def _release(self, mails: Sequence[OutgoingMail], until: datetime) -> None:
        """Give back mails that were not tried."""
        with self._desk.begin(SYSTEM) as tx:
            for mail in mails:
                untried = update(OutgoingMail).where(held(mail))
                affect(tx.session, untried.values(state="queued", lease_until=None, due_at=until))

    def _drop(self, mail: OutgoingMail, reason: str) -> None:
        with self._desk.begin(SYSTEM) as tx:
            ours = update(OutgoingMail).where(held(mail))
            affect(tx.session, ours.values(state="dropped", lease_until=None, error=reason))

    def _until(self, error: TransportDown) -> datetime:
        """Return until when a way out that does not work is left alone."""
        return error.until or self._desk.now() + DOWN_WAIT


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
