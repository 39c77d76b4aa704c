"""Opening a ticket."""

import re
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from sqlalchemy import select

from helpdesk_core.actor import Actor
from helpdesk_core.db.failing import gave_way
from helpdesk_core.departments.models import Department
from helpdesk_core.departments.queries import is_open_to
from helpdesk_core.errors import Forbidden, HelpdeskError, Invalid, NotFound, SignInRequired, Unavailable
from helpdesk_core.runtime import Helpdesk, Transaction
from helpdesk_core.texts import lazy as _l
from helpdesk_core.tickets import hooks
from helpdesk_core.tickets.checks import check_copied, find_colleague
from helpdesk_core.tickets.events import TicketOpened
from helpdesk_core.tickets.inputs import NewTicket, checked_subject, checked_tags, checked_text
from helpdesk_core.tickets.models import Participant, Ticket, TicketTag
from helpdesk_core.tickets.posting import Posted, Speaker, with_files, write_message
from helpdesk_core.tickets.vocabulary import Vocabulary, vocabulary
from helpdesk_core.users.accounts import find_or_create_by_address, find_user
from helpdesk_core.users.addresses import normalise
from helpdesk_core.users.models import User
from helpdesk_core.users.permissions import require
from helpdesk_core.users.profiles import is_locale

FIRST_NUMBER = 10_000
NUMBER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
"""What a plugin may call a ticket: it stands in addresses and subjects."""


def open_ticket(desk: Helpdesk, actor: Actor, new: NewTicket) -> Posted:
    """Open a ticket with its first message, and return both.

    A customer opens for themselves, in departments open to them; staff with `ticket.open` for anybody, and
    with it in the department set what customers cannot (an assignee needs `ticket.assign`, a closed status
    `ticket.change`). Raises
    `Invalid` with the
    problems by field, `Forbidden`, or `Refused` when a plugin says no. What plugins set is not measured by the actor's
    rights.
    """
    opening = prepare_opening(desk, actor, new)
    try:
        with desk.begin(actor) as tx:
            return write_ticket(tx, actor, opening)
    except Unavailable as error:
        # The same form in the same moment: on MariaDB one may be ended for the other, and nothing of it is written.
        if desk.is_writing() or not gave_way(error.__cause__):
            raise
    with desk.begin(actor) as tx:
        return write_ticket(tx, actor, opening)


@dataclass(frozen=True, slots=True)
class Opening:
    """A ticket that may be opened: refined, checked, its message rendered, its files stored."""

    new: NewTicket
    words: Vocabulary


def prepare_opening(desk: Helpdesk, actor: Actor, new: NewTicket) -> Opening:
    """Do all of `open_ticket` that comes before the unit of work."""
    with desk.read() as session:
        words = vocabulary(desk, session)
    check = partial(_check, desk, actor, words)
    asked, new = new, desk.hooks.refine_valid(hooks.ticket_draft, check, draft=new, actor=actor)
    check(new)
    _check_rights(actor, asked, new, words)
    if not actor.may("ticket.open", words.department(new.department).id):
        check_copied(desk, len(set(new.cc)), field="cc")
    desk.hooks.veto(hooks.ticket_opening_check, draft=new, actor=actor)
    return Opening(replace(new, message=with_files(desk, actor, new.message)), words)


def write_ticket(tx: Transaction, actor: Actor, opening: Opening) -> Posted:
    """Write what was prepared."""
    desk, new, words = tx.desk, opening.new, opening.words
    requester = _requester(desk, tx, actor, new)
    ticket = _write(tx, actor, new, requester, words)
    author = actor if actor.user_id != requester.id and actor.kind == "user" else _as_author(actor, requester)
    give_number(tx, ticket, new.number)
    tx.record(
        TicketOpened(
            number=ticket.number or "",
            subject=ticket.subject,
            department_id=ticket.department_id,
            requester_id=requester.id,
        ),
        ticket,
    )
    side: Speaker = "customer" if author.user_id == requester.id else "agent"
    message = write_message(tx, author, ticket, new.message, "public", side, first=True)
    _add_people(desk, tx, ticket, new)
    desk.hooks.within(hooks.ticket_opening, tx=tx, ticket=ticket, message=message, draft=new)
    return Posted(ticket, message)


def _check(desk: Helpdesk, actor: Actor, words: Vocabulary, new: NewTicket) -> None:
    """Raise `Invalid`, with all problems, for a ticket that could not be opened by anybody.

    Only those who see a department are told its name; for others it does not exist.
    """
    problems: dict[str, list[str]] = {}
    for check in (
        lambda: checked_subject(new.subject),
        lambda: checked_text(new.message),
        lambda: checked_tags(new.tags),
        lambda: words.department(new.department),
        lambda: words.priority(new.priority),
        lambda: words.usable_type(new.type),
        lambda: words.usable_status(new.status) if new.status else None,
        lambda: _assignee(desk, words, new),
        lambda: _locale(new),
        lambda: _copies(new),
    ):
        try:
            check()
        except Invalid as error:
            problems |= error.problems
    if problems:
        raise Invalid(problems)
    department = words.department(new.department)
    if not department.is_active:
        raise Invalid(_closed(actor, department))


def _check_rights(actor: Actor, asked: NewTicket, new: NewTicket, words: Vocabulary) -> None:
    """Raise for what the actor asked for and may not; what a plugin has changed is not theirs."""
    department = words.department(new.department)
    if new.department == asked.department and not is_open_to(actor, department):
        raise Invalid(_closed(actor, department))
    # Where a plugin takes the ticket is not for the actor to answer for: rights count where they meant it to go.
    meant = words.departments.get(asked.department, department).id
    own = [
        name
        for name in ("priority", "status", "assignee", "tags", "number")
        if getattr(new, name) and getattr(new, name) == getattr(asked, name)
    ]
    if own and not actor.may("ticket.open", meant):
        raise Forbidden(
            _l("Only staff of the department may set %(own)s. Leave it out.", own=", ".join(own)),
            permission="ticket.open",
        )
    if "assignee" in own:
        require(actor, "ticket.assign", meant)
    if "status" in own and new.status and not words.status(new.status).is_open:
        require(actor, "ticket.change", meant)


def _closed(actor: Actor, department: Department) -> dict[str, list[str]]:
    if not is_open_to(actor, department):
        return {"department": [_l("There is no department “%(key)s”.", key=department.key)]}
    return {
        "department": [
            _l("“%(department)s” takes no tickets here. Choose another department.", department=department.name)
        ]
    }


def _locale(new: NewTicket) -> None:
    if new.locale is not None and not is_locale(new.locale):
        raise Invalid(
            {"locale": [_l("“%(locale)s” is not a language. Choose one such as en or pt_BR.", locale=new.locale)]}
        )


def _copies(new: NewTicket) -> None:
    try:
        for address in new.cc:
            normalise(address)
    except Invalid as error:
        raise Invalid({"cc": error.problems["address"]}) from None


def _assignee(desk: Helpdesk, words: Vocabulary, new: NewTicket) -> None:
    if new.assignee is None or new.department not in words.departments:
        return
    with desk.read() as session:
        find_colleague(session, new.assignee, words.departments[new.department])


def _requester(desk: Helpdesk, tx: Transaction, actor: Actor, new: NewTicket) -> User:
    wanted = new.requester
    if wanted is None or (wanted.uid is not None and wanted.uid == actor.uid):
        if actor.user_id is None:
            raise SignInRequired(_l("Sign in, or say for whom the ticket is."))
        return _user(tx, actor.user_id)
    if actor.kind != "anonymous":
        require(actor, "ticket.open")
    elif wanted.uid is not None:
        raise SignInRequired(_l("Sign in to open a ticket for an account."))
    if wanted.uid is not None:
        try:
            return find_user(tx.session, wanted.uid)
        except NotFound:
            raise Invalid({"requester": [_l("There is no such account. Choose one, or give an address.")]}) from None
    if not wanted.email:
        raise Invalid({"requester": [_l("Say for whom the ticket is: an account or an e-mail address.")]})
    return find_or_create_by_address(desk, actor, wanted.email, wanted.name)


def _user(tx: Transaction, user_id: int) -> User:
    user = tx.session.get(User, user_id)
    if user is None:
        raise HelpdeskError("The account that asked is gone. Sign in again.")
    return user


def _as_author(actor: Actor, requester: User) -> Actor:
    return replace(
        actor,
        kind="user",
        user_id=requester.id,
        uid=requester.uid,
        name=requester.name,
        email=requester.primary_email or "",
    )


def _write(tx: Transaction, actor: Actor, new: NewTicket, requester: User, words: Vocabulary) -> Ticket:
    status = words.status(new.status) if new.status else words.in_state("new", "us")
    department = words.department(new.department)
    assignee = find_colleague(tx.session, new.assignee, department) if new.assignee else None
    moment = new.message.created_at or tx.now
    kind = words.type(new.type)
    merge = tx.session.merge
    ticket = Ticket(
        subject=checked_subject(new.subject),
        status=merge(status, load=False),
        priority=merge(words.priority(new.priority), load=False),
        type=merge(kind, load=False) if kind else None,
        department=merge(department, load=False),
        requester=requester,
        assignee=assignee,
        organisation_id=requester.organisation_id,
        channel=actor.channel,
        locale=new.locale or requester.locale,
        is_open=status.is_open,
        waiting_on=status.turn,
        message_count=0,
        event_count=0,
        event_hash="",
        event_seal="",
        created_at=moment,
        updated_at=moment,
        closed_at=None if status.is_open else moment,
        tags=[TicketTag(tag=tag) for tag in checked_tags(new.tags)],
        participants=[],
    )
    tx.session.add(ticket)
    tx.session.flush()
    return ticket


def give_number(tx: Transaction, ticket: Ticket, wanted: str | None = None) -> None:
    """Give a new ticket its number: the wanted one, a plugin's, or the one that the site's format makes of its id."""
    number = wanted or tx.desk.hooks.pick_valid(hooks.ticket_number, partial(_check_number, tx), ticket=ticket)
    if number is None:
        number = tx.desk.settings.site().ticket_number.format(id=ticket.id + FIRST_NUMBER, year=ticket.created_at.year)
    ticket.number = number[:32]


def _check_number(tx: Transaction, number: str) -> None:
    if not NUMBER.fullmatch(number):
        raise Invalid(
            _l(
                "A ticket's number is made of up to 32 letters, digits, dots, - and _, which “%(number)s” is not.",
                number=number,
            )
        )
    if tx.session.scalar(select(Ticket.id).where(Ticket.number == number)) is not None:
        raise Invalid(_l("There is a ticket %(number)s already.", number=number))


def _add_people(desk: Helpdesk, tx: Transaction, ticket: Ticket, new: NewTicket) -> None:
    for address in dict.fromkeys(new.cc):
        user = find_or_create_by_address(desk, tx.actor, address, "")
        if user.id != ticket.requester_id:
            ticket.participants.append(Participant(user_id=user.id, role="cc", created_at=tx.now, user=user))
