"""What people are entitled to: a copy of all that is kept about them, and to be forgotten."""

import json
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any, BinaryIO, Final

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session, joinedload, selectinload

from helpdesk_core.actor import SYSTEM, Actor
from helpdesk_core.departments.models import Signature
from helpdesk_core.drafts.models import Draft
from helpdesk_core.errors import Forbidden
from helpdesk_core.events.models import EventRow
from helpdesk_core.runtime import Helpdesk, Transaction
from helpdesk_core.services.models import KnownServices
from helpdesk_core.texts import lazy as _l
from helpdesk_core.tickets.models import BulkChange, HeldReply, Message, Participant, SavedSearch, Ticket, TicketSeen
from helpdesk_core.tickets.redacting import redact
from helpdesk_core.users import hooks
from helpdesk_core.users.accounts import end_access, find_user
from helpdesk_core.users.events import PersonalDataExported, UserErased
from helpdesk_core.users.guards import is_self, keep_an_owner, require_manager
from helpdesk_core.users.models import (
    AddressRequest,
    ApiToken,
    Grant,
    LentRole,
    LoginSession,
    Organisation,
    SignInAttempt,
    User,
)
from helpdesk_core.users.traces import forget_traces

ERASED: Final = "Erased person"
REASON: Final = "personal data erased"


def export_personal_data(desk: Helpdesk, actor: Actor, uid: str, target: BinaryIO) -> None:
    """Write a ZIP of all that is kept about a person: one's own, or anybody's with `privacy.manage`.

    `person.json`, `tickets.json` (tickets they asked for or are in copy of, with public messages), `activity.json`,
    `attachments/` (the files they sent), and a folder for each plugin that keeps something.
    """
    with desk.begin(actor) as tx:
        user = find_user(tx.session, uid)
        if not is_self(actor, user) or actor.limited:
            require_manager(tx.session, actor, user, "privacy.manage")
        tx.record(PersonalDataExported(user_id=user.id))
    parts = desk.hooks.collect_by_plugin(hooks.personal_data, user=user)
    with desk.read() as session, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        _write_json(archive, "person.json", _person(session, user))
        _write_json(archive, "activity.json", _activity(session, user))
        tickets = _tickets(session, user)
        messages = _messages(session, tickets)
        _write_json(archive, "tickets.json", [_ticket(each, messages[each.id]) for each in tickets])
        for message in (each for ticket in tickets for each in messages[ticket.id] if each.author_id == user.id):
            for attachment in message.attachments:
                with desk.storage.open(attachment.sha256) as file:
                    archive.writestr(_attachment_path(attachment.uid, attachment.name), file.read())
        for plugin_id, items in parts:
            for item in items:
                _write_json(archive, f"{plugin_id}/{item.name}.json", item.data)
                for name, content in item.files.items():
                    archive.writestr(f"{plugin_id}/{item.name}/{name}", content)


def erase_user(desk: Helpdesk, actor: Actor, uid: str, *, with_messages: bool = False) -> None:
    """Forget who somebody is, for good: name, addresses, sign-in and notes about them go; needs `privacy.manage`.

    Tickets and messages stay, of an “Erased person”, because they are also somebody else's record; `with_messages`
    redacts what the person wrote as well, which leaves marks. The account cannot be used again; a mail from the same
    address makes a new one.
    """
    with desk.begin(actor) as tx:
        user = find_user(tx.session, uid)
        require_manager(tx.session, actor, user, "privacy.manage")
        if is_self(actor, user):
            raise Forbidden(_l("You cannot erase yourself. Ask a colleague to do it."))
        if user.erased_at is not None:
            return
        keep_an_owner(tx.session, user)
        desk.hooks.within(hooks.erase_personal_data, tx=tx, user=user)
        if with_messages:
            _redact_messages(tx, actor, user)
            user = find_user(tx.session, uid)  # locking a ticket reads its requester anew, without addresses
        _forget_in_tickets(tx.session, user)
        _forget_account(tx, user)
        tx.record(UserErased(user_id=user.id))
        tx.reference_changed()


def _forget_account(tx: Transaction, user: User) -> None:
    end_access(tx, user)
    addresses = [email.address for email in user.emails]
    forget_traces(tx.session, user.id, addresses)
    tx.session.execute(delete(SignInAttempt).where(SignInAttempt.address.in_(addresses)))
    for table in (AddressRequest, Draft, Grant, KnownServices, LentRole, Signature, TicketSeen):
        tx.session.execute(delete(table).where(table.user_id == user.id))
    tx.session.execute(delete(HeldReply).where(HeldReply.author_id == user.id))
    tx.session.execute(delete(BulkChange).where(BulkChange.user_id == user.id))
    tx.session.execute(delete(SavedSearch).where(SavedSearch.owner_id == user.id))
    user.emails.clear()
    user.name = ERASED
    user.primary_email = user.password_hash = user.organisation_id = user.last_seen_at = None
    user.locale = user.timezone = user.theme_mode = None
    user.preferences = {}
    user.is_active = user.is_owner = False
    user.erased_at = tx.now
    tx.session.flush()


def _forget_in_tickets(session: Session, user: User) -> None:
    """Take name and addresses out of what tickets keep beside the sealed content."""
    session.execute(update(Message).where(Message.author_id == user.id).values(author_name=ERASED, author_email=None))
    session.execute(update(EventRow).where(EventRow.actor_id == user.id).values(actor_name=ERASED))
    addresses = [email.address for email in user.emails]
    for message in session.scalars(select(Message).where(Message.ticket_id.in_(_takes_part(user)))):
        details = _without(message.details, addresses)
        if details != message.details:
            message.details = details


def _redact_messages(tx: Transaction, actor: Actor, user: User) -> None:
    # The right to erase is enough; the timeline still says who did it.
    eraser = replace(SYSTEM, user_id=actor.user_id, uid=actor.uid, name=actor.name, channel=actor.channel)
    written = (
        select(Ticket.number, Message.uid)
        .join(Ticket, Ticket.id == Message.ticket_id)
        .where(Message.author_id == user.id, Message.redacted_at.is_(None))
        .order_by(Message.id)
    )
    for number, uid in tx.session.execute(written).all():
        redact(tx.desk, eraser, number or "", uid, REASON)


def _without(value: Any, addresses: Iterable[str]) -> Any:
    """Return JSON data with every text that holds one of the addresses emptied."""
    if isinstance(value, dict):
        return {key: _without(each, addresses) for key, each in value.items()}
    if isinstance(value, list):
        return [_without(each, addresses) for each in value]
    if isinstance(value, str) and any(address in value.lower() for address in addresses):
        return ""
    return value


def _takes_part(user: User) -> Any:
    copied = select(Participant.ticket_id).where(Participant.user_id == user.id, Participant.role == "cc")
    return select(Ticket.id).where(or_(Ticket.requester_id == user.id, Ticket.id.in_(copied)))


def _tickets(session: Session, user: User) -> list[Ticket]:
    query = select(Ticket).where(Ticket.id.in_(_takes_part(user))).order_by(Ticket.id)
    return list(session.scalars(query.options(joinedload(Ticket.status), joinedload(Ticket.department))))


def _messages(session: Session, tickets: list[Ticket]) -> dict[int, list[Message]]:
    found: dict[int, list[Message]] = {ticket.id: [] for ticket in tickets}
    for start in range(0, len(tickets), 500):
        ids = [ticket.id for ticket in tickets[start : start + 500]]
        query = select(Message).where(Message.ticket_id.in_(ids), Message.kind == "public").order_by(Message.id)
        for message in session.scalars(query.options(selectinload(Message.attachments))):
            found[message.ticket_id].append(message)
    return found


def _person(session: Session, user: User) -> dict[str, Any]:
    organisation = session.get(Organisation, user.organisation_id) if user.organisation_id else None
    addresses = [email.address for email in user.emails]
    roles = select(Grant).where(Grant.user_id == user.id).options(joinedload(Grant.role)).order_by(Grant.id)
    return {
        "uid": user.uid,
        "name": user.name,
        "addresses": [{"address": each.address, "verified_at": _at(each.verified_at)} for each in user.emails],
        "addresses_waiting": list(
            session.scalars(select(AddressRequest.address).where(AddressRequest.user_id == user.id))
        ),
        "organisation": organisation.name if organisation else None,
        "locale": user.locale,
        "timezone": user.timezone,
        "preferences": user.preferences,
        "created_at": _at(user.created_at),
        "last_seen_at": _at(user.last_seen_at),
        "roles": [grant.role.name for grant in session.scalars(roles)],
        "sessions": [
            {"device": each.device, "created_at": _at(each.created_at), "last_used_at": _at(each.last_used_at)}
            for each in session.scalars(select(LoginSession).where(LoginSession.user_id == user.id))
        ],
        "api_tokens": [
            {"name": each.name, "created_at": _at(each.created_at), "last_used_at": _at(each.last_used_at)}
            for each in session.scalars(select(ApiToken).where(ApiToken.user_id == user.id))
        ],
        "drafts": [
            {"form": each.name, "fields": each.content, "updated_at": _at(each.updated_at)}
            for each in session.scalars(select(Draft).where(Draft.user_id == user.id).order_by(Draft.name))
        ],
        "services": [
            {"source": each.source, "services": each.services, "answered_at": _at(each.answered_at)}
            for each in session.scalars(select(KnownServices).where(KnownServices.user_id == user.id))
        ],
        "sign_in_attempts": [
            {"ip": each.ip, "at": _at(each.created_at), "succeeded": each.succeeded}
            for each in session.scalars(select(SignInAttempt).where(SignInAttempt.address.in_(addresses)))
        ],
    }


def _activity(session: Session, user: User) -> list[dict[str, Any]]:
    query = select(EventRow.created_at, EventRow.type, EventRow.channel).where(EventRow.actor_id == user.id)
    return [
        {"at": _at(at), "type": type_, "channel": channel}
        for at, type_, channel in session.execute(query.order_by(EventRow.id))
    ]


def _ticket(ticket: Ticket, messages: list[Message]) -> dict[str, Any]:
    return {
        "number": ticket.number,
        "subject": ticket.subject,
        "status": ticket.status.name,
        "department": ticket.department.name,
        "created_at": _at(ticket.created_at),
        "closed_at": _at(ticket.closed_at),
        "messages": [
            {
                "author": message.author_name,
                "created_at": _at(message.created_at),
                "channel": message.channel,
                "text": message.body_text,
                "attachments": [_attachment_path(each.uid, each.name) for each in message.attachments],
            }
            for message in messages
        ],
    }


def _attachment_path(uid: str, name: str) -> str:
    return f"attachments/{uid}/{name}"


def _at(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _write_json(archive: zipfile.ZipFile, name: str, data: Any) -> None:
    archive.writestr(name, json.dumps(data, ensure_ascii=False, indent=2))
