"""Who else is on a ticket: cc, followers, specialists."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk_core.actor import Actor
from helpdesk_core.errors import Conflict, Forbidden, Invalid, NotFound
from helpdesk_core.runtime import Helpdesk, Transaction
from helpdesk_core.texts import lazy as _l
from helpdesk_core.tickets.checks import check_copied
from helpdesk_core.tickets.events import ParticipantAdded, ParticipantRemoved
from helpdesk_core.tickets.models import PARTICIPANT_ROLES, Participant, Ticket
from helpdesk_core.tickets.queries import lock_ticket
from helpdesk_core.users.accounts import find_or_create_by_address, find_user
from helpdesk_core.users.models import User
from helpdesk_core.users.staff import is_staff, may_work


def follow(desk: Helpdesk, actor: Actor, number: str) -> None:
    """Get notices about a ticket that one works; following twice changes nothing."""
    if actor.uid is None:
        raise Forbidden(_l("Only a signed-in colleague can follow a ticket."))
    add_participant(desk, actor, number, "follower", uid=actor.uid)


def unfollow(desk: Helpdesk, actor: Actor, number: str) -> None:
    """Get no more notices."""
    remove_participant(desk, actor, number, "follower", actor.uid or "")


def add_participant(
    desk: Helpdesk, actor: Actor, number: str, role: str, *, uid: str | None = None, email: str | None = None
) -> None:
    """Put somebody on the ticket, by account or address.

    A requester may add a cc; colleagues may add anybody. A specialist must be an active colleague of any department, a
    follower one who may read this ticket: both get to see internal notes.
    """
    if role not in PARTICIPANT_ROLES:
        raise Invalid(
            {
                "role": [
                    _l(
                        "There is no such role. Choose one of: %(participant_roles)s.",
                        participant_roles=", ".join(PARTICIPANT_ROLES),
                    )
                ]
            }
        )
    with desk.begin(actor) as tx:
        ticket = lock_ticket(tx.session, actor, number)
        _may_arrange(actor, ticket, role)
        if ticket.merged_into_id is not None:
            raise Conflict(_l("This ticket was merged into another one. Add people there."))
        if uid is not None:
            user = find_user(tx.session, uid)
        elif email and role == "cc":
            user = find_or_create_by_address(desk, actor, email, "")
        else:
            raise Invalid({"email": [_l("Say whom: an account, or for a cc an e-mail address.")]})
        if role == "cc" and user.id == ticket.requester_id:
            if uid is None and actor.user_id == user.id:
                raise Invalid({"email": [_l("This is your own address, and the answers come to you already.")]})
            return
        if role == "cc" and not actor.may("ticket.change", ticket.department_id):
            _may_invite(tx, actor, user, by_address=uid is None)
        if role != "cc":
            _may_look_inside(tx.session, ticket, user, role)
        there = select(Participant.id).where(
            Participant.ticket_id == ticket.id, Participant.user_id == user.id, Participant.role == role
        )
        if tx.session.scalar(there) is not None:
            return
        if role == "cc" and not actor.may("ticket.change", ticket.department_id):
            in_copy = select(func.count()).where(Participant.ticket_id == ticket.id, Participant.role == "cc")
            check_copied(desk, (tx.session.scalar(in_copy) or 0) + 1, field="email")
        tx.session.add(Participant(ticket_id=ticket.id, user_id=user.id, role=role, created_at=tx.now))
        tx.record(ParticipantAdded(user_id=user.id, role=role), ticket)


def remove_participant(desk: Helpdesk, actor: Actor, number: str, role: str, uid: str) -> None:
    """Take somebody off the ticket; nobody there is no error. Anybody may take themselves off."""
    with desk.begin(actor) as tx:
        ticket = lock_ticket(tx.session, actor, number)
        user = find_user(tx.session, uid)
        if user.id != actor.user_id:
            _may_arrange(actor, ticket, role)
        rows = select(Participant).where(
            Participant.ticket_id == ticket.id, Participant.user_id == user.id, Participant.role == role
        )
        for row in tx.session.scalars(rows):
            tx.session.delete(row)
            tx.record(ParticipantRemoved(user_id=user.id, role=role), ticket)


def _may_arrange(actor: Actor, ticket: Ticket, role: str) -> None:
    if role == "cc" and actor.user_id == ticket.requester_id and actor.user_id is not None:
        return
    needed = "ticket.read" if role == "follower" else "ticket.change"
    if not actor.may(needed, ticket.department_id):
        raise Forbidden(
            _l("You need “%(needed)s” in “%(department)s” for this.", needed=needed, department=ticket.department.name),
            permission=needed,
        )


def colleagues(session: Session, actor: Actor, ticket: Ticket, organisation_id: int | None) -> Sequence[User]:
    """Return the people of the actor's organisation (the row id) who are not on the ticket yet, by name; at most 200.

    Nobody for a guest, whose link may have been passed on.
    """
    if actor.kind != "user" or organisation_id is None:
        return []
    here = select(Participant.user_id).where(Participant.ticket_id == ticket.id, Participant.role == "cc")
    others = User.id.not_in(here), User.id.not_in((actor.user_id, ticket.requester_id))
    query = select(User).where(User.organisation_id == organisation_id, User.is_active, *others)
    return session.scalars(query.order_by(User.name, User.id).limit(200)).all()


def _may_invite(tx: Transaction, actor: Actor, user: User, *, by_address: bool) -> None:
    """Raise for a customer who may not bring this person in, by the site's policy or because it is no colleague.

    An account can be named only among colleagues, so that nobody finds out who else has one.
    """
    own = tx.session.scalar(select(User.organisation_id).where(User.id == actor.user_id))
    if own is not None and user.organisation_id == own:
        return
    if not by_address:
        raise NotFound(_l("There is no such colleague in your organisation."))
    if tx.desk.settings.site().customers_invite == "organisation":
        raise Invalid({"email": [_l("Only colleagues of your organisation can be added here. Choose one of them.")]})


def _may_look_inside(session: Session, ticket: Ticket, user: User, role: str) -> None:
    """Raise `Invalid` for who may not be a specialist or follower, since these are shown what customers never see."""
    works_anywhere = (
        user.is_active and session.scalar(select(User.id).where(User.id == user.id, is_staff())) is not None
    )
    if not works_anywhere:
        raise Invalid(
            {
                "email": [
                    _l("%(user)s does not work tickets here. Choose a colleague, or add them as cc.", user=user.name)
                ]
            }
        )
    if role == "specialist" or may_work(session, user, ticket.department_id):
        return
    brought_in = select(Participant.id).where(
        Participant.ticket_id == ticket.id, Participant.user_id == user.id, Participant.role == "specialist"
    )
    if session.scalar(brought_in) is None:
        raise Invalid(
            {
                "email": [
                    _l(
                        "%(user)s may not read “%(department)s”. Add them as specialist to let them in.",
                        user=user.name,
                        department=ticket.department.name,
                    )
                ]
            }
        )
