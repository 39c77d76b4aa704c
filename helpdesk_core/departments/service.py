"""Making departments, changing them, and closing them without losing their tickets."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Final, Unpack

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk_core.actor import Actor
from helpdesk_core.departments import hooks
from helpdesk_core.departments.events import DepartmentChanged, DepartmentCreated
from helpdesk_core.departments.inputs import DepartmentChanges, DepartmentDraft
from helpdesk_core.departments.models import REOPEN_POLICIES, VISIBILITIES, Department, Signature
from helpdesk_core.departments.queries import all_departments, find_department
from helpdesk_core.errors import Conflict, Invalid, Refused
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.texts import lazy as _l
from helpdesk_core.users.accounts import find_user
from helpdesk_core.users.addresses import clean_name, normalise
from helpdesk_core.users.guards import require_self_or_manager
from helpdesk_core.users.models import EmailAddress
from helpdesk_core.users.permissions import require, require_everywhere

KEY: Final = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?")
MAX_SIGNATURE: Final = 5_000
MAX_DESCRIPTION: Final = 2_000


def create_department(desk: Helpdesk, actor: Actor, draft: DepartmentDraft) -> Department:
    """Make a department, last in the order; needs `department.manage` everywhere."""
    draft = desk.hooks.refine_valid(hooks.department_draft, _checked, draft=draft, department=None, actor=actor)
    require_everywhere(actor, "department.manage")
    draft = _checked(draft)
    desk.hooks.veto(hooks.department_check, draft=draft, department=None, actor=actor)
    with desk.begin(actor) as tx:
        key = draft.key or _free_key(tx.session, draft.name)
        if tx.session.scalar(select(Department.id).where(Department.key == key)) is not None:
            raise Invalid({"key": [_l("There is a department “%(key)s” already. Choose another key.", key=key)]})
        _check_address(tx.session, draft.address, None)
        last = tx.session.scalar(select(func.max(Department.position)))
        department = Department(key=key, is_active=True, position=0 if last is None else last + 1, created_at=tx.now)
        _write(department, draft)
        tx.session.add(department)
        tx.session.flush()
        desk.hooks.within(hooks.department_changing, tx=tx, department=department, changed=[])
        tx.record(DepartmentCreated(department_id=department.id, key=key))
        tx.reference_changed()
    return department


def change_department(desk: Helpdesk, actor: Actor, key: str, **changes: Unpack[DepartmentChanges]) -> Department:
    """Change what is given about a department; needs `department.manage` there. The key stays what it is."""
    with desk.read() as session:
        department = find_department(session, key)
    before = draft_of(department)
    draft = desk.hooks.refine_valid(
        hooks.department_draft, _checked, draft=replace(before, **changes), department=department, actor=actor
    )
    require(actor, "department.manage", department.id)
    draft = _checked(replace(draft, key=key))
    desk.hooks.veto(hooks.department_check, draft=draft, department=department, actor=actor)
    with desk.begin(actor) as tx:
        department = find_department(tx.session, key)
        _check_address(tx.session, draft.address, department.id)
        changed = [each.name for each in fields(draft) if getattr(draft, each.name) != getattr(before, each.name)]
        if changed:
            _write(department, draft)
            tx.session.flush()
            desk.hooks.within(hooks.department_changing, tx=tx, department=department, changed=changed)
            tx.record(DepartmentChanged(department_id=department.id, key=key, changed=changed))
            tx.reference_changed()
    return department


def deactivate_department(desk: Helpdesk, actor: Actor, key: str) -> Department:
    """Take a department out of use: no new tickets; those it has stay and can be worked and moved. One must remain."""
    return _set_active(desk, actor, key, False)


def reactivate_department(desk: Helpdesk, actor: Actor, key: str) -> Department:
    """Take a department into use again."""
    return _set_active(desk, actor, key, True)


def reorder_departments(desk: Helpdesk, actor: Actor, keys: Sequence[str]) -> None:
    """Put the departments in the order of `keys`, which names every one; `Conflict` if it does not."""
    require_everywhere(actor, "department.manage")
    with desk.begin(actor) as tx:
        departments = {each.key: each for each in all_departments(tx.session)}
        if sorted(keys) != sorted(departments):
            raise Conflict(_l("The departments have changed in between. Reload the list and order it again."))
        for position, key in enumerate(keys):
            if departments[key].position != position:
                departments[key].position = position
                changed = DepartmentChanged(department_id=departments[key].id, key=key, changed=["position"])
                tx.record(changed)
        tx.reference_changed()


def set_signature(desk: Helpdesk, actor: Actor, uid: str, key: str, text: str) -> None:
    """Set how a person signs in a department, as plain text; empty means as the department does.

    One's own (not by an API token that is limited), or with `user.manage` everywhere a colleague's.
    """
    text = _text(text) or ""
    if len(text) > MAX_SIGNATURE:
        raise Invalid(
            {
                "signature": [
                    _l(
                        "The signature is longer than %(max_signature)s characters. Shorten it.",
                        max_signature=format(MAX_SIGNATURE, ","),
                    )
                ]
            }
        )
    with desk.begin(actor) as tx:
        user, department = find_user(tx.session, uid), find_department(tx.session, key)
        require_self_or_manager(tx.session, actor, user)
        signature = tx.session.get(Signature, (user.id, department.id))
        if not text:
            if signature is not None:
                tx.session.delete(signature)
        elif signature is None:
            tx.session.add(Signature(user_id=user.id, department_id=department.id, text=text))
        else:
            signature.text = text


def draft_of(department: Department) -> DepartmentDraft:
    """Return what is written about a department now, for forms."""
    return DepartmentDraft(**{each.name: getattr(department, each.name) for each in fields(DepartmentDraft)})


def _set_active(desk: Helpdesk, actor: Actor, key: str, active: bool) -> Department:
    require_everywhere(actor, "department.manage")
    with desk.begin(actor) as tx:
        department = find_department(tx.session, key)
        if department.is_active != active:
            others = select(Department.id).where(Department.is_active, Department.id != department.id).with_for_update()
            if not active and not tx.session.scalars(others).all():
                raise Refused(_l("This is the last active department. Make or reactivate another one first."))
            department.is_active = active
            desk.hooks.within(hooks.department_changing, tx=tx, department=department, changed=["is_active"])
            tx.record(DepartmentChanged(department_id=department.id, key=key, changed=["is_active"]))
            tx.reference_changed()
    return department


def _write(department: Department, draft: DepartmentDraft) -> None:
    for each in fields(draft):
        if each.name != "key":
            setattr(department, each.name, getattr(draft, each.name))


def _checked(draft: DepartmentDraft) -> DepartmentDraft:
    """Return the draft in the form in which it is kept, or raise `Invalid` with all that does not fit."""
    problems: dict[str, list[str]] = {}
    name, description, signature = clean_name(draft.name), _text(draft.description), _text(draft.signature)
    address = None
    if not name:
        problems["name"] = [_l("Write a name.")]
    if draft.key and not KEY.fullmatch(draft.key):
        problems["key"] = [_l("A key has up to 64 small letters, digits, - and _, such as “sales”.")]
    if draft.address and draft.address.strip():
        try:
            address = normalise(draft.address)
        except Invalid as error:
            problems |= error.problems
    if draft.visibility not in VISIBILITIES:
        problems["visibility"] = [_l("Choose one of: %(visibilities)s.", visibilities=", ".join(VISIBILITIES))]
    if draft.reopen_policy not in REOPEN_POLICIES:
        problems["reopen_policy"] = [
            _l("Choose one of: %(reopen_policies)s.", reopen_policies=", ".join(REOPEN_POLICIES))
        ]
    if not 0 <= draft.reopen_days <= 3650:
        problems["reopen_days"] = [_l("Give a number of days from 0 to 3650.")]
    for field, text, limit in (("description", description, MAX_DESCRIPTION), ("signature", signature, MAX_SIGNATURE)):
        if text is not None and len(text) > limit:
            problems[field] = [_l("This is longer than %(limit)s characters. Shorten it.", limit=format(limit, ","))]
    if problems:
        raise Invalid(problems)
    return replace(draft, name=name, description=description, signature=signature, address=address)


def _check_address(session: Session, address: str | None, department_id: int | None) -> None:
    if address is None:
        return
    other = session.scalar(select(Department).where(Department.address == address))
    if other is not None and other.id != department_id:
        raise Invalid(
            {
                "address": [
                    _l(
                        "%(address)s is the address of “%(other)s” already. Choose another.",
                        address=address,
                        other=other.name,
                    )
                ]
            }
        )
    if session.scalar(select(EmailAddress.id).where(EmailAddress.address == address)) is not None:
        raise Invalid(
            {
                "address": [
                    _l("%(address)s is the address of a person's account. Remove it there first.", address=address)
                ]
            }
        )


def _text(text: str | None) -> str | None:
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\0", "")).strip() or None if text else None


def _free_key(session: Session, name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    stem = re.sub("[^a-z0-9]+", "-", plain).strip("-")[:50].strip("-") or "department"
    taken = set(session.scalars(select(Department.key)))
    number, key = 2, stem
    while key in taken:
        number, key = number + 1, f"{stem}-{number}"
    return key
