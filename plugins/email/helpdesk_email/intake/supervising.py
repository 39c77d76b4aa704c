"""Keeping all mailboxes fetched: each on a thread and with a lease of its own, so that a broken one holds no other."""

import logging
import secrets
import threading
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.exc import DBAPIError

from helpdesk_core.api import Helpdesk, HelpdeskError
from helpdesk_core.api.db import affect
from helpdesk_core.api.errors import NotFound, Unavailable

from ..receiving import Gateway
from ..senders import GATEWAY
from ..sentences import words_of
from ..texts import texts
from .fetching import Fetcher, Look, open_session
from .models import Mailbox
from .sessions import MailboxFailed, Session

log = logging.getLogger(__name__)

EVERY: Final = timedelta(seconds=10)
"""So often is looked which mailboxes are due."""
LEASE: Final = timedelta(minutes=3)
SLICE: Final = 10.0
"""Seconds of waiting for new mail after which a thread looks whether it should go on."""
RENEW: Final = timedelta(minutes=8)
"""After so long in IDLE the mailbox is looked into anyway, since some servers forget who waits."""
LONGEST_WAIT: Final = timedelta(hours=1)


class Supervisor:
    """Fetches the mailboxes that are due, on threads of this process."""

    def __init__(self, desk: Helpdesk, gateway: Gateway) -> None:
        self.desk, self.gateway = desk, gateway
        self._name = secrets.token_hex(16)
        self._stop = threading.Event()
        self._threads: dict[int, threading.Thread] = {}
        self._lock = threading.Lock()

    def tick(self) -> int:
        """Start a thread for each mailbox that is due and that nobody holds; return how many were started."""
        with self._lock:
            if self._stop.is_set():
                return 0
            self._threads = {key: each for key, each in self._threads.items() if each.is_alive()}
            with self.desk.read() as session:
                due = list(session.scalars(select(Mailbox.id).where(self._due())))
            started = 0
            for mailbox_id in due:
                if mailbox_id in self._threads or not self._take(mailbox_id):
                    continue
                thread = threading.Thread(target=self._keep, args=(mailbox_id,), name=f"mailbox-{mailbox_id}")
                thread.daemon = True
                self._threads[mailbox_id] = thread
                thread.start()
                started += 1
            return started

    def close(self, timeout: float = 5.0) -> None:
        """Stop all threads, and give back their mailboxes."""
        self._stop.set()
        with self._lock:
            threads = list(self._threads.values())
        for thread in threads:
            thread.join(timeout)

    def fetch_now(self, mailbox_id: int) -> Look:
        """Look into a mailbox on the caller's thread, whoever else does; raise what goes wrong, after noting it."""
        session: Session | None = None
        try:
            session = open_session(self.desk, self._load(mailbox_id))
            look = Fetcher(self.desk, self.gateway, mailbox_id).look(session)
        except HelpdeskError as error:
            self._failed(mailbox_id, error)
            raise
        finally:
            if session is not None:
                session.close()
        self._succeeded(mailbox_id, look)
        return look

    def _keep(self, mailbox_id: int) -> None:
        """Fetch the mailbox for as long as the lease, the server and the administrator want; then give it back."""
        session: Session | None = None
        try:
            mailbox = self._load(mailbox_id)
            session = open_session(self.desk, mailbox)
            fetcher = Fetcher(self.desk, self.gateway, mailbox_id)
            while True:
                self._succeeded(mailbox_id, fetcher.look(session))
                if not (mailbox.idle and session.can_wait) or not self._wait(session, mailbox):
                    break
        except NotFound:
            log.info("A mailbox was removed while it was fetched")
        except (HelpdeskError, DBAPIError) as error:
            with suppress(HelpdeskError, DBAPIError):
                self._failed(mailbox_id, error)
        except Exception as error:
            log.exception("A mailbox cannot be fetched")
            with suppress(HelpdeskError, DBAPIError):
                self._failed(mailbox_id, error)
        finally:
            if session is not None:
                session.close()
            with suppress(HelpdeskError, DBAPIError):
                self._give_back(mailbox_id)

    def _wait(self, session: Session, mailbox: Mailbox) -> bool:
        """Wait until there is something to look for; False if this thread should leave the mailbox."""
        until, renewed = self.desk.now() + RENEW, None
        while not self._stop.is_set():
            if renewed is None or self.desk.now() - renewed > LEASE / 3:
                renewed = self.desk.now()
                if not self._renew(mailbox.id):
                    return False
            now = self._load(mailbox.id)
            if not now.is_active or now.changed_at != mailbox.changed_at:
                return False
            if now.next_at is None or self.desk.now() >= until:
                return True
            try:
                if session.wait(SLICE):
                    return True
            except MailboxFailed as error:  # servers hang up on those who only wait; the next turn connects anew
                log.info("The mailbox %s hung up: %s", mailbox.name, error)
                return False
        return False

    def _load(self, mailbox_id: int) -> Mailbox:
        with self.desk.read() as session:
            mailbox = session.get(Mailbox, mailbox_id)
        if mailbox is None:
            raise NotFound(texts.lazy("The mailbox is gone."))
        return mailbox

    def _due(self) -> ColumnElement[bool]:
        now = self.desk.now()
        due = or_(Mailbox.next_at.is_(None), Mailbox.next_at <= now)
        return Mailbox.is_active & due & or_(Mailbox.lease_until.is_(None), Mailbox.lease_until < now)

    def _take(self, mailbox_id: int) -> bool:
        with self.desk.begin(GATEWAY) as tx:
            mine = update(Mailbox).where(Mailbox.id == mailbox_id, self._due())
            return affect(tx.session, mine.values(lease=self._name, lease_until=self.desk.now() + LEASE)) == 1

    def _renew(self, mailbox_id: int) -> bool:
        try:
            with self.desk.begin(GATEWAY) as tx:
                mine = update(Mailbox).where(Mailbox.id == mailbox_id, Mailbox.lease == self._name)
                return affect(tx.session, mine.values(lease_until=self.desk.now() + LEASE)) == 1
        except (DBAPIError, Unavailable):
            return False

    def _give_back(self, mailbox_id: int) -> None:
        with self.desk.begin(GATEWAY) as tx:
            mine = update(Mailbox).where(Mailbox.id == mailbox_id, Mailbox.lease == self._name)
            affect(tx.session, mine.values(lease=None, lease_until=None))

    def _succeeded(self, mailbox_id: int, look: Look) -> None:
        with self.desk.begin(GATEWAY) as tx:
            mailbox = tx.session.get(Mailbox, mailbox_id, with_for_update=True)
            if mailbox is None:
                return
            mailbox.tried_at = mailbox.succeeded_at = tx.now
            mailbox.failures = 0
            mailbox.last_error = _refused(look.refused) if look.refused else None
            mailbox.next_at = tx.now + timedelta(seconds=mailbox.interval)

    def _failed(self, mailbox_id: int, error: Exception) -> None:
        with self.desk.begin(GATEWAY) as tx:
            mailbox = tx.session.get(Mailbox, mailbox_id, with_for_update=True)
            if mailbox is None:
                return
            mailbox.tried_at = tx.now
            mailbox.failures += 1
            expected = isinstance(error, HelpdeskError)
            mailbox.last_error = words_of(error) if expected else f"{type(error).__name__}: {error}"
            mailbox.next_at = next_try(tx.now, mailbox.interval, mailbox.failures)


def next_try(now: datetime, interval: int, failures: int) -> datetime:
    """Return when a mailbox is tried again: after its interval, twice as long each time, an hour at most."""
    wait = timedelta(seconds=max(interval, 30) * 2 ** min(failures - 1, 10))
    return now + min(wait, LONGEST_WAIT)


def _refused(count: int) -> str:
    return texts.lazy_n(
        "The server would not hand out %(num)s of the mails; it is asked for again a few times.",
        "The server would not hand out %(num)s of the mails; they are asked for again a few times.",
        count,
    )
