"""Workspaces: searches that people keep under a name, for themselves or for colleagues."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from helpdesk_core.actor import EVERYWHERE, Actor
from helpdesk_core.departments.models import Department
from helpdesk_core.errors import Invalid, NotFound
from helpdesk_core.runtime import Helpdesk, Transaction
from helpdesk_core.texts import lazy as _l
from helpdesk_core.tickets.filtering import TicketFilter
from helpdesk_core.tickets.inputs import UNSET, Unset, clean_line
from helpdesk_core.tickets.models import SavedSearch
from helpdesk_core.tickets.ordering import check_sort
from helpdesk_core.tickets.vocabulary import narrowing
from helpdesk_core.users.models import Grant, Role
from helpdesk_core.users.permissions import require, require_everywhere

MAX_SEARCHES: Final = 50
MAX_COLUMNS: Final = 30
SHARE: Final = "workspace.share"


@dataclass(frozen=True, slots=True)
class Workspace:
    """A kept search. A shared one is changed by those who may share with the same people.

    `department` and `role` are keys: with whom it is shared; without both a shared one is everybody's.
    """

    uid: str
    name: str
    filter: TicketFilter
    sort: str
    columns: tuple[str, ...]
    is_shared: bool
    department: str | None = None
    role: str | None = None
    department_id: int | None = None

    def may_change(self, actor: Actor) -> bool:
        """Tell whether the actor may change or delete it."""
        if not self.is_shared:
            return True
        if self.department_id is not None:
            return actor.may(SHARE, self.department_id)
        return actor.departments(SHARE) is EVERYWHERE


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceChange:
    """What is to be different about a workspace; `UNSET` stays. `department` and `role` are keys, None for neither."""

    name: str | Unset = UNSET
    filter: TicketFilter | Unset = UNSET
    sort: str | Unset = UNSET
    columns: Sequence[str] | Unset = UNSET
    shared: bool | Unset = UNSET
    department: str | Unset | None = UNSET
    role: str | Unset | None = UNSET


def workspaces(desk: Helpdesk, session: Session, actor: Actor, generation: int | None = None) -> Sequence[Workspace]:
    """Return the shared searches the actor has, then their own, in order; remembered between requests."""
    who = (actor.user_id, actor.departments("ticket.read"))
    return desk.remember(session, ("workspaces", *who), lambda fresh: _load(fresh, actor), generation)


def save_search(
    desk: Helpdesk,
    actor: Actor,
    name: str,
    wanted: TicketFilter,
    *,
    sort: str = "-updated",
    columns: Sequence[str] = (),
    shared: bool = False,
    department: str | None = None,
    role: str | None = None,
) -> SavedSearch:
    """Keep a search under a name and return it; the same name of the same owner is replaced.

    Shared ones need `workspace.share`: in the department they are shared with (a key), else everywhere.
    """
    name, columns = _checked_name(name), _checked_columns(columns)
    check_sort(sort, narrowing(desk))
    query: dict[str, Any] = {"filter": wanted.as_dict(), "sort": sort}
    with desk.begin(actor) as tx:
        whose = _whose(tx, actor, shared=shared, department=department, role=role)
        mine = tx.session.scalars(select(SavedSearch).filter_by(**whose)).all()
        found = next((each for each in mine if each.name == name), None)
        if found is None:
            if len(mine) >= MAX_SEARCHES:
                raise Invalid(
                    {
                        "name": [
                            _l("%(max_searches)s workspaces are enough. Remove one first.", max_searches=MAX_SEARCHES)
                        ]
                    }
                )
            position = max((each.position for each in mine), default=0) + 1
            found = SavedSearch(name=name, position=position, query=query, columns=list(columns), **whose)
            tx.session.add(found)
        found.query, found.columns = query, list(columns)
        tx.reference_changed()
    return found


def change_search(desk: Helpdesk, actor: Actor, uid: str, wanted: WorkspaceChange) -> SavedSearch:
    """Change a kept search, or with whom it is shared, and return it."""
    with desk.begin(actor) as tx:
        found = _changeable(tx, actor, uid)
        if not isinstance(wanted.name, Unset):
            found.name = _checked_name(wanted.name)
        query = dict(found.query)
        if not isinstance(wanted.filter, Unset):
            query["filter"] = wanted.filter.as_dict()
        if not isinstance(wanted.sort, Unset):
            check_sort(wanted.sort, narrowing(desk))
            query["sort"] = wanted.sort
        found.query = query
        if not isinstance(wanted.columns, Unset):
            found.columns = list(_checked_columns(wanted.columns))
        if not isinstance(wanted.shared, Unset):
            department = None if isinstance(wanted.department, Unset) else wanted.department
            role = None if isinstance(wanted.role, Unset) else wanted.role
            whose = _whose(tx, actor, shared=wanted.shared, department=department, role=role)
            for name, value in whose.items():
                setattr(found, name, value)
        clash = select(SavedSearch.id).where(
            SavedSearch.name == found.name,
            SavedSearch.uid != uid,
            *(_same(column, getattr(found, column.key)) for column in _WHOSE),
        )
        if tx.session.scalar(clash.limit(1)) is not None:
            raise Invalid(
                {"name": [_l("There is a workspace “%(found)s” already. Choose another name.", found=found.name)]}
            )
        tx.reference_changed()
    return found


def delete_search(desk: Helpdesk, actor: Actor, uid: str) -> None:
    """Forget a kept search; the tickets it found are not touched."""
    with desk.begin(actor) as tx:
        tx.session.delete(_changeable(tx, actor, uid))
        tx.reference_changed()


def may_share(actor: Actor) -> bool:
    """Tell whether the actor may share workspaces with anybody."""
    return actor.may(SHARE)


_WHOSE: Final = (SavedSearch.owner_id, SavedSearch.department_id, SavedSearch.role_id)


def _same(column: Any, value: Any) -> ColumnElement[bool]:
    found: ColumnElement[bool] = column.is_(None) if value is None else column == value
    return found


def _whose(
    tx: Transaction, actor: Actor, *, shared: bool, department: str | None, role: str | None
) -> dict[str, int | None]:
    if not shared:
        return {"owner_id": actor.user_id, "department_id": None, "role_id": None}
    if department and role:
        raise Invalid({"role": [_l("Share it with a department or with a role, not with both.")]})
    if department:
        where = tx.session.scalar(select(Department.id).where(Department.key == department))
        if where is None or not actor.may("ticket.read", where):
            raise Invalid({"department": [_l("There is no department “%(department)s”.", department=department)]})
        require(actor, SHARE, where)
        return {"owner_id": None, "department_id": where, "role_id": None}
    require_everywhere(actor, SHARE)
    if not role:
        return {"owner_id": None, "department_id": None, "role_id": None}
    found = tx.session.scalar(select(Role.id).where(Role.key == role))
    if found is None:
        raise Invalid({"role": [_l("There is no role “%(role)s”.", role=role)]})
    return {"owner_id": None, "department_id": None, "role_id": found}


def _changeable(tx: Transaction, actor: Actor, uid: str) -> SavedSearch:
    found = tx.session.scalar(select(SavedSearch).where(SavedSearch.uid == uid, _had_by(actor)).with_for_update())
    if found is None:
        raise NotFound(_l("There is no such workspace."))
    if found.owner_id is None:
        if found.department_id is not None:
            require(actor, SHARE, found.department_id)
        else:
            require_everywhere(actor, SHARE)
    return found


def _had_by(actor: Actor) -> ColumnElement[bool]:
    """Return the SQL condition under which the actor has a kept search."""
    where = actor.departments("ticket.read")
    here: list[ColumnElement[bool]] = [SavedSearch.department_id.is_(None)]
    if where is EVERYWHERE:
        here.append(SavedSearch.department_id.isnot(None))
    elif where:
        here.append(SavedSearch.department_id.in_(sorted(where)))
    role = or_(
        SavedSearch.role_id.is_(None),
        SavedSearch.role_id.in_(select(Grant.role_id).where(Grant.user_id == (actor.user_id or 0))),
    )
    if actor.departments(SHARE) is EVERYWHERE:  # who shares with everybody looks after what is shared
        role = or_(role, SavedSearch.role_id.isnot(None))
    shared = and_(SavedSearch.owner_id.is_(None), or_(*here), role)
    return or_(SavedSearch.owner_id == (actor.user_id or 0), shared)


def _checked_name(name: str) -> str:
    name = clean_line(name)[:100]
    if not name:
        raise Invalid({"name": [_l("Give the workspace a name.")]})
    return name


def _checked_columns(columns: Sequence[str]) -> Sequence[str]:
    found = list(dict.fromkeys(clean_line(each)[:100] for each in columns if each.strip()))
    if len(found) > MAX_COLUMNS:
        raise Invalid(
            {
                "columns": [
                    _l("A list can have %(max_columns)s columns at most. Take some away.", max_columns=MAX_COLUMNS)
                ]
            }
        )
    return found


def _load(session: Session, actor: Actor) -> Sequence[Workspace]:
    query = (
        select(SavedSearch, Department.key, Role.key)
        .outerjoin(Department, Department.id == SavedSearch.department_id)
        .outerjoin(Role, Role.id == SavedSearch.role_id)
        .where(_had_by(actor))
        .order_by(SavedSearch.owner_id.isnot(None), SavedSearch.position, SavedSearch.id)
    )
    return [
        Workspace(
            row.uid,
            row.name,
            TicketFilter.of(row.query.get("filter", {})),
            row.query.get("sort", "-updated"),
            tuple(row.columns),
            row.owner_id is None,
            department,
            role,
            row.department_id,
        )
        for row, department, role in session.execute(query)
    ]
