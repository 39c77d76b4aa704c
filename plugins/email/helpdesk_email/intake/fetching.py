"""One look into a mailbox: what is new is stored, then the server is told, then it becomes tickets."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import delete, select

from helpdesk_core.api import Helpdesk
from helpdesk_core.api.errors import NotFound

from ..receiving import Gateway
from ..senders import GATEWAY
from ..storing import Envelope
from ..texts import texts
from .imap import ImapSession
from .mailboxes import secrets_of
from .models import Mailbox, Taken
from .oauth import access_token
from .pop3 import Pop3Session
from .sessions import TIMEOUT, NotGiven, Session

log = logging.getLogger(__name__)

PORTION: Final = 50
PORTION_BYTES: Final = 16 * 1024 * 1024
"""So many mails, or bytes, are fetched and stored together; a larger mail comes alone."""
MOST_TRIES: Final = 5
"""How often a mail is asked for that the server does not hand out."""


@dataclass(frozen=True, slots=True)
class Look:
    """What came of a look: how many mails were taken, and how many the server would not give."""

    taken: int = 0
    refused: int = 0


def open_session(desk: Helpdesk, mailbox: Mailbox, *, timeout: float = TIMEOUT) -> Session:
    """Connect and sign in; `MailboxFailed` says what is wrong."""
    kind = ImapSession if mailbox.protocol == "imap" else Pop3Session
    if mailbox.login == "password":
        password = str(secrets_of(desk, mailbox).get("password", ""))
        return kind(mailbox, password=password, timeout=timeout)
    return kind(mailbox, token=access_token(desk, mailbox), timeout=timeout)


class Fetcher:
    """Takes the mail of one mailbox; any number may work on the same one, which makes no mail come twice."""

    def __init__(self, desk: Helpdesk, gateway: Gateway, mailbox_id: int) -> None:
        self.desk, self.gateway = desk, gateway
        self.mailbox_id = mailbox_id
        self.mailbox = self._load()

    def look(self, session: Session) -> Look:
        """Take what is new. `MailboxFailed` or `NotStored` end it early; what was stored by then stays taken."""
        self.mailbox = self._load()
        self._begin(session)
        mailbox, known = self.mailbox, self._known()
        there = session.keys(mailbox.last_uid)
        self._tell(session, [key for key, state in known.items() if state == "stored"])
        waiting = {key: size for key, size in there.items() if key not in known}
        again = {key: 0 for key, state in known.items() if state == "again"}
        taken = refused = 0
        for portion in _portions({**again, **self._wanted(session, waiting)}):
            try:
                taken += self._take(session, portion)
            except NotGiven:
                for key in portion:
                    try:
                        taken += self._take(session, [key])
                    except NotGiven as error:
                        log.warning("The mailbox %s does not give the mail %s: %s", mailbox.name, key, error)
                        self._refused(key)
                        refused += 1
        self._reach(max((_uid(key) for key in there), default=0) if self.mailbox.protocol == "imap" else 0)
        self._forget_gone(there)
        return Look(taken, refused)

    def _load(self) -> Mailbox:
        with self.desk.read() as session:
            mailbox = session.get(Mailbox, self.mailbox_id)
        if mailbox is None:
            raise NotFound(texts.lazy("The mailbox is gone."))
        return mailbox

    def _begin(self, session: Session) -> None:
        """Take notice of another UIDVALIDITY (all numbers are new then), and of the first look."""
        mailbox = self.mailbox
        if mailbox.looked and mailbox.generation == session.generation:
            return
        first = not mailbox.looked
        skipped = session.keys(0) if first and mailbox.only_new and isinstance(session, Pop3Session) else {}
        newest = session.newest() if first and mailbox.only_new and isinstance(session, ImapSession) else 0
        with self.desk.begin(GATEWAY) as tx:
            mailbox = tx.session.get_one(Mailbox, self.mailbox_id, with_for_update=True)
            if mailbox.looked and mailbox.generation == session.generation:
                return  # somebody else was quicker
            if session.generation is not None:
                tx.session.execute(delete(Taken).where(Taken.mailbox_id == mailbox.id))
            mailbox.generation, mailbox.last_uid, mailbox.looked = session.generation, newest, True
            tx.session.add_all(Taken(mailbox_id=mailbox.id, key=key, state="settled") for key in skipped)
        self.mailbox = self._load()

    def _wanted(self, session: Session, waiting: dict[str, int]) -> dict[str, int]:
        """Leave out what was there before the mailbox was added, also after its numbers have changed."""
        if not (self.mailbox.only_new and isinstance(session, ImapSession)) or not waiting:
            return waiting
        arrived = session.arrived(list(waiting))
        # A day of grace, since clocks differ and a mail too many is better than one lost.
        since = self.mailbox.created_at - timedelta(days=1)
        return {key: size for key, size in waiting.items() if key not in arrived or arrived[key] >= since}

    def _known(self) -> dict[str, str]:
        """Return the state of the mails that are remembered one by one; `again` is a failed one with tries left."""
        with self.desk.read() as session:
            rows = session.scalars(select(Taken).where(Taken.mailbox_id == self.mailbox_id)).all()
        return {
            row.key: "again" if row.state == "failed" and row.tries < MOST_TRIES else row.state
            for row in sorted(rows, key=lambda each: each.id)
        }

    def _take(self, session: Session, keys: Sequence[str]) -> int:
        got = session.fetch(keys)
        mailbox = self.mailbox
        envelope = Envelope(
            recipients=(mailbox.address,) if mailbox.address else (), source=f"{mailbox.protocol}:{mailbox.name}"
        )
        ids = self.gateway.store([(got[key], envelope) for key in got]) if got else []
        self._stored(keys, len(got))
        self._tell(session, list(got))
        self.gateway.process_all(list(dict.fromkeys(ids)))
        return len(got)

    def _stored(self, keys: Sequence[str], count: int) -> None:
        """Note that these are safe here, or gone from the server, before the server is told anything."""
        pop3, leave = self.mailbox.protocol == "pop3", self.mailbox.afterwards == "leave"
        with self.desk.begin(GATEWAY) as tx:
            mailbox = tx.session.get_one(Mailbox, self.mailbox_id, with_for_update=True)
            mine = (Taken.mailbox_id == mailbox.id) & Taken.key.in_(keys)
            tx.session.execute(delete(Taken).where(mine))
            if pop3 or not leave:
                state = "settled" if leave else "stored"
                tx.session.add_all(Taken(mailbox_id=mailbox.id, key=key, state=state) for key in keys)
            if not pop3:
                mailbox.last_uid = max(mailbox.last_uid, *(_uid(key) for key in keys))
            mailbox.taken_count += count
            if count:
                mailbox.mail_at = tx.now

    def _tell(self, session: Session, keys: Sequence[str]) -> None:
        """Have the server flag, move or delete what is safe here."""
        if not keys or self.mailbox.afterwards == "leave":
            return
        session.settle(keys, self.mailbox.afterwards, self.mailbox.move_to)
        if self.mailbox.protocol == "imap":  # POP3 deletes when the session ends; then they are no longer listed
            with self.desk.begin(GATEWAY) as tx:
                mine = (Taken.mailbox_id == self.mailbox_id) & Taken.key.in_(keys)
                tx.session.execute(delete(Taken).where(mine))

    def _refused(self, key: str) -> None:
        with self.desk.begin(GATEWAY) as tx:
            mailbox = tx.session.get_one(Mailbox, self.mailbox_id, with_for_update=True)
            row = tx.session.scalar(select(Taken).where(Taken.mailbox_id == mailbox.id, Taken.key == key))
            if row is None:
                row = Taken(mailbox_id=mailbox.id, key=key, state="failed", tries=0)
                tx.session.add(row)
            row.tries += 1
            if mailbox.protocol == "imap":
                mailbox.last_uid = max(mailbox.last_uid, _uid(key))

    def _reach(self, uid: int) -> None:
        """Note that nothing up to this UID is left to do; mails that were skipped are not looked at again."""
        if self.mailbox.protocol == "imap" and uid > self._load().last_uid:
            with self.desk.begin(GATEWAY) as tx:
                mailbox = tx.session.get_one(Mailbox, self.mailbox_id, with_for_update=True)
                mailbox.last_uid = max(mailbox.last_uid, uid)

    def _forget_gone(self, there: dict[str, int]) -> None:
        """Forget the UIDLs of mails that are no longer in the mailbox."""
        if self.mailbox.protocol != "pop3":
            return
        gone = [key for key in self._known() if key not in there]
        if gone:
            with self.desk.begin(GATEWAY) as tx:
                for start in range(0, len(gone), 500):
                    mine = (Taken.mailbox_id == self.mailbox_id) & Taken.key.in_(gone[start : start + 500])
                    tx.session.execute(delete(Taken).where(mine))


def fetch_once(desk: Helpdesk, gateway: Gateway, mailbox: Mailbox) -> Look:
    """Connect, look once, sign out; `MailboxFailed` or `NotStored` if it does not work."""
    session = open_session(desk, mailbox)
    try:
        return Fetcher(desk, gateway, mailbox.id).look(session)
    finally:
        session.close()


def try_connection(desk: Helpdesk, mailbox: Mailbox, *, timeout: float = 15.0) -> int:
    """Connect, sign in, open the folder, and return how many mails are there; nothing is taken or changed."""
    session = open_session(desk, mailbox, timeout=timeout)
    try:
        return len(session.keys(0))
    finally:
        session.close()


def _portions(sizes: dict[str, int]) -> Iterator[list[str]]:
    portion: list[str] = []
    total = 0
    for key, size in sizes.items():
        if portion and (len(portion) >= PORTION or total + size > PORTION_BYTES):
            yield portion
            portion, total = [], 0
        portion.append(key)
        total += size
    if portion:
        yield portion


def _uid(key: str) -> int:
    return int(key.rpartition(":")[2])
