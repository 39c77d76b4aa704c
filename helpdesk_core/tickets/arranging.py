"""What a person made of their workspaces: order, what is hidden, own columns, and which are watched.

It is kept in the account's `preferences`, which are read with the sign-in, so that no page asks for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy import select

from helpdesk_core.actor import Actor
from helpdesk_core.errors import Forbidden, Invalid, NotFound
from helpdesk_core.runtime import Helpdesk, Transaction
from helpdesk_core.texts import lazy as _l
from helpdesk_core.tickets.inputs import UNSET, Unset
from helpdesk_core.tickets.ordering import check_sort
from helpdesk_core.tickets.searches import MAX_COLUMNS, workspaces
from helpdesk_core.tickets.standing import STANDING
from helpdesk_core.tickets.vocabulary import narrowing
from helpdesk_core.users.models import User

PREFERENCE: Final = "workspaces"
NO_SUCH: Final = _l("There is no such workspace.")


@dataclass(frozen=True, slots=True)
class Choice:
    """One person's way with one workspace. Nobody is watched by sound or notice unless they ask for it."""

    sound: bool = False
    notify: bool = False
    hidden: bool = False
    columns: tuple[str, ...] = ()
    """Own columns in this order; empty for those of the workspace."""
    sort: str = ""

    @property
    def watched(self) -> bool:
        """Whether the person wants to hear of new messages there."""
        return self.sound or self.notify


@dataclass(frozen=True, slots=True)
class Arrangement:
    """All that one person chose; `order` are the keys of workspaces, those not named come behind."""

    order: tuple[str, ...] = ()
    choices: Mapping[str, Choice] = field(default_factory=dict)

    def of(self, key: str) -> Choice:
        """Return what the person chose for a workspace."""
        return self.choices.get(key, _PLAIN)

    def sorted(self, keys: Sequence[str]) -> list[str]:
        """Return the keys in the person's order."""
        places = {key: place for place, key in enumerate(self.order)}
        return sorted(keys, key=lambda key: places.get(key, len(places)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceChange:
    """What is to be different about a person's way with a workspace; `UNSET` stays."""

    sound: bool | Unset = UNSET
    notify: bool | Unset = UNSET
    hidden: bool | Unset = UNSET
    columns: Sequence[str] | Unset = UNSET
    sort: str | Unset = UNSET


_PLAIN: Final = Choice()


def arrangement(preferences: Mapping[str, Any]) -> Arrangement:
    """Read an account's preferences; what does not fit is left out, since pages and programs may write there."""
    kept = preferences.get(PREFERENCE)
    if not isinstance(kept, dict):
        return Arrangement()
    order = kept.get("order", [])
    chosen = kept.get("of", {})
    return Arrangement(
        tuple(each for each in order if isinstance(each, str)) if isinstance(order, list) else (),
        {key: _choice(value) for key, value in chosen.items() if isinstance(value, dict)}
        if isinstance(chosen, dict)
        else {},
    )


def choose(desk: Helpdesk, actor: Actor, key: str, wanted: ChoiceChange) -> Choice:
    """Change one person's way with a workspace (its key or uid), and return it."""
    if isinstance(wanted.sort, str) and wanted.sort:
        check_sort(wanted.sort, narrowing(desk))
    if not isinstance(wanted.columns, Unset) and len(wanted.columns) > MAX_COLUMNS:
        raise Invalid(
            {
                "columns": [
                    _l("A list can have %(max_columns)s columns at most. Take some away.", max_columns=MAX_COLUMNS)
                ]
            }
        )
    with desk.begin(actor) as tx:
        user, known = _mine(tx), _known(desk, tx, actor)
        if key not in known:
            raise NotFound(NO_SUCH)
        now = arrangement(user.preferences)
        given = {name: value for name in _FIELDS if not isinstance(value := getattr(wanted, name), Unset)}
        if "columns" in given:
            given["columns"] = tuple(given["columns"])
        choice = replace(now.of(key), **given)
        _keep(user, replace(now, choices={**now.choices, key: choice}), known)
    return choice


def order_workspaces(desk: Helpdesk, actor: Actor, keys: Sequence[str]) -> Sequence[str]:
    """Put the actor's workspaces in an order, and return it whole: those not named stand behind."""
    with desk.begin(actor) as tx:
        user, known = _mine(tx), _known(desk, tx, actor)
        if unknown := [key for key in keys if key not in known]:
            raise Invalid({"keys": [_l("There is no workspace “%(value)s”.", value=unknown[0][:40])]})
        now = arrangement(user.preferences)
        order = replace(now, order=tuple(dict.fromkeys(keys))).sorted(known)
        _keep(user, replace(now, order=tuple(order)), known)
    return order


_FIELDS: Final = ("sound", "notify", "hidden", "columns", "sort")


def _choice(value: Mapping[str, Any]) -> Choice:
    columns = value.get("columns", [])
    return Choice(
        sound=value.get("sound") is True,
        notify=value.get("notify") is True,
        hidden=value.get("hidden") is True,
        columns=tuple(each for each in columns if isinstance(each, str)) if isinstance(columns, list) else (),
        sort=value["sort"] if isinstance(value.get("sort"), str) else "",
    )


def _keep(user: User, made: Arrangement, known: Sequence[str]) -> None:
    """Write it down, without what is as always and without workspaces that are gone."""
    of = {
        key: {name: value for name in _FIELDS if (value := getattr(choice, name))}
        for key, choice in made.choices.items()
        if key in known and choice != _PLAIN
    }
    user.preferences = {**user.preferences, PREFERENCE: {"order": [k for k in made.order if k in known], "of": of}}


def _mine(tx: Transaction) -> User:
    user = tx.session.scalar(select(User).where(User.id == (tx.actor.user_id or 0)).with_for_update())
    if user is None:
        raise Forbidden(_l("Only somebody with an account can arrange workspaces."))
    return user


def _known(desk: Helpdesk, tx: Transaction, actor: Actor) -> list[str]:
    return [*STANDING, *(each.uid for each in workspaces(desk, tx.session, actor))]
