"""Replies that wait a little before they go out, so that their author may take them back."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Integer, Select, bindparam, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, joinedload

from helpdesk_core.actor import SYSTEM, Actor
from helpdesk_core.attachments.service import claim
from helpdesk_core.db.base import new_uid
from helpdesk_core.errors import Conflict, Forbidden, HelpdeskError, NotFound, Unavailable
from helpdesk_core.runtime import Helpdesk, Transaction
from helpdesk_core.texts import lazy as _l
from helpdesk_core.tickets.conversation import post_reply, prepare_reply, reply, write_reply
from helpdesk_core.tickets.inputs import NewMessage
from helpdesk_core.tickets.models import HeldReply, Message, Ticket
from helpdesk_core.tickets.posting import Posted
from helpdesk_core.tickets.queries import lock_ticket
from helpdesk_core.tickets.vocabulary import vocabulary

log = logging.getLogger(__name__)

BATCH: Final = 20
WAITS: Final = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600))
"""How long to wait after the first, second … failure to post; one more failure leaves it to the author."""


def send_reply(desk: Helpdesk, actor: Actor, number: str, draft: NewMessage) -> Posted | HeldReply:
    """Reply; an agent's reply is held for `[site] undo_send_seconds` first, if that is not 0.

    What a customer writes is posted at once. Raises what `reply` raises.
    """
    if desk.settings.site().undo_send_seconds == 0:
        return reply(desk, actor, number, draft)
    prepared = prepare_reply(desk, actor, number, draft)
    if prepared.side != "agent" or actor.user_id is None:
        return post_reply(desk, actor, number, draft, prepared)
    return _hold(desk, actor, prepared.ticket, prepared.draft)


def hold_reply(desk: Helpdesk, actor: Actor, number: str, draft: NewMessage) -> HeldReply:
    """Check an agent's reply as `reply` does, and post it after `[site] undo_send_seconds`.

    Files that come along are taken in now. `Forbidden` for who speaks as a customer, `Conflict` if the draft's uid was
    sent before.
    """
    prepared = prepare_reply(desk, actor, number, draft)
    if prepared.side != "agent" or actor.user_id is None:
        raise Forbidden(_l("Only the replies of those who work the ticket can be held. Post it at once."))
    return _hold(desk, actor, prepared.ticket, prepared.draft)


def undo_send(desk: Helpdesk, actor: Actor, uid: str) -> HeldReply:
    """Take a reply of one's own back that is still held; `draft_of` it is what its author goes on writing.

    Its files wait as uploads again. `Conflict` when it has gone out, `NotFound` when there is none of the actor's.
    """
    with desk.begin(actor) as tx:
        # Locked by its key, as the worker does: by its uid, the two would wait for each other's index on MariaDB.
        mine = tx.session.scalar(_own(actor, uid).with_only_columns(HeldReply.id))
        held = tx.session.scalar(select(HeldReply).where(HeldReply.id == mine).with_for_update())
        if held is None:
            sent = select(Message.id).where(Message.uid == uid, Message.author_id == actor.user_id)
            if actor.user_id is not None and tx.session.scalar(sent) is not None:
                raise Conflict(_l("Too late: this reply has gone out. Write another one to put it right."))
            raise NotFound(_l("There is no such reply waiting, or it is not yours."))
        tx.session.delete(held)
    return held


_HELD: Final = (
    select(HeldReply)
    .where(HeldReply.ticket_id == bindparam("ticket", type_=Integer))
    .options(joinedload(HeldReply.author))
    .order_by(HeldReply.id)
)


def held_replies(session: Session, ticket: Ticket) -> Sequence[HeldReply]:
    """Return the replies to a ticket that are still held, in the order of sending, authors loaded; for the desk."""
    return session.scalars(_HELD, {"ticket": ticket.id}).all()


def find_held(session: Session, actor: Actor, uid: str) -> HeldReply:
    """Return a held reply of the actor's own; `NotFound` if there is none."""
    held = session.scalar(_own(actor, uid))
    if held is None:
        raise NotFound(_l("There is no such reply waiting, or it is not yours."))
    return held


def draft_of(held: HeldReply) -> NewMessage:
    """Return what a held reply says."""
    kept = dict(held.draft)
    return NewMessage(**{**kept, "attachments": tuple(kept["attachments"])}, uid=held.uid)


def post_due(desk: Helpdesk) -> int:
    """Post the held replies whose time has come, and return how many were tried; for the worker."""
    query = select(HeldReply).where(HeldReply.due_at <= desk.now()).options(joinedload(HeldReply.author))
    with desk.read() as session:
        due = session.scalars(query.order_by(HeldReply.due_at, HeldReply.id).limit(BATCH)).all()
    for held in due:
        try:
            _post(desk, held)
        except (DBAPIError, Unavailable):
            raise
        except Exception as error:  # a reply must neither be lost nor stop the worker
            if not isinstance(error, HelpdeskError):
                log.exception("the held reply %s could not be posted", held.uid)
            _failed(desk, held.id, str(error) or type(error).__name__)
    return len(due)


def _hold(desk: Helpdesk, actor: Actor, ticket: Ticket, draft: NewMessage) -> HeldReply:
    assert actor.user_id is not None  # asked by both callers
    with desk.begin(actor) as tx:
        uid = draft.uid or new_uid()
        if tx.session.scalar(select(Message.id).where(Message.uid == uid)) is not None:
            raise Conflict(_l("This reply was sent already. Reload the ticket."))
        attachments = claim(tx, actor, draft.attachments, draft.files)
        tx.session.add_all(attachments)
        held = HeldReply(
            uid=uid,
            ticket_id=ticket.id,
            author_id=actor.user_id,
            channel=actor.channel,
            draft=_kept(draft, [each.uid for each in attachments]),
            due_at=tx.now + timedelta(seconds=desk.settings.site().undo_send_seconds),
            attempts=0,
            created_at=tx.now,
        )
        tx.session.add(held)
    return held


def _kept(draft: NewMessage, attachments: list[str]) -> dict[str, Any]:
    return {
        "text": draft.text,
        "html": draft.html,
        "markdown": draft.markdown,
        "attachments": attachments,
        "status": draft.status,
        "details": dict(draft.details),
        "notify": draft.notify,
    }


def _post(desk: Helpdesk, seen: HeldReply) -> None:
    """Write the message where the ticket went; everything was checked when it was sent."""
    draft = draft_of(seen)
    draft.body()  # made before the unit of work begins
    author = seen.author
    actor = Actor(
        kind="user",
        user_id=author.id,
        uid=author.uid,
        name=author.name,
        email=author.primary_email or "",
        channel=seen.channel,
    )
    with desk.read() as session:
        words = vocabulary(desk, session)
        number = _number(session, seen.ticket_id)
    with desk.begin(actor) as tx:
        held = _locked(tx, seen.id)
        if held is None:
            return  # taken back, or another worker was faster
        ticket = lock_ticket(tx.session, SYSTEM, number)
        if ticket.merged_into_id is not None:
            raise Conflict(_l("The ticket was merged into another in this moment."))
        if draft.status is not None and not words.may_follow(ticket.status, words.status(draft.status)):
            draft = draft.but(status=None)  # a colleague moved the ticket on meanwhile
        write_reply(tx, actor, ticket, draft, words, "agent")
        tx.session.delete(held)


def _number(session: Session, ticket_id: int) -> str:
    """Return the number of the ticket that has the messages of this one now."""
    for _step in range(20):
        row = session.execute(select(Ticket.number, Ticket.merged_into_id).where(Ticket.id == ticket_id)).one()
        if row.merged_into_id is None:
            return row.number or ""
        ticket_id = row.merged_into_id
    raise Conflict(_l("This ticket was merged in a circle; undo one of the merges."))


def _locked(tx: Transaction, held_id: int) -> HeldReply | None:
    query = select(HeldReply).where(HeldReply.id == held_id, HeldReply.due_at <= tx.now)
    return tx.session.scalar(query.with_for_update(skip_locked=True))


def _failed(desk: Helpdesk, held_id: int, error: str) -> None:
    with desk.begin(SYSTEM) as tx:
        held = _locked(tx, held_id)
        if held is not None:
            held.attempts += 1
            held.error = error
            held.due_at = tx.now + WAITS[held.attempts - 1] if held.attempts <= len(WAITS) else None


def _own(actor: Actor, uid: str) -> Select[HeldReply]:
    return select(HeldReply).where(HeldReply.uid == uid, HeldReply.author_id == actor.user_id)
