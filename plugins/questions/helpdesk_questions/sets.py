"""Keeping sets of questions: making, changing, removing, and reading them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk_core.api import Actor, Helpdesk, Transaction
from helpdesk_core.api.errors import Invalid, NotFound
from helpdesk_core.api.users import require_everywhere

from .asked import Set, as_json, set_of
from .events import SetChanged
from .models import SetRow
from .texts import lazy

ID: Final = "questions"
MANAGE: Final = "questions.manage"
MOST: Final = 100


def all_sets(desk: Helpdesk, session: Session, generation: int | None = None) -> Sequence[Set]:
    """Return all sets in order, remembered until one changes."""

    def load(session: Session) -> Sequence[Set]:
        rows = session.scalars(select(SetRow).order_by(SetRow.position, SetRow.id))
        return [set_of({**row.content, "key": row.key, "version": row.version}) for row in rows]

    return desk.remember(session, (ID, "sets"), load, generation)


def find_set(desk: Helpdesk, session: Session, key: str) -> Set:
    """Return the set with that key; `NotFound` if there is none."""
    found = next((each for each in all_sets(desk, session) if each.key == key), None)
    if found is None:
        raise NotFound(lazy("There is no such set of questions."))
    return found


def save(desk: Helpdesk, actor: Actor, wanted: Set) -> Set:
    """Make a set, or write a new version of the one with its key; one that is the same stays as it is."""
    require_everywhere(actor, MANAGE)
    content = as_json(checked(wanted))
    with desk.begin(actor) as tx:
        row = _row(tx, wanted.key)
        if row is None:
            if (tx.session.scalar(select(func.count(SetRow.id))) or 0) >= MOST:
                raise Invalid({"key": [lazy("There are %(most)s sets already. Remove one.", most=MOST)]})
            last = tx.session.scalar(select(func.max(SetRow.position))) or 0
            row = SetRow(key=wanted.key, position=last + 1, version=1, content=content, updated_at=tx.now)
            tx.session.add(row)
            _told(tx, row, "made")
        elif row.content != content:
            row.version, row.content, row.updated_at = row.version + 1, content, tx.now
            _told(tx, row, "changed")
        return replace(wanted, version=row.version)


def change(desk: Helpdesk, actor: Actor, key: str, act: Callable[[Set], Set]) -> Set:
    """Change a set by a function of what it is now."""
    require_everywhere(actor, MANAGE)
    with desk.begin(actor) as tx:
        row = _row(tx, key)
        if row is None:
            raise NotFound(lazy("There is no such set of questions."))
        return save(desk, actor, act(set_of({**row.content, "key": row.key, "version": row.version})))


def remove(desk: Helpdesk, actor: Actor, key: str) -> None:
    """Remove a set; answers stay with their tickets."""
    require_everywhere(actor, MANAGE)
    with desk.begin(actor) as tx:
        row = _row(tx, key)
        if row is None:
            raise NotFound(lazy("There is no such set of questions."))
        _told(tx, row, "removed")
        tx.session.delete(row)


def move(desk: Helpdesk, actor: Actor, key: str, by: int) -> None:
    """Put a set one place further up (-1) or down (1)."""
    require_everywhere(actor, MANAGE)
    with desk.begin(actor) as tx:
        rows = list(tx.session.scalars(select(SetRow).order_by(SetRow.position, SetRow.id).with_for_update()))
        place = next((place for place, row in enumerate(rows) if row.key == key), None)
        if place is not None and 0 <= place + by < len(rows):
            rows[place], rows[place + by] = rows[place + by], rows[place]
        for position, row in enumerate(rows, 1):
            row.position = position
        tx.reference_changed()


def checked(wanted: Set) -> Set:
    """Return the set if it can be asked; `Invalid` says what is wrong."""
    try:
        return set_of({**as_json(wanted), "version": wanted.version})
    except ValueError as error:
        raise Invalid({"": [error.args[0]]}) from None


def _row(tx: Transaction, key: str) -> SetRow | None:
    return tx.session.scalar(select(SetRow).where(SetRow.key == key).with_for_update())


def _told(tx: Transaction, row: SetRow, what: str) -> None:
    tx.record(SetChanged(set=row.key, what=what, version=row.version))
    tx.reference_changed()
