"""Forgetting received mails: when a message is redacted, a person erased, or the time that the site has set is over.

The row stays as the record that a mail came; its bytes go, unless another row that is not forgotten has the same.
"""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, func, or_, select

from helpdesk_core.api import Helpdesk, Transaction
from helpdesk_core.api.errors import NotFound
from helpdesk_core.api.tickets import Message, words_of_html
from helpdesk_core.api.users import PersonalData, User

from .archive import Archive
from .leaving.history import forget_history
from .models import Filing, Received
from .reading import read_mail
from .senders import CHANNEL, GATEWAY
from .texts import texts

OVER: Final = ("done", "dropped")
PORTION: Final = 500
LOOKING: Final = 0.3
"""So much of what a hook may take is for looking into the mails of a conversation; the rest is for forgetting them."""
LARGEST: Final = 200_000
"""Bytes: a larger mail is not looked into, only forgotten."""
NESTED: Final = 3
"""So deep mails within mails are looked into."""
SWEPT: Final = timedelta(days=2)
"""So long files are looked for that a crash has left behind, or a mail server has handed over once more."""
FORGOTTEN: Final = texts.lazy("The mail was forgotten before it was processed.")


def forget_redacted(
    tx: Transaction,
    archive: Archive,
    tickets: Collection[int],
    message: Message,
    repeats: Callable[[str], bool],
    seconds: float,
) -> None:
    """Forget the mail that brought a message which is being redacted, those that quote it, and the history in ours.

    What there is no time to look into within so many seconds counts as a quote: a hook that takes too long is stopped,
    and that would keep everything.
    """
    until = time.monotonic() + seconds

    def may_repeat(text: str) -> bool:
        return time.monotonic() >= until or repeats(text)

    forget_message(tx, archive, tickets, message)
    forget_history(tx, tickets, message, may_repeat)
    forget_quoting(tx, archive, tickets, may_repeat, until)


def forget_message(tx: Transaction, archive: Archive, tickets: Collection[int], message: Message) -> None:
    """Forget the mails that brought a message which is being redacted, and all copies of them."""
    if message.message_id is not None:
        rows = _rows(tx, Received.message_id == message.message_id)
    elif message.channel == CHANNEL:
        then = Received.processed_at == message.created_at
        here = Received.id.in_(select(Filing.received_id).where(Filing.ticket_id.in_(tickets)))
        # A message whose ticket is gone has left no trace; then its moment has to do.
        rows = _rows(tx, then & here) or _rows(tx, then & Received.message_id.is_(None))
    else:
        rows = []
    _forget(tx, archive, rows)


def forget_quoting(
    tx: Transaction,
    archive: Archive,
    tickets: Collection[int],
    repeats: Callable[[str], bool],
    until: float,
) -> None:
    """Forget the mails of a conversation that repeat what is being redacted: answers, reports that return our mails.

    Also those whose message does not, since what staff quote by mail is cut off. What is too large, cannot be read, or
    is not looked into before the clock `time.monotonic` says `until`, is forgotten unread.
    """
    rows = _rows(tx, Received.ticket_id.in_(tickets) & Received.state.in_(OVER))
    unread = [row for row in rows if row.size > LARGEST]
    read = [row for row in rows if row.size <= LARGEST]
    gone = [row for row in read if time.monotonic() >= until or _repeats(archive, row.sha256, repeats)]
    _forget(tx, archive, [*unread, *gone])


def _repeats(archive: Archive, sha256: str, repeats: Callable[[str], bool]) -> bool:
    try:
        raw = archive.get(sha256)
    except NotFound:
        return False
    except OSError:
        return True
    return any(repeats(text) for text in _texts(raw, NESTED))


def _texts(raw: bytes, depth: int) -> Iterator[str]:
    """Yield all that a mail says, with the mails and texts that it has as files."""
    mail = read_mail(raw)
    yield mail.text
    if mail.html is not None:
        yield words_of_html(mail.html)
    for each in mail.attachments:
        if each.content_type == "message/rfc822" and depth:
            yield from _texts(each.content, depth - 1)
        elif each.content_type.startswith(("text/", "message/")):
            yield each.content.decode("utf-8", "replace")


def forget_person(tx: Transaction, archive: Archive, user: User) -> None:
    """Forget all mails from the person's addresses, and what the rows say of the sender."""
    addresses = [each.address for each in user.emails]
    rows = _rows(tx, _is_from(addresses), again=True)
    _forget(tx, archive, rows)
    for row in rows:
        row.sender = row.domain = row.envelope_sender = row.message_id = row.reason = None
        row.envelope_recipients, row.decisions = [], []
    tx.session.flush()


def mails_of(desk: Helpdesk, archive: Archive, user: User) -> Sequence[PersonalData]:
    """Return what is kept of the mails from the person's addresses; the mails themselves are files beside it."""
    query = select(Received).where(_is_from([each.address for each in user.emails])).order_by(Received.id)
    with desk.read() as session:
        rows = session.scalars(query).all()
    if not rows:
        return []
    data = [
        {
            "uid": row.uid,
            "received_at": row.received_at.isoformat(),
            "from": row.sender,
            "to": row.envelope_recipients,
            "subject": row.subject,
            "state": row.state,
        }
        for row in rows
    ]
    kept = {f"{row.uid}.eml": row.sha256 for row in rows if archive.path(row.sha256).exists()}
    return [PersonalData(name="mails", data=data, files=_Files(archive, kept))]


def forget_old(desk: Helpdesk, archive: Archive, days: int) -> int:
    """Forget mails that are done with and older than that many days (0: none), and return how many."""
    count = 0
    while days:
        with desk.begin(GATEWAY) as tx:
            old = Received.state.in_(OVER) & (Received.received_at < tx.now - timedelta(days=days))
            rows = _rows(tx, old, limit=PORTION)
            _forget(tx, archive, rows)
        count += len(rows)
        if len(rows) < PORTION:
            break
    with desk.read() as session:
        swept = select(Received.sha256).where(Received.forgotten_at > desk.now() - SWEPT)
        names = [name for name in session.scalars(swept) if archive.path(name).exists()]
        needed = set(session.scalars(select(Received.sha256).where(_needed(names))))
    archive.remove(set(names) - needed)
    return count


class _Files(Mapping[str, bytes]):
    """Mails by name, each read only when it is its turn."""

    def __init__(self, archive: Archive, names: Mapping[str, str]) -> None:
        self._archive, self._names = archive, names

    def __getitem__(self, name: str) -> bytes:
        return self._archive.get(self._names[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _rows(
    tx: Transaction, which: ColumnElement[bool], *, again: bool = False, limit: int | None = None
) -> list[Received]:
    query = select(Received).where(which).order_by(Received.id).with_for_update()
    if not again:
        query = query.where(Received.forgotten_at.is_(None))
    return list(tx.session.scalars(query.limit(limit) if limit else query))


def _forget(tx: Transaction, archive: Archive, rows: Sequence[Received]) -> None:
    for row in rows:
        if row.state not in OVER:
            row.state, row.reason = "dropped", FORGOTTEN
        row.subject, row.forgotten_at = None, row.forgotten_at or tx.now
    tx.session.flush()
    names = {row.sha256 for row in rows}
    gone = names - set(tx.session.scalars(select(Received.sha256).where(_needed(names)))) if names else set()
    tx.afterwards(lambda: archive.remove(gone))


def _needed(names: Iterable[str]) -> ColumnElement[bool]:
    return Received.sha256.in_(list(names)) & Received.forgotten_at.is_(None)


def _is_from(addresses: Sequence[str]) -> Any:
    return or_(Received.sender.in_(addresses), func.lower(Received.envelope_sender).in_(addresses))
