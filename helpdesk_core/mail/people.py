"""Who is to be told: customers of a ticket, and the staff who follow it and may still read it."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk_core.departments.models import Department
from helpdesk_core.mail.mailbox import is_address
from helpdesk_core.mail.threading import host
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.tickets.models import Participant, Ticket
from helpdesk_core.users.models import User
from helpdesk_core.users.staff import may_work, people_who_may


class People:
    """The people around one ticket, without those who cannot or must not get mail.

    Left out are the person who acted, the deactivated, and our own addresses: a mail to a department would open
    another ticket.
    """

    def __init__(self, desk: Helpdesk, session: Session, ticket: Ticket, *, acted: int | None) -> None:
        self._desk = desk
        self._session = session
        self._ticket = ticket
        self._acted = acted
        self._own = own_addresses(desk, session)
        on_it = (
            select(Participant.role, User)
            .join(User, User.id == Participant.user_id)
            .where(Participant.ticket_id == ticket.id)
            .order_by(Participant.id)
        )
        self._participants: list[tuple[str, User]] = [(role, user) for role, user in session.execute(on_it)]

    def requester(self, *, even_if_acted: bool = False) -> list[User]:
        """Return the requester, if mail can be sent there."""
        user = self._session.get(User, self._ticket.requester_id)
        return self._reachable([user] if user else [], even_if_acted=even_if_acted)

    def copied(self) -> list[User]:
        """Return those who take part as customers."""
        return self._reachable(self._with_role("cc"))

    def watching(self) -> list[User]:
        """Return assignee and followers, as far as they may read the ticket.

        Without an assignee, the whole department as well if [mail] notify_department says so.
        """
        assignee = self._session.get(User, self._ticket.assignee_id) if self._ticket.assignee_id else None
        people = [*([assignee] if assignee else []), *self._with_role("follower")]
        if assignee is None and self._desk.settings.mail().notify_department:
            people += people_who_may(self._session, "ticket.read", self._ticket.department_id)
        brought_in = {user.id for user in self._with_role("specialist")}
        return self._reachable(
            user
            for user in people
            if user.id in brought_in or may_work(self._session, user, self._ticket.department_id)
        )

    def staff(self, uid: str) -> list[User]:
        """Return the member of staff with that uid, if they may read the ticket."""
        user = self._session.scalar(select(User).where(User.uid == uid))
        readers = [user] if user is not None and may_work(self._session, user, self._ticket.department_id) else []
        return self._reachable(readers)

    def _with_role(self, role: str) -> list[User]:
        return [user for its_role, user in self._participants if its_role == role]

    def _reachable(self, users: Iterable[User], *, even_if_acted: bool = False) -> list[User]:
        found = {user.id: user for user in users if even_if_acted or user.id != self._acted}
        return [user for user in found.values() if can_be_written_to(user) and user.primary_email not in self._own]


def can_be_written_to(user: User) -> bool:
    """Tell whether the account is active and has an address."""
    return user.is_active and user.erased_at is None and is_address(user.primary_email)


def own_addresses(desk: Helpdesk, session: Session) -> frozenset[str]:
    """Return the addresses that are the helpdesk itself."""
    departments = session.scalars(select(Department.address).where(Department.address.is_not(None)))
    return frozenset({site_address(desk), *(address.lower() for address in departments if address)})


def site_address(desk: Helpdesk) -> str:
    """Return the address from which mail of no department comes."""
    configured = desk.settings.mail().from_address.lower()
    by_host = f"helpdesk@{host(desk)}"
    return configured or (by_host if is_address(by_host) else "helpdesk@localhost")
