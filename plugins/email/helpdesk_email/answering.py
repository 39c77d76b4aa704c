"""Mails that answer: posted on their ticket, or kept there as an internal note, and shown to others they went to."""

from dataclasses import replace

from helpdesk_core.api.departments import Department
from helpdesk_core.api.tickets import NewMessage, Ticket

from . import matching
from .content import message_of
from .decisions import Ended
from .filing import Filer, linked_in, place_of_department, place_of_ticket
from .reading import Automatic
from .reports import automatic_note
from .routing import copied_people, route
from .senders import Sender, has_asked, may_note, speaks_as_customer, takes_part, with_account, works_on
from .texts import texts
from .way import Way

_l = texts.lazy


def automatic_answer(way: Way, sender: Sender, ticket: Ticket, automatic: Automatic) -> Ended:
    """Keep what a machine answered as an internal note; it changes nothing."""
    filer = way.filer()
    if (earlier := filer.earlier(place_of_ticket(ticket))) is not None:
        return way.copy(earlier.ticket_id)
    message = automatic_note(way.prepared.mail, way.prepared.content, automatic, way.row.uid)
    filer.remark(ticket, message, sender.name, sender.address)
    return way.done(ticket, _l("internal note"))


def answer(way: Way, sender: Sender, match: matching.Match, recipients: list[str]) -> Ended:
    """Post the answer on the ticket that it matches, in the sender's name if that is proven, else as a remark."""
    session, ticket, filer = way.tx.session, match.ticket, way.filer()
    if (earlier := filer.earlier(place_of_ticket(ticket))) is not None:
        return way.copy(earlier.ticket_id)
    sender = with_account(way.desk, sender)
    proven, mail, content = match.by == "token", way.prepared.mail, way.prepared.content
    staff = works_on(session, sender, ticket) and not has_asked(sender, ticket)
    message = message_of(mail, content, way.row.uid, stripped=staff, notify=way.may_tell(sender, ticket))
    whole = _l("quote cut off") if staff else _l("whole")
    way.note("strip", _l("quote folded") if content.quote_at is not None else whole)
    if match.internal:
        return _internal(way, filer, sender, ticket, message, proven=match.as_staff)
    if staff and not match.as_staff:
        return _unproved(way, filer, sender, ticket, message)
    if match.staff and not match.as_staff:
        why = _l("%(address)s has answered a mail that was sent to a colleague alone", address=sender.address)
        return _as_remark(way, filer, sender, ticket, message, why)
    if not proven and not speaks_as_customer(session, sender, ticket):
        return _unproved(way, filer, sender, ticket, message)
    posted = filer.answer(sender, ticket, message)
    copied = copied_people(way.place, mail, sender.address)
    if not (staff or takes_part(session, sender, ticket)):
        warning = _l(
            "%(address)s is not on this ticket, but has answered one of its mails. Add the address as Cc if answers "
            "should go there too.",
            address=sender.address,
        )
        filer.warn(posted.ticket, warning)
    elif proven:
        filer.copy_in(posted.ticket, copied)
    elif strangers := filer.not_on(posted.ticket, copied):
        warning = _l(
            "The mail was sent to %(addresses)s as well, who are not on this ticket. They were not added, since "
            "nothing proves the sender. Add them as Cc if right.",
            addresses=", ".join(strangers),
        )
        filer.warn(posted.ticket, warning)
    others = () if staff else _other_departments(way, ticket, recipients)
    for department in others:
        _also_to(way, filer, sender, posted.ticket, department)
    return way.done(posted.ticket, _l("answer"))


def _internal(way: Way, filer: Filer, sender: Sender, ticket: Ticket, message: NewMessage, *, proven: bool) -> Ended:
    """File an answer to an internal note: an internal note as well, whoever writes, since it may quote the first.

    Nobody is copied in, and no other department gets it.
    """
    if may_note(way.tx.session, sender, ticket):
        if not proven:
            return _unproved(way, filer, sender, ticket, message)
        return way.done(filer.note(sender, ticket, message).ticket, _l("internal note"))
    why = _l("%(address)s has answered the notice of an internal note, but may not note here", address=sender.address)
    return _as_remark(way, filer, sender, ticket, message, why)


def _unproved(way: Way, filer: Filer, sender: Sender, ticket: Ticket, message: NewMessage) -> Ended:
    """File what staff seem to say: without a token of theirs anybody can have written the sender's address."""
    why = _l(
        "Nothing but the sender's address says that this is from %(address)s, so it was not sent on",
        address=sender.address,
    )
    return _as_remark(way, filer, sender, ticket, message, why)


def _as_remark(way: Way, filer: Filer, sender: Sender, ticket: Ticket, message: NewMessage, why: str) -> Ended:
    posted = filer.remark(ticket, message, sender.name, sender.address)
    filer.tell_what_is_missing(posted.ticket)
    filer.warn(posted.ticket, _l("%(why)s. The mail is kept as an internal note.", why=why))
    way.note("identity", _l("internal only"), why)
    return way.done(posted.ticket, _l("internal note"))


def _other_departments(way: Way, ticket: Ticket, recipients: list[str]) -> tuple[Department, ...]:
    """Return the departments that the answer was sent to besides the ticket's own.

    A ticket that was moved is still answered at its old address, so the first one alone means the ticket's.
    """
    if way.settings["several_departments"] == "first":
        return ()
    found = route(way.place, recipients, way.settings["default_department"]).departments
    if any(each.id == ticket.department_id for each in found):
        return tuple(each for each in found if each.id != ticket.department_id)
    return found[1:]


def _also_to(way: Way, filer: Filer, sender: Sender, ticket: Ticket, department: Department) -> None:
    """Let another department that got the answer see it: on its linked ticket, else on a new one."""
    message = replace(message_of(way.prepared.mail, way.prepared.content, way.row.uid), message_id=None)
    other = linked_in(way.tx.session, ticket, department)
    if other is not None and speaks_as_customer(way.tx.session, sender, other):
        if filer.earlier(place_of_ticket(other)) is None:
            filer.answer(sender, other, message)
        return
    if filer.earlier(place_of_department(department)) is None:
        opened = filer.open(sender, department, message, ())
        filer.relate(opened.ticket, ticket, "related")
        way.note("route", department.key, _l("It was sent there too: #%(number)s.", number=opened.ticket.number))
