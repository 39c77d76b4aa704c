"""Roles that people have because somebody else says so: a site that they come from, a provider of sign-in.

A plugin keeps who is who there in two tables of its own, made with `LendsRoles` and `Borrows`; core keeps which plugin
lends which role to whom (`LentRole`). What somebody was given by hand stays theirs; what several say of them is taken
when the last one ends it, whichever plugins these are of, and whether or not these are at work just then.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, Generic, TypeVar

from sqlalchemy import ColumnElement, ForeignKey, select
from sqlalchemy.orm import Mapped, Session, declared_attr, mapped_column

from helpdesk_core.actor import SYSTEM
from helpdesk_core.db.base import BigId, JSONText
from helpdesk_core.db.generation import LENDING, bump
from helpdesk_core.departments.models import Department
from helpdesk_core.runtime import Transaction
from helpdesk_core.users.inputs import RolePair
from helpdesk_core.users.models import Grant, LentRole, Role, User
from helpdesk_core.users.roles import grant_role, revoke_role

BATCH: Final = 200
"""How many people are read at once when a lender ends what it lends."""


class LendsRoles:
    """Columns of a table of those who say what roles people have; lends nothing unless it is active and for staff."""

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    is_active: Mapped[bool] = mapped_column(default=True)
    staff: Mapped[bool] = mapped_column(default=False)
    """Whether people who work tickets may come from there."""
    roles: Mapped[list[list[str]]] = mapped_column(JSONText, default=list)
    """What the names there mean here: [name there, role here, key of the department or ""]."""

    @property
    def lends(self) -> set[RolePair]:
        """What it can lend as it is now."""
        return {(role, at) for _theirs, role, at in self.roles} if self.is_active and self.staff else set()


class Borrows:
    """Columns of a table of people as they are known there."""

    id: Mapped[int] = mapped_column(BigId, primary_key=True)

    @declared_attr
    def user_id(cls) -> Mapped[int]:
        """Whose account it is; made anew for each table, as a copy would lose the way into core's metadata."""
        return mapped_column(ForeignKey(User.id, ondelete="CASCADE"), index=True)

    roles: Mapped[list[list[str]]] = mapped_column(JSONText, default=list)
    """What they have because of it: [role, key of the department or ""]; only this is taken again."""


P = TypeVar("P", bound=Borrows)
ByUser = Mapping[int, set[RolePair]]


class Lending(Generic[P]):
    """Gives and takes roles for one plugin, whose table of people is given; in the caller's transaction.

    Who says it (the row of the site, the provider) has to be locked before, against a change of what it lends.
    """

    def __init__(self, plugin: str, people: type[P]) -> None:
        self._plugin, self._people = plugin, people

    def set_roles(self, tx: Transaction, person: P, meant: Collection[RolePair]) -> None:
        """Let somebody have what is meant, and no more of what they had because of the row, which nothing has locked.

        A role or a department that is gone means nothing. Where all is as meant nothing is locked: that is what most
        visits find.
        """
        if self.is_as_meant(tx.session, person, meant):
            return
        if not (rows := self._alone(tx.session, self._people.id == person.id)):
            return  # forgotten in the same moment
        names = _Names(tx.session)
        now, user_id = _Standing(tx.session, self, names, rows), person.user_id
        wanted = now.given(person, {pair for pair in meant if pair in names})
        for role, at in sorted(_pairs(person.roles) - wanted - now.elsewhere(person)):
            if (role, at) in names:
                revoke_role(tx.desk, SYSTEM, now.uids[user_id], role, at or None)
        for role, at in sorted(wanted - now.held[user_id]):
            grant_role(tx.desk, SYSTEM, now.uids[user_id], role, at or None)
        person.roles = _listed(wanted)
        now.note(person)

    def is_as_meant(self, session: Session, person: P, meant: Collection[RolePair]) -> bool:
        """Tell whether `set_roles` would change nothing: it is so in the row, they have it, and it is noted why."""
        if not meant and not person.roles:
            return True
        names = _Names(session)
        there = {pair for pair in meant if pair in names}
        return _Standing(session, self, names, [person]).is_as_meant(person, there)

    def take_all_but(self, tx: Transaction, these: ColumnElement[bool], kept: Collection[RolePair] = ()) -> None:
        """Take what some of the people have because of their rows, besides `kept` and what others say, too."""
        names, after = _Names(tx.session), 0
        while rows := self._alone(tx.session, these, self._people.id > after, self._people.roles != []):
            now, after = _Standing(tx.session, self, names, rows), rows[-1].id
            for person in rows:
                ended = _pairs(person.roles).difference(kept)
                for role, at in sorted(ended - now.elsewhere(person)):
                    if (role, at) in names:
                        revoke_role(tx.desk, SYSTEM, now.uids[person.user_id], role, at or None)
                person.roles = _listed(_pairs(person.roles) - ended)
                now.note(person)
            tx.session.flush()
            for person in rows:
                tx.session.expunge(person)

    def rows_of(self, session: Session, user_ids: Iterable[int]) -> Sequence[tuple[int, int, list[list[str]]]]:
        """Return what the plugin's rows of these people say: (id of the row, whose it is, roles)."""
        people = self._people
        query = select(people.id, people.user_id, people.roles).where(people.user_id.in_(user_ids))
        return [(id_, user_id, roles) for id_, user_id, roles in session.execute(query)]

    def _alone(self, session: Session, *which: ColumnElement[bool]) -> Sequence[P]:
        """Return the next people as they are by now; until the end nobody else lends or takes, of whatever plugin.

        One lock for all, as what one of them lends decides what another takes. It is not of the account: rows that
        point to one would wait for that, those of every sign-in too.
        """
        bump(session, LENDING)
        query = select(self._people).where(*which).order_by(self._people.id).limit(BATCH)
        return session.scalars(query.with_for_update(key_share=True).execution_options(populate_existing=True)).all()

    @property
    def plugin(self) -> str:
        """The id of the plugin."""
        return self._plugin


class _Names:
    """The roles and departments that there are."""

    def __init__(self, session: Session) -> None:
        self.roles = {key: id_ for id_, key in session.execute(select(Role.id, Role.key))}
        self.departments: dict[str, int | None] = {"": None}
        self.departments |= {key: id_ for id_, key in session.execute(select(Department.id, Department.key))}
        self._role = {id_: key for key, id_ in self.roles.items()}
        self._department = {id_: key for key, id_ in self.departments.items()}

    def __contains__(self, pair: RolePair) -> bool:
        return pair[0] in self.roles and pair[1] in self.departments

    def pair(self, role_id: int, department_id: int | None) -> RolePair:
        """Return how plugins name a role in a department."""
        return self._role.get(role_id, ""), self._department.get(department_id, "?")


class _Standing(Generic[P]):
    """What some people have, and because of whom."""

    def __init__(self, session: Session, lending: Lending[P], names: _Names, people: Sequence[P]) -> None:
        self._session, self._names, self._plugin = session, names, lending.plugin
        ids = {each.user_id for each in people}
        self.uids = {row.id: row.uid for row in session.execute(select(User.id, User.uid).where(User.id.in_(ids)))}
        self.held: ByUser = defaultdict(set)
        for grant in session.scalars(select(Grant).where(Grant.user_id.in_(ids))):
            self.held[grant.user_id].add(names.pair(grant.role_id, grant.department_id))
        self._noted: dict[int, list[LentRole]] = defaultdict(list)
        for lent in session.scalars(select(LentRole).where(LentRole.user_id.in_(ids))):
            self._noted[lent.user_id].append(lent)
        self._rows: dict[int, dict[int, set[RolePair]]] = defaultdict(dict)
        for id_, user_id, roles in lending.rows_of(session, ids):
            self._rows[user_id][id_] = _pairs(roles)

    def elsewhere(self, person: P) -> set[RolePair]:
        """Return what somebody has because of other rows than this one, of this plugin and of others."""
        others = {self._pair(each) for each in self._noted[person.user_id] if each.plugin != self._plugin}
        return others.union(*(pairs for id_, pairs in self._rows[person.user_id].items() if id_ != person.id))

    def given(self, person: P, meant: Collection[RolePair]) -> set[RolePair]:
        """Return what of that the row gives: all that was not given by hand."""
        by_hand = self.held[person.user_id] - _pairs(person.roles) - self.elsewhere(person)
        return set(meant) - by_hand

    def is_as_meant(self, person: P, meant: Collection[RolePair]) -> bool:
        """Tell whether the row, what they have and what is noted are so already."""
        wanted = self.given(person, meant)
        noted = {self._pair(each) for each in self._noted[person.user_id] if each.plugin == self._plugin}
        return wanted == _pairs(person.roles) and wanted <= self.held[person.user_id] & noted

    def note(self, person: P) -> None:
        """Keep what the plugin's rows lend to somebody by now."""
        self._rows[person.user_id][person.id] = _pairs(person.roles)
        missing = {pair for pairs in self._rows[person.user_id].values() for pair in pairs if pair in self._names}
        for each in list(self._noted[person.user_id]):
            if each.plugin == self._plugin and self._pair(each) not in missing:
                self._noted[person.user_id].remove(each)
                self._session.delete(each)
            elif each.plugin == self._plugin:
                missing.discard(self._pair(each))
        for role, at in sorted(missing):
            ids = {"role_id": self._names.roles[role], "department_id": self._names.departments[at]}
            new = LentRole(user_id=person.user_id, plugin=self._plugin, **ids)
            self._session.add(new)
            self._noted[person.user_id].append(new)

    def _pair(self, lent: LentRole) -> RolePair:
        return self._names.pair(lent.role_id, lent.department_id)


def _pairs(roles: Iterable[Sequence[str]]) -> set[RolePair]:
    return {(role, at) for role, at in roles}


def _listed(pairs: Iterable[RolePair]) -> list[list[str]]:
    return [list(pair) for pair in sorted(pairs)]
