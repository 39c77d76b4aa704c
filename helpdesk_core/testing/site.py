"""Opened helpdesks for tests: real migrations, real databases, a clock that tests turn, and people to act."""

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from helpdesk_core.actor import SYSTEM, Actor
from helpdesk_core.app import open_helpdesk
from helpdesk_core.db import migrate
from helpdesk_core.db.engine import database_url, make_engine
from helpdesk_core.db.owners import CORE
from helpdesk_core.departments.models import Department
from helpdesk_core.hooks import Limits
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.tickets import opening
from helpdesk_core.tickets.defaults import ensure_defaults
from helpdesk_core.tickets.inputs import NewMessage, NewTicket, Requester
from helpdesk_core.tickets.posting import Posted
from helpdesk_core.users.accounts import create_user
from helpdesk_core.users.actors import load_actor_by_user
from helpdesk_core.users.inputs import UserDraft
from helpdesk_core.users.models import Grant, Role, RolePermission, User
from helpdesk_core.users.permissions import DEFAULT_ROLES

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""A Monday morning."""


@dataclass
class TestClock:
    """A clock that stands still until it is moved; each reading is a microsecond later, so that order shows."""

    __test__ = False  # pytest would take it for tests

    moment: datetime = START
    _ticks: Iterator[int] = field(default_factory=itertools.count)

    def __call__(self) -> datetime:
        """Return the moment."""
        return self.moment + timedelta(microseconds=next(self._ticks))

    def advance(self, **delta: float) -> datetime:
        """Move on by hours=, days=… and return the new moment."""
        self.moment += timedelta(**delta)
        return self.moment


def prepare(url: str) -> None:
    """Bring an empty database to the newest revision of core, with the default statuses, types and priorities."""
    engine = make_engine(database_url(url))
    try:
        migrate.upgrade(engine, CORE)
        _seed(engine)
    finally:
        engine.dispose()


def _seed(engine: Engine) -> None:
    from sqlalchemy.orm import Session

    with Session(engine.execution_options(helpdesk_write=True)) as session:
        ensure_defaults(session)
        session.commit()


def make_instance(folder: Path, url: str, config: Mapping[str, Mapping[str, Any]] | None = None) -> dict[str, str]:
    """Make an instance folder, and return the environment that configures it for a test."""
    folder.mkdir(parents=True, exist_ok=True)
    env = {
        "HELPDESK_SECRET_KEY": "a secret for tests that is long enough",
        "HELPDESK_DATABASE__URL": url,
        "HELPDESK_SITE__URL": "http://helpdesk.example",
        "HELPDESK_MAIL__TRANSPORT": "memory",
    }
    for section, values in (config or {}).items():
        for key, value in values.items():
            name = f"HELPDESK_{section.upper().replace('.', '__')}__{key.upper()}"
            env[name] = value if isinstance(value, str) else _as_json(value)
    return env


def _as_json(value: Any) -> str:
    import json

    return json.dumps(value)


@contextmanager
def opened(
    folder: Path,
    url: str,
    config: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    clock: TestClock | None = None,
    limits: Limits | None = None,
) -> Iterator[Helpdesk]:
    """Open a helpdesk on a prepared database, and close it afterwards."""
    env = make_instance(folder, url, config)
    desk = open_helpdesk(folder, env=env, clock=clock or TestClock(), limits=limits)
    desk.password_memory_kib = 8
    try:
        yield desk
    finally:
        desk.close()


class World:
    """A small company: departments, people and tickets, made as a test needs them."""

    def __init__(self, desk: Helpdesk) -> None:
        self.desk = desk
        self._count = itertools.count(1)

    def department(self, key: str = "support", **fields: Any) -> Department:
        """Make a department, or return the one with that key."""
        from sqlalchemy import select

        with self.desk.begin(SYSTEM) as tx:
            found = tx.session.scalar(select(Department).where(Department.key == key))
            if found is not None:
                return found
            department = Department(key=key, created_at=tx.now, **{"name": key.capitalize(), **fields})
            tx.session.add(department)
            tx.reference_changed()
        return department

    def user(self, name: str = "", **fields: Any) -> User:
        """Make an account with an address; fields are those of `create_user` and `UserDraft`."""
        number = next(self._count)
        name = name or f"Person {number}"
        address = fields.pop("address", f"{name.split()[0].lower()}{number}@example.com")
        own = {key: fields.pop(key) for key in ("password", "is_owner") if key in fields}
        return create_user(self.desk, SYSTEM, UserDraft(name=name, **fields), address, **own)

    def grant(self, user: User, role: str = "agent", *departments: str) -> None:
        """Give a default role in the departments, or everywhere."""
        from sqlalchemy import select

        where: list[int | None] = [self.department(key).id for key in departments] or [None]
        with self.desk.begin(SYSTEM) as tx:
            found = tx.session.scalar(select(Role).where(Role.key == role))
            if found is None:
                default = next(each for each in DEFAULT_ROLES if each.key == role)
                found = Role(key=role, name=default.name)
                found.permissions = [RolePermission(permission=each) for each in default.permissions]
                tx.session.add(found)
                tx.session.flush()
            for department_id in where:
                tx.session.add(Grant(user_id=user.id, role_id=found.id, department_id=department_id))
            tx.reference_changed()

    def actor(self, user: User, channel: str = "web") -> Actor:
        """Return the account as an actor, with the rights it has now."""
        with self.desk.read() as session:
            signed = load_actor_by_user(self.desk, session, user.id, channel=channel)
        assert signed is not None, f"{user.name} is deactivated"
        return signed.actor

    def customer(self, name: str = "Carla Customer", **fields: Any) -> Actor:
        """Make a customer."""
        return self.actor(self.user(name, **fields))

    def agent(self, name: str = "Adam Agent", *departments: str, role: str = "agent", **fields: Any) -> Actor:
        """Make somebody who works in the departments, or everywhere."""
        user = self.user(name, **fields)
        self.grant(user, role, *departments)
        return self.actor(user)

    def ticket(self, actor: Actor | None = None, **fields: Any) -> Posted:
        """Open a ticket; `text` is its message, the rest are fields of `NewTicket`."""
        department = fields.pop("department", "support")
        self.department(department)
        message = fields.pop("message", None) or NewMessage(text=fields.pop("text", "My site is down."))
        subject = fields.pop("subject", "Site down")
        new = NewTicket(subject=subject, message=message, department=department, **fields)
        return opening.open_ticket(self.desk, actor or self.customer(), new)

    def ticket_for(self, address: str, **fields: Any) -> Posted:
        """Open a ticket as the system for somebody's address."""
        return self.ticket(replace(SYSTEM, channel="web"), requester=Requester(email=address), **fields)
