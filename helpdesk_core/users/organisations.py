"""Organisations: companies whose members may share their tickets, and join by the domain of a proved address."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import TypedDict, Unpack

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from helpdesk_core.actor import Actor
from helpdesk_core.db.base import new_uid
from helpdesk_core.errors import Invalid, NotFound
from helpdesk_core.runtime import Helpdesk, Transaction
from helpdesk_core.texts import lazy as _l
from helpdesk_core.users.addresses import clean_name, normalise_domain
from helpdesk_core.users.events import OrganisationChanged
from helpdesk_core.users.models import Organisation, User
from helpdesk_core.users.permissions import refusal, require_everywhere


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationDraft:
    """What can be written about an organisation. `domain` lets people with a proved address there join by themselves.

    With `shares_tickets` every member sees the tickets of all members.
    """

    name: str
    domain: str | None = None
    shares_tickets: bool = False
    note: str | None = None


class OrganisationChanges(TypedDict, total=False):
    """Fields of `OrganisationDraft` to change; what is not given stays."""

    name: str
    domain: str | None
    shares_tickets: bool
    note: str | None


def find_organisation(session: Session, actor: Actor, uid: str) -> Organisation:
    """Return the organisation; staff with `user.read` see all, members theirs if it shares tickets; else `NotFound`."""
    organisation = session.scalar(select(Organisation).where(Organisation.uid == uid))
    if organisation is None or not (actor.may("user.read") or actor.organisation_id == organisation.id):
        raise NotFound(_l("There is no such organisation, or you may not see it."))
    return organisation


def organisations(
    session: Session, actor: Actor, *, query: str = "", limit: int = 200, after: tuple[str, int] | None = None
) -> Sequence[Organisation]:
    """Return organisations by name, those whose name or domain holds the words of `query`; needs `user.read`.

    `after` is the name and id of the last one of the page before.
    """
    if not actor.may("user.read"):
        raise refusal(actor, "user.read")
    found = select(Organisation).order_by(Organisation.name, Organisation.id).limit(limit)
    for word in query.lower().split():
        found = found.where(
            func.lower(Organisation.name).contains(word, autoescape=True)
            | Organisation.domain.contains(word, autoescape=True)
        )
    if after is not None:
        name, last = after
        found = found.where(or_(Organisation.name > name, and_(Organisation.name == name, Organisation.id > last)))
    return session.scalars(found).all()


def members(session: Session, organisation: Organisation) -> Sequence[User]:
    """Return the people of the organisation by name."""
    query = select(User).where(User.organisation_id == organisation.id).order_by(User.name, User.id)
    return session.scalars(query).all()


def create_organisation(desk: Helpdesk, actor: Actor, draft: OrganisationDraft) -> Organisation:
    """Make an organisation; needs `organisation.manage` everywhere. Those who are there already join by hand."""
    require_everywhere(actor, "organisation.manage")
    draft = _checked(draft)
    with desk.begin(actor) as tx:
        _check_domain(tx.session, draft.domain, None)
        organisation = Organisation(uid=new_uid(), created_at=tx.now)
        _write(organisation, draft)
        tx.session.add(organisation)
        tx.session.flush()
        _changed(tx, organisation)
    return organisation


def change_organisation(desk: Helpdesk, actor: Actor, uid: str, **changes: Unpack[OrganisationChanges]) -> Organisation:
    """Change what is given about an organisation; needs `organisation.manage` everywhere."""
    require_everywhere(actor, "organisation.manage")
    with desk.begin(actor) as tx:
        organisation = _find(tx.session, uid)
        before = OrganisationDraft(
            **{each.name: getattr(organisation, each.name) for each in fields(OrganisationDraft)}
        )
        draft = _checked(replace(before, **changes))
        if draft != before:
            _check_domain(tx.session, draft.domain, organisation.id)
            _write(organisation, draft)
            _changed(tx, organisation)
    return organisation


def delete_organisation(desk: Helpdesk, actor: Actor, uid: str) -> None:
    """Delete an organisation; its people and tickets stay, each belonging to nobody but themselves."""
    require_everywhere(actor, "organisation.manage")
    with desk.begin(actor) as tx:
        organisation = _find(tx.session, uid)
        tx.session.delete(organisation)
        tx.record(OrganisationChanged(organisation_id=organisation.id, deleted=True))
        tx.reference_changed()


def _find(session: Session, uid: str) -> Organisation:
    organisation = session.scalar(select(Organisation).where(Organisation.uid == uid))
    if organisation is None:
        raise NotFound(_l("There is no such organisation; it may have been deleted."))
    return organisation


def _checked(draft: OrganisationDraft) -> OrganisationDraft:
    name = clean_name(draft.name)
    if not name:
        raise Invalid({"name": [_l("Write the organisation's name.")]})
    domain = normalise_domain(draft.domain) if draft.domain and draft.domain.strip() else None
    return replace(draft, name=name, domain=domain, note=(draft.note or "").strip() or None)


def _check_domain(session: Session, domain: str | None, organisation_id: int | None) -> None:
    if domain is None:
        return
    other = session.scalar(select(Organisation).where(Organisation.domain == domain))
    if other is not None and other.id != organisation_id:
        raise Invalid(
            {
                "domain": [
                    _l(
                        "People at %(domain)s join “%(other)s” already. Remove the domain there first.",
                        domain=domain,
                        other=other.name,
                    )
                ]
            }
        )


def _write(organisation: Organisation, draft: OrganisationDraft) -> None:
    for each in fields(draft):
        setattr(organisation, each.name, getattr(draft, each.name))


def _changed(tx: Transaction, organisation: Organisation) -> None:
    tx.record(OrganisationChanged(organisation_id=organisation.id))
    tx.reference_changed()
