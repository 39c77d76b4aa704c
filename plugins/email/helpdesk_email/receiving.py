"""Taking mail in: stored before anything else, then processed, exactly once whatever happens in between."""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from helpdesk_core.api import Actor, Helpdesk, HelpdeskError, Transaction
from helpdesk_core.api.db import affect
from helpdesk_core.api.errors import Conflict, NotFound, Unavailable

from .archive import Archive
from .budgets import Budgets
from .decisions import Decisions, Ended
from .foreseen import Foreseen
from .models import Received
from .processing import Processor, end
from .routing import Place
from .rules.checks import Checks
from .rules.spam import Scorer, score_headers
from .senders import GATEWAY
from .sentences import words_of
from .steps import StepHooks
from .storing import Envelope, Kept, NotStored, add_rows
from .texts import texts
from .tokens import Tokens
from .way import Prepared, Way, prepare

log = logging.getLogger(__name__)
_l = texts.lazy

BATCH = 25
"""So many mails share a transaction when many come at once."""
TRIES = 4
MOST_ATTEMPTS = 5
"""A mail whose processing was cut short so often (it may have killed the process) waits for a person."""
LEFT_BEHIND: Final = timedelta(seconds=60)
MEGABYTE = 1024 * 1024


class Gateway:
    """Receives mail for one helpdesk; any number of them may work on the same database at once."""

    def __init__(self, desk: Helpdesk) -> None:
        self.desk = desk
        self.archive = Archive(desk.config.instance / "mail-in")
        self.tokens = Tokens(desk.secret)
        self.scorers: list[Scorer] = [score_headers]
        """What judges whether a mail is spam; a plugin that requires this one may add its own."""

        self.steps = StepHooks()
        """What other plugins do at each step of a mail."""

    def receive(self, raw: bytes, envelope: Envelope | None = None) -> Received:
        """Store a mail, then process it. `NotStored` if it could not be kept; else it is safe, whatever comes after.

        The same bytes for the same recipients are one mail, however often they come.
        """
        return self.receive_many([(raw, envelope or Envelope())])[0]

    def receive_many(self, mails: Sequence[tuple[bytes, Envelope]]) -> list[Received]:
        """Store all mails, then process them, in few transactions; what is returned has the order of `mails`."""
        ids = self.store(mails)
        self.process_all(list(dict.fromkeys(ids)))
        with self.desk.read() as session:
            rows = {row.id: row for row in session.scalars(select(Received).where(Received.id.in_(ids)))}
        return [rows[each] for each in ids]

    def store(self, mails: Sequence[tuple[bytes, Envelope]]) -> list[int]:
        """Keep the mails and return the ids of their rows; all of them or, with `NotStored`, perhaps some."""
        try:
            names = self.archive.put([raw for raw, _envelope in mails])
            kept = [Kept(name, len(raw), envelope) for name, (raw, envelope) in zip(names, mails, strict=True)]
            for _try in range(TRIES):
                # Somebody may store the same mail in the same moment; the next look finds it.
                with suppress(IntegrityError), self.desk.begin(GATEWAY) as tx:
                    return add_rows(tx, kept)
        except (OSError, DBAPIError, Unavailable) as error:
            why = _l("The mail could not be stored, so it has to be sent again later: %(why)s", why=words_of(error))
            raise NotStored(why) from error
        raise NotStored(
            _l("The mail could not be stored, because the same is being stored again and again. Send it later.")
        )

    def process_all(self, ids: Sequence[int]) -> None:
        """Process stored mails, several in a transaction; if one of them spoils it, each alone."""
        for start in range(0, len(ids), BATCH):
            part = ids[start : start + BATCH]
            if len(part) == 1 or not self._together(part):
                for received_id in part:
                    self.process(received_id)

    def process(self, received_id: int, *, skip_locked: bool = False) -> None:
        """Process one stored mail, unless that is done already; with `skip_locked`, or somebody is at it.

        What cannot be done for a reason that lies in the mail ends in the quarantine; while the database is away the
        mail stays stored.
        """
        for attempt in range(1, TRIES + 1):
            decisions = Decisions()
            try:
                with self.desk.read() as session:
                    row = session.get(Received, received_id)
                if row is None or row.state != "stored":
                    return
                prepared = self._prepared(row)
                with self.desk.begin(GATEWAY) as tx:
                    self._processor(tx)(received_id, prepared, decisions, skip_locked=skip_locked)
                return
            except (IntegrityError, Unavailable, Conflict) as error:
                # Somebody was quicker, or the database is busy: look again.
                if attempt == TRIES:
                    log.warning("The received mail %s stays stored for now: %s", received_id, error)
                    return
                time.sleep(0.05 * attempt)
            except HelpdeskError as error:
                self._quarantine(received_id, words_of(error), decisions)
                return
            except Exception as error:  # whatever a mail sets off, it is kept and the others go on
                log.exception("the received mail %s cannot be processed", received_id)
                if attempt > 1:
                    self._quarantine(received_id, f"{type(error).__name__}: {error}", decisions)
                    return

    def process_left_behind(self) -> int:
        """Process what was stored over a minute ago and is still not done, as after a crash; return how many were."""
        before = self.desk.now() - LEFT_BEHIND
        query = select(Received.id, Received.attempts).where(Received.state == "stored", Received.received_at < before)
        with self.desk.read() as session:
            rows = session.execute(query.order_by(Received.id).limit(1000)).all()
        for received_id, attempts in rows:
            if attempts >= MOST_ATTEMPTS:
                reason = texts.lazy_n(
                    "Processing it was interrupted %(num)s time. Replay it to try once more.",
                    "Processing it was interrupted %(num)s times. Replay it to try once more.",
                    attempts,
                )
                self._quarantine(received_id, reason, Decisions())
                continue
            with self.desk.begin(GATEWAY) as tx:
                affect(tx.session, update(Received).where(Received.id == received_id).values(attempts=attempts + 1))
            self.process(received_id, skip_locked=True)
        return len(rows)

    def replay(self, uid: str) -> Received:
        """Process a mail from the quarantine once more, without budgets; `Conflict` if it is not there."""
        with self.desk.begin(GATEWAY) as tx:
            row = tx.session.scalar(select(Received).where(Received.uid == uid).with_for_update())
            if row is None:
                raise _unknown(uid)
            if row.state != "quarantined":
                raise Conflict(_l("The mail %(uid)s is not in the quarantine; there is nothing to replay.", uid=uid))
            row.state, row.attempts, row.by_hand = "stored", 0, True
        self.process(row.id)
        return self.find(uid)

    def settle(self, actor: Actor, uid: str, decide: Callable[[Way], Ended]) -> Received:
        """End a mail of the quarantine, or a dropped one, as somebody has decided; `Conflict` if it is neither.

        `decide` gets the way of the mail and takes the steps itself, in one unit of work with the mail's new state.
        """
        row = self.find(uid)
        prepared = prepare(self.desk, self.archive.get(row.sha256))
        with self.desk.begin(actor) as tx:
            locked = tx.session.scalar(select(Received).where(Received.uid == uid).with_for_update())
            if locked is None or locked.state not in ("quarantined", "dropped"):
                raise Conflict(_l("The mail is neither in the quarantine nor dropped any more. Reload the page."))
            decisions = Decisions()
            locked.by_hand = True
            way = self._processor(tx).way(locked, prepared, decisions)
            way.describe()
            end(tx, locked, decide(way), decisions)
        return locked

    def find(self, uid: str) -> Received:
        """Return a received mail; `NotFound` if there is none."""
        with self.desk.read() as session:
            row = session.scalar(select(Received).where(Received.uid == uid))
        if row is None:
            raise _unknown(uid)
        return row

    def log(self, *, state: str | None = None, limit: int = 50) -> Sequence[Received]:
        """Return the newest mails, of one state if asked."""
        query = select(Received).order_by(Received.id.desc()).limit(limit)
        if state is not None:
            query = query.where(Received.state == state)
        with self.desk.read() as session:
            return session.scalars(query).all()

    def _together(self, ids: Iterable[int]) -> bool:
        try:
            with self.desk.read() as session:
                rows = session.scalars(select(Received).where(Received.id.in_(ids), Received.state == "stored")).all()
            read = {row.id: self._prepared(row) for row in rows}
            prepared = {each: read[each] for each in ids if each in read}
            with self.desk.begin(GATEWAY) as tx:
                tx.starts_over = True
                self._processor(tx, _foresee(tx, prepared.values())).all(prepared)
        except Exception as error:  # noqa: BLE001 - each mail is tried alone then, and says what is wrong with it
            log.info("mails are processed one by one: %s: %s", type(error).__name__, error)
            return False
        return True

    def _prepared(self, row: Received) -> Prepared | str:
        """Read the mail, outside of any transaction; or say why it is not read."""
        limit = self.desk.settings.effective("email").values["max_size_mb"]
        if row.size > limit * MEGABYTE:
            size = round(row.size / MEGABYTE, 1)
            return _l(
                "It has %(size)s MB; %(limit)s MB are allowed ([plugins.email] max_size_mb).", size=size, limit=limit
            )
        return prepare(self.desk, self.archive.get(row.sha256))

    def _processor(self, tx: Transaction, foreseen: Foreseen | None = None) -> Processor:
        settings = self.desk.settings.effective("email").values
        place = Place.of(self.desk, tx.session)
        budgets = Budgets(tx.session, settings, tx.now)
        checks = Checks(self.desk, tx.session, settings, self.scorers, foreseen or Foreseen())
        return Processor(self.desk, settings, self.tokens, tx, place, budgets, checks, self.steps)

    def _quarantine(self, received_id: int, reason: str, decisions: Decisions) -> None:
        try:
            with self.desk.begin(GATEWAY) as tx:
                row = tx.session.scalar(
                    select(Received).where(Received.id == received_id, Received.state == "stored").with_for_update()
                )
                if row is not None:
                    decisions.note("create", _l("failed"), reason)
                    end(tx, row, Ended(state="quarantined", reason=reason), decisions)
        except (Unavailable, DBAPIError) as error:
            log.warning("The received mail %s stays stored for now: %s", received_id, error)


def _unknown(uid: str) -> NotFound:
    return NotFound(_l("There is no received mail %(uid)s. “helpdesk email log” shows those there are.", uid=uid))


def _foresee(tx: Transaction, prepared: Iterable[Prepared | str]) -> Foreseen:
    mails = [each for each in prepared if isinstance(each, Prepared)]
    reports = any(each.bounce for each in mails)
    keys = [each.key for each in mails]
    return Foreseen.of(tx.desk, tx.session, [each.mail for each in mails], keys, reports=reports)
