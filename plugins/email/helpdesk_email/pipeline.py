"""The way of a mail from its bytes to a ticket, in named steps; each says what it decided and why.

decode → identity → loop? → blocked? → automatic? → match → route → spam? → rules → strip → create. The first part
(`prepare`) reads and touches no database; the second (`go`) runs in the unit of work that also ends the mail's state.
"""

from helpdesk_core.api.i18n import joined
from helpdesk_core.api.tickets import participants

from . import matching
from .answering import answer, automatic_answer
from .decisions import Ended
from .desk.undelivered import mark_undelivered
from .filing import place_of_ticket
from .opening import open_new
from .reading import Bounce
from .reports import bounce_note, bounce_text, returned_ids
from .routing import recipients_of
from .senders import Sender, sender_of
from .sentences import in_site_language, lazy_of
from .texts import texts
from .way import Stopped, Way

_l = texts.lazy


KINDS = {
    "reply": _l("reply"),
    "generated": _l("generated"),
    "bulk": _l("bulk"),
    "receipt": _l("receipt"),
    "challenge": _l("challenge"),
}
"""What a mail that no person wrote is, by `Automatic.kind`."""


def go(way: Way) -> Ended:
    """Take all steps and return how it ended; an error means that nothing was done."""
    try:
        return _go(way)
    except Stopped as stopped:
        return stopped.ended


def _go(way: Way) -> Ended:
    mail, bounce = way.prepared.mail, way.prepared.bounce
    way.describe()
    sender = _identity(way)
    if bounce is not None:
        return _report(way, bounce, sender)
    if isinstance(sender, Ended):
        return sender
    stop = _loop(way, sender) or _blocked(way, sender)
    if stop is not None:
        return stop
    recipients = recipients_of(mail, way.row.envelope_recipients)
    found = matching.find_match(way.tx.session, way.tokens, mail, sender, recipients)
    automatic = way.prepared.automatic
    if automatic is not None:
        way.note("automatic?", KINDS.get(automatic.kind, automatic.kind), lazy_of(automatic.reason))
    else:
        way.note("automatic?", _l("no"))
    if found.match is not None:
        way.note("match", matching.said_of(found.match), found.match.why)
        if automatic is not None:
            return automatic_answer(way, sender, found.match.ticket, automatic)
        return answer(way, sender, found.match, recipients)
    way.note("match", _l("none"), found.why)
    return open_new(way, sender, found.hints, recipients)


def _identity(way: Way) -> Sender | Ended:
    mail = way.prepared.mail
    people = way.checks.foreseen.people
    sender = sender_of(way.desk, way.tx.session, mail.from_, people)
    if sender is None:
        written = str(mail.from_)[:200] if mail.from_ else ""
        why = _l("“%(written)s” is not an address.", written=written) if written else _l("The mail names no sender.")
        way.note("identity", _l("nobody"), why)
        return Ended(state="quarantined", reason=joined((why, _l("Nobody could be answered."))))
    if sender.user is None:
        people.pop(sender.address, None)  # whatever comes of this mail may make an account
    way.decisions.sender, way.decisions.domain = sender.address, sender.domain
    way.note("identity", _known_as(sender))
    if sender.is_shut:
        reason = _l("The account of %(address)s is deactivated.", address=sender.address)
        return Ended(state="quarantined", reason=reason)
    return sender


def _known_as(sender: Sender) -> str:
    if sender.is_staff:
        return _l("%(address)s (staff)", address=sender.address)
    if sender.user is not None:
        return _l("%(address)s (known)", address=sender.address)
    return _l("%(address)s (new)", address=sender.address)


def _loop(way: Way, sender: Sender) -> Ended | None:
    session = way.tx.session
    if way.place.is_own(sender.address):
        why = _l("%(address)s is our own address; answering it would make a loop.", address=sender.address)
        return way.drop("loop?", why)
    if matching.is_our_own(way.desk, session, way.tokens, way.prepared.mail):
        return way.drop("loop?", _l("It is a mail that this helpdesk has sent, and that has come back."))
    over = None if way.row.by_hand else way.budgets.sender_is_over(sender)
    if over is not None:
        way.note("loop?", _l("over budget"), over)
        return Ended(state="quarantined", reason=joined((over, _l("Replay it if it is none."))))
    way.note("loop?", _l("no"))
    return None


def _blocked(way: Way, sender: Sender) -> Ended | None:
    value = None if way.row.by_hand else way.checks.blocked(sender)
    if value is not None:
        return way.drop("blocked?", _l("%(sender)s is among the blocked senders.", sender=value))
    way.note("blocked?", _l("no"))
    if way.prepared.automatic is None:
        way.checks.hear_from(sender)
    return None


def _report(way: Way, bounce: Bounce, sender: Sender | Ended) -> Ended:
    mail, session = way.prepared.mail, way.tx.session
    way.note("automatic?", _l("delivery report"), lazy_of(bounce.reason))
    ids = returned_ids(mail)
    recipients = recipients_of(mail, way.row.envelope_recipients)
    found = matching.find_match(session, way.tokens, mail, None, recipients, ids)
    ticket = found.match.ticket if found.match else matching.of_our_mail(session, ids)
    if ticket is None:
        return way.drop("match", _l("It reports about a mail that belongs to no ticket here."))
    way.note("match", f"#{ticket.number}", _l("It returns a mail of this ticket."))
    filer = way.filer()
    if (earlier := filer.earlier(place_of_ticket(ticket))) is not None:
        return way.copy(earlier.ticket_id)
    customers = {ticket.requester.primary_email}
    customers |= {each.user.primary_email for each in participants(session, ticket) if each.role == "cc"}
    # A report about a notice to staff is told to nobody by mail: that notice would come back as well.
    notify = bounce.permanent and any(each.lower() in customers for each in bounce.recipients)
    text = in_site_language(way.desk, bounce_text(bounce))
    message = bounce_note(mail, way.prepared.content, bounce, way.row.uid, text, notify=notify)
    name, address = (sender.name, sender.address) if isinstance(sender, Sender) else ("", "")
    filer.remark(ticket, message, name or "Mail delivery", address)
    if marked := mark_undelivered(way.tx, way.row, ids, bounce):
        way.note("undelivered", ", ".join(marked))
    return way.done(ticket, _l("internal note"))
