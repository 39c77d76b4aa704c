"""What people decide about received mails: replay, put to a ticket, open one, drop, take back."""

from collections.abc import Callable
from dataclasses import replace

from helpdesk_core.api import Actor, Helpdesk
from helpdesk_core.api.departments import Department
from helpdesk_core.api.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from helpdesk_core.api.i18n import LazyText, joined
from helpdesk_core.api.tickets import Ticket, find_ticket
from helpdesk_core.api.users import require

from ..content import message_of
from ..decisions import Ended
from ..filing import Filer, place_of_department, place_of_ticket
from ..models import Received
from ..receiving import Gateway
from ..senders import Sender, sender_of, speaks_as_customer, with_account
from ..texts import texts
from ..way import Way
from .events import MailHandled
from .listing import find_received
from .undelivered import MANAGE

_l = texts.lazy
MOST_AT_ONCE = 100


def replay(gateway: Gateway, actor: Actor, uid: str) -> Received:
    """Process a mail of the quarantine once more, without the checks that kept it there."""
    _seen(gateway, actor, uid)
    row = gateway.replay(uid)
    with gateway.desk.begin(actor) as tx:
        tx.record(MailHandled(uid=row.uid, what="replayed"))
    return row


def file_into(gateway: Gateway, actor: Actor, uid: str, number: str) -> Received:
    """Put a mail of the quarantine, or a dropped one, on a ticket that the actor works.

    It is posted as the sender's answer if they ask or are in copy there; else as an internal note, which goes to
    nobody by mail.
    """
    _seen(gateway, actor, uid)
    number = number.strip().lstrip("#")
    if not number:
        raise Invalid({"number": [_l("Give the number of the ticket.")]})
    with gateway.desk.read() as session:
        ticket = find_ticket(session, actor, number, "desk")
    require(actor, "ticket.change", ticket.department_id)

    def put(way: Way) -> Ended:
        target = find_ticket(way.tx.session, actor, number, "desk")
        _file(way, target)
        return _ended(way, actor, target, "filed", _l("filed: #%(number)s", number=target.number))

    return gateway.settle(actor, uid, put)


def open_from(gateway: Gateway, actor: Actor, uid: str, department: str) -> Received:
    """Open a ticket from a mail of the quarantine, or a dropped one, in a department (by key)."""
    _seen(gateway, actor, uid)

    def make(way: Way) -> Ended:
        chosen = _department(way, actor, department)
        sender = _sender(way)
        if sender is None:
            raise Refused(_l("The mail names no sender, so nobody could be answered. Put it on a ticket instead."))
        filer = _filer(way)
        if filer.earlier(place_of_department(chosen)) is not None:
            raise Conflict(_l("A copy of this mail has opened a ticket there already."))
        message = message_of(way.prepared.mail, way.prepared.content, way.row.uid)
        told = replace(message, notify=way.prepared.automatic is None and way.prepared.bounce is None)
        ticket = filer.open(sender, chosen, told, ()).ticket
        return _ended(way, actor, ticket, "opened", _l("opened: #%(number)s", number=ticket.number))

    return gateway.settle(actor, uid, make)


def drop(desk: Helpdesk, actor: Actor, uid: str) -> None:
    """Drop a mail of the quarantine; it is kept, and can be taken back."""
    _switch(desk, actor, uid, "quarantined", "dropped", _l("It does not wait in the quarantine any more."))


def restore(desk: Helpdesk, actor: Actor, uid: str) -> None:
    """Take a dropped mail back into the quarantine."""
    _switch(desk, actor, uid, "dropped", "quarantined", _l("It is not among the dropped mails any more."))


def many(uids: list[str], act: Callable[[str], object]) -> tuple[int, int]:
    """Do something to many mails, each for itself, and return with how many it worked and with how many not.

    What has nothing to do with the mail, such as a database that is away, is raised.
    """
    done = failed = 0
    for uid in dict.fromkeys(uids[:MOST_AT_ONCE]):
        try:
            act(uid)
        except (NotFound, Forbidden, Conflict, Refused, Invalid):
            failed += 1
        else:
            done += 1
    return done, failed


def _seen(gateway: Gateway, actor: Actor, uid: str) -> Received:
    with gateway.desk.read() as session:
        row, _ticket = find_received(session, actor, uid)
    require(actor, MANAGE, row.department_id)
    if row.forgotten_at is not None:
        raise Refused(_l("This mail was forgotten, so there is nothing left to process."))
    return row


def _switch(desk: Helpdesk, actor: Actor, uid: str, before: str, after: str, otherwise: str) -> None:
    with desk.begin(actor) as tx:
        row, _ticket = find_received(tx.session, actor, uid)
        tx.session.refresh(row, with_for_update=True)
        if row.state != before:
            raise Conflict(otherwise)
        if row.forgotten_at is not None:
            raise Refused(_l("This mail was forgotten, so there is nothing left to process."))
        by = {"name": actor.name}
        if after == "dropped":
            what, result, reason = "dropped", _l("dropped"), _l("Dropped by %(name)s.", **by)
        else:
            what, result, reason = "restored", _l("restored"), _l("Restored by %(name)s.", **by)
        row.state = after
        row.reason = joined((reason, row.reason)) if row.reason else reason
        row.decisions = [*row.decisions, {"step": "by hand", "result": result, "why": actor.name}]
        tx.record(MailHandled(uid=uid, what=what))


def _file(way: Way, ticket: Ticket) -> None:
    filer, mail = _filer(way), way.prepared.mail
    if filer.earlier(place_of_ticket(ticket)) is not None:
        raise Conflict(_l("A copy of this mail is on #%(number)s already.", number=ticket.number))
    message = message_of(mail, way.prepared.content, way.row.uid)
    sender = _sender(way)
    machine = way.prepared.automatic is not None or way.prepared.bounce is not None
    if sender is not None and not machine and speaks_as_customer(way.tx.session, sender, ticket):
        filer.answer(with_account(way.desk, sender), ticket, message)
        return
    written = mail.from_
    name, address = (sender.name, sender.address) if sender else (written.name if written else "", "")
    filer.remark(ticket, replace(message, notify=False), name or "Mail", address)
    filer.tell_what_is_missing(ticket)


def _ended(way: Way, actor: Actor, ticket: Ticket, what: str, result: LazyText) -> Ended:
    way.decisions.note("by hand", result, actor.name)
    with way.desk.begin(actor) as tx:
        tx.record(MailHandled(uid=way.row.uid, what=what, number=ticket.number or ""))
    return Ended(state="done", ticket_id=ticket.id, department_id=ticket.department_id)


def _sender(way: Way) -> Sender | None:
    sender = sender_of(way.desk, way.tx.session, way.prepared.mail.from_)
    if sender is not None:
        way.decisions.sender, way.decisions.domain = sender.address, sender.domain
    return sender


def _filer(way: Way) -> Filer:
    return Filer(way.desk, way.tx, way.row, way.prepared.key, way.prepared.content)


def _department(way: Way, actor: Actor, key: str) -> Department:
    chosen = next((each for each in way.place.departments if each.key == key), None)
    if chosen is None:
        raise Invalid({"department": [_l("Choose a department.")]})
    require(actor, "ticket.open", chosen.id)
    return chosen
