"""Mails that answer nothing: where they go, what spam and rules say of them, and the tickets that they open."""

from dataclasses import replace

from helpdesk_core.api.departments import Department
from helpdesk_core.api.i18n import joined
from helpdesk_core.api.tickets import Ticket

from . import matching
from .content import message_of
from .decisions import Ended
from .filing import place_of_department
from .reports import as_detail
from .routing import copied_people, foreign_list, route
from .rules.matching import Wishes
from .senders import Sender
from .texts import texts
from .way import Way

_l = texts.lazy


def open_new(way: Way, sender: Sender, hints: tuple[Ticket, ...], recipients: list[str]) -> Ended:
    """Open a ticket in each department that the mail is for, unless spam, rules or an earlier copy are against it."""
    chosen = route(way.place, recipients, way.settings["default_department"])
    way.note("route", ", ".join(each.key for each in chosen.departments) or _l("nowhere"), chosen.why)
    if not chosen.departments:
        return Ended(state="quarantined", reason=joined((chosen.why, _l("Make one, then replay the mail."))))
    wishes = _wishes(way, sender, recipients)
    if isinstance(wishes, Ended):
        return replace(wishes, department_id=chosen.departments[0].id)
    wanted = way.checks.department(way.place, wishes)
    departments = (wanted,) if wanted is not None else chosen.departments
    return _open_in(way, departments, sender, hints, wishes)


def _wishes(way: Way, sender: Sender, recipients: list[str]) -> Wishes | Ended:
    """Return what the rules want of the new ticket; or that it is spam, or that a rule keeps it away."""
    mail, by_hand = way.prepared.mail, way.row.by_hand
    spam = None if by_hand else way.checks.spam(mail, sender)
    way.note("spam?", _l("yes") if spam else _l("no"), spam or "")
    if spam is not None:
        return Ended(state="quarantined", reason=joined((spam, _l("Replay it if it is none."))))
    wishes = way.checks.wishes(mail, sender.address, recipients, way.row.size)
    named = joined((_l("“%(name)s”", name=each) for each in wishes.by), ", ")
    way.note("rules", named or _l("none"))
    if wishes.end == "drop" and not by_hand:
        return way.drop("rules", _l("The rule %(name)s drops it.", name=named))
    if wishes.end == "quarantine" and not by_hand:
        return Ended(state="quarantined", reason=_l("The rule %(name)s keeps it in the quarantine.", name=named))
    return wishes


def _open_in(
    way: Way, departments: tuple[Department, ...], sender: Sender, hints: tuple[Ticket, ...], wishes: Wishes
) -> Ended:
    session, filer, mail = way.tx.session, way.filer(), way.prepared.mail
    others: tuple[Department, ...] = ()
    if way.settings["several_departments"] == "first":
        departments, others = departments[:1], departments[1:]
    earlier = {each.id: filer.earlier(place_of_department(each)) for each in departments}
    missing = [each for each in departments if earlier[each.id] is None]
    if not missing:
        return way.copy(next(each.ticket_id for each in earlier.values() if each is not None))
    automatic = way.prepared.automatic
    copied = () if automatic else copied_people(way.place, mail, sender.address)
    message = message_of(mail, way.prepared.content, way.row.uid)
    if automatic is not None:
        message = replace(message, details={**message.details, "automatic": as_detail(automatic)})
    way.note("strip", _l("quote folded") if way.prepared.content.quote_at is not None else _l("whole"))
    quiet = automatic is not None or wishes.is_quiet or _came_over_a_list(way)
    opened: list[Ticket] = []
    for department in missing:
        told = not quiet and way.may_tell_of(sender, department.id)
        opened.append(filer.open(sender, department, replace(message, notify=told), copied, wishes).ticket)
    if others:
        names = ", ".join(each.name for each in others)
        warning = _l("The mail was sent to %(names)s as well. There is one ticket for all of them.", names=names)
        filer.warn(opened[0], warning)
    for ticket in opened[1:]:
        filer.relate(opened[0], ticket, "related")
    siblings = [each.ticket_id for each in earlier.values() if each is not None and each.ticket_id]
    for ticket_id in siblings[:1]:
        sibling = matching.by_id(session, ticket_id)
        if sibling is not None:
            filer.relate(opened[0], sibling, "related")
    for hint in hints[:3]:
        filer.relate(opened[0], hint, "possibly")
        way.note("hint", _l("possibly about #%(number)s", number=hint.number))
    return way.done(opened[0], _l("new ticket"))


def _came_over_a_list(way: Way) -> bool:
    """Tell whether nobody is to be told by mail because a mailing list brought it (RFC 3834, 2); notes when so."""
    named = foreign_list(way.place, way.prepared.mail)
    if named is not None:
        why = _l("It came over the mailing list %(name)s, which gets no confirmations.", name=named)
        way.note("loop?", _l("muted"), why)
    return named is not None
