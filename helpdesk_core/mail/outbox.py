"""The mails that are to leave, or have left, for admins to look at; and finding one by what a reply names."""

from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from helpdesk_core.actor import Actor
from helpdesk_core.db.rows import affect
from helpdesk_core.errors import Conflict, NotFound
from helpdesk_core.mail.models import OutgoingMail
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.texts import lazy as _l

STATES = ("queued", "sending", "sent", "failed", "dropped")


@dataclass(frozen=True)
class Outbox:
    """A page of mails, newest first; `next` is the `after` of the following page, None on the last one."""

    mails: list[OutgoingMail]
    next: int | None


def outbox(
    desk: Helpdesk, *, state: str | None = None, ticket_id: int | None = None, after: int | None = None, limit: int = 50
) -> Outbox:
    """Return mails, newest first, of one state or one ticket if asked. The caller has checked that an admin asks."""
    query = select(OutgoingMail).order_by(OutgoingMail.id.desc()).limit(limit + 1)
    if state is not None:
        query = query.where(OutgoingMail.state == state)
    if ticket_id is not None:
        query = query.where(OutgoingMail.ticket_id == ticket_id)
    if after is not None:
        query = query.where(OutgoingMail.id < after)
    with desk.read() as session:
        mails = list(session.scalars(query))
    return Outbox(mails[:limit], mails[limit - 1].id if len(mails) > limit else None)


def counts(desk: Helpdesk) -> dict[str, int]:
    """Return how many mails there are in each state."""
    with desk.read() as session:
        rows = session.execute(select(OutgoingMail.state, func.count()).group_by(OutgoingMail.state))
        found = {row.state: row[1] for row in rows}
    return {state: found.get(state, 0) for state in STATES}


def find_mail(session: Session, uid: str) -> OutgoingMail:
    """Return one mail; `NotFound` if there is none."""
    mail = session.scalar(select(OutgoingMail).where(OutgoingMail.uid == uid))
    if mail is None:
        raise NotFound(_l("There is no such mail."))
    return mail


def find_by_message_id(session: Session, message_id: str) -> OutgoingMail | None:
    """Return the mail that left with this Message-ID (with angle brackets), for matching answers to notices."""
    query = select(OutgoingMail).where(OutgoingMail.message_id == message_id).order_by(OutgoingMail.id).limit(1)
    return session.scalar(query)


def retry(desk: Helpdesk, actor: Actor, uid: str) -> None:
    """Try a failed mail again from the beginning, or one that waits at once; `Conflict` if it is neither."""
    with desk.begin(actor) as tx:
        find_mail(tx.session, uid)
        again = update(OutgoingMail).where(OutgoingMail.uid == uid, OutgoingMail.state.in_(("failed", "queued")))
        if not affect(tx.session, again.values(state="queued", attempts=0, due_at=tx.now)):
            raise Conflict("This mail is not waiting: it was sent, or left out on purpose. Reload the list.")


def drop(desk: Helpdesk, actor: Actor, uid: str) -> None:
    """Give up a failed mail, or one that waits, for good; it stays in the list. `Conflict` if it is neither."""
    with desk.begin(actor) as tx:
        find_mail(tx.session, uid)
        given_up = update(OutgoingMail).where(OutgoingMail.uid == uid, OutgoingMail.state.in_(("failed", "queued")))
        if not affect(tx.session, given_up.values(state="dropped")):
            raise Conflict("This mail is not waiting: it was sent, or left out on purpose. Reload the list.")
