"""Fill a new instance with a generated data set, quickly: rows go straight into core's tables.

    python bench/load.py INSTANCE --data DIR [--database URL]

DIR holds `departments.jsonl agents.jsonl customers.jsonl tickets.jsonl messages.jsonl` as the generator of the
measuring tools writes them (see README.md). The rows are what the services would have written: numbers, previews,
counts, turns, sealed messages, and each ticket's chain of events, so that `helpdesk audit verify` passes.

INSTANCE is made new, with all plugins that are installed. What the other scripts need to know (logins, an API token,
numbers of tickets of five messages, words to look for) is left in `INSTANCE/bench.json`. Everybody's password is
`a bench password`.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, select, text, update
from sqlalchemy.orm import DeclarativeBase

from helpdesk_core.actor import SYSTEM
from helpdesk_core.app import open_helpdesk
from helpdesk_core.cli import making
from helpdesk_core.db.base import new_uid
from helpdesk_core.db.generation import Generation
from helpdesk_core.db.statistics import refresh_statistics
from helpdesk_core.departments.models import Department
from helpdesk_core.events.feed import COUNTER
from helpdesk_core.events.models import EventRow
from helpdesk_core.events.recorder import chain_hash
from helpdesk_core.events.seals import sealed
from helpdesk_core.plugins.discovery import discover
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.tickets.content import preview_of, render_markdown, seal
from helpdesk_core.tickets.events import MessagePosted, TicketChanged, TicketOpened
from helpdesk_core.tickets.models import Message, Ticket
from helpdesk_core.tickets.opening import FIRST_NUMBER
from helpdesk_core.tickets.vocabulary import Vocabulary, vocabulary
from helpdesk_core.users.models import EmailAddress, Grant, Role, User
from helpdesk_core.users.passwords import hash_password
from helpdesk_core.users.tokens import create_token

PASSWORD = "a bench password"
OWNER = "admin@example.com"
STATUS = {"pending": "waiting"}  # the generator's words in ours, where they differ
CHUNK = 2000
Row = dict[str, Any]


@dataclass
class People:
    """Who is in the data set, by the generator's ids."""

    departments: dict[int, int] = field(default_factory=dict)
    agents: dict[int, Row] = field(default_factory=dict)
    customers: dict[int, Row] = field(default_factory=dict)


@dataclass
class Batch:
    """Rows to be written together, by table."""

    rows: dict[type[DeclarativeBase], list[Row]] = field(default_factory=dict)

    def add(self, model: type[DeclarativeBase], row: Row) -> None:
        self.rows.setdefault(model, []).append(row)

    def write(self, connection: Connection) -> None:
        for model, rows in self.rows.items():
            connection.execute(insert(model), rows)
        self.rows.clear()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("instance", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--database", default="sqlite:///helpdesk.db", metavar="URL")
    options = parser.parse_args()
    begun = time.perf_counter()
    answers = {"site": {"url": "http://127.0.0.1:8000", "name": "Bench"}, "database": {"url": options.database}}
    answers["mail"] = {"transport": "none"}
    answers["plugins"] = {"enabled": list(discover())}
    making.make_instance(options.instance, answers)
    making.begin(options.instance, making.check_owner(making.Owner(address=OWNER, password=PASSWORD)))
    desk = open_helpdesk(options.instance, safe_mode=True)
    try:
        counts = load(desk, options.data)
        (options.instance / "bench.json").write_text(json.dumps(notes(desk, options.data), indent=1), "utf-8")
    finally:
        desk.close()
    print(", ".join(f"{count} {name}" for name, count in counts.items()), f"in {time.perf_counter() - begun:.0f} s")


def load(desk: Helpdesk, data: Path) -> dict[str, int]:
    """Write the whole data set in one transaction, and return how many tickets and messages there were."""
    with desk.read() as session:
        words = vocabulary(desk, session)
    with desk.engine.execution_options(helpdesk_write=True).begin() as connection:
        people = load_people(desk, connection, data)
        counts = load_tickets(connection, data, people, words, desk.secret)
        place_events(connection)
        set_sequences(connection)
    finish(desk)
    return counts


def load_people(desk: Helpdesk, connection: Connection, data: Path) -> People:
    people, batch, now = People(), Batch(), desk.now()
    password = hash_password(desk, PASSWORD)
    department_id, user_id = last_id(connection, Department.__table__), last_id(connection, User.__table__)
    role_id = connection.scalar(select(Role.id).where(Role.key == "agent"))
    for position, each in enumerate(lines(data / "departments.jsonl"), start=1):
        people.departments[each["id"]] = department_id + each["id"]
        row = {"id": department_id + each["id"], "key": each["key"], "name": each["name"], "position": position}
        batch.add(Department, row | {"created_at": now, "description": None, "address": None, "signature": None})
    for known, name in ((people.agents, "agents"), (people.customers, "customers")):
        for each in lines(data / f"{name}.jsonl"):
            user_id += 1
            row = {
                "id": user_id,
                "uid": new_uid(),
                "name": each["name"],
                "primary_email": each["email"],
                "locale": each.get("lang"),
                "password_hash": password,
                "created_at": now,
            }
            known[each["id"]] = row
            batch.add(User, row)
            batch.add(EmailAddress, {"user_id": user_id, "address": each["email"], "verified_at": now})
            for key in each.get("departments", ()):
                grant = {"user_id": user_id, "role_id": role_id, "department_id": people.departments[key]}
                batch.add(Grant, grant)
    batch.write(connection)
    return people


def load_tickets(
    connection: Connection, data: Path, people: People, words: Vocabulary, secret: bytes
) -> dict[str, int]:
    counts = {"tickets": 0, "messages": 0}
    by_ticket = groupby(lines(data / "messages.jsonl"), key=lambda row: row["ticket"])
    tickets = lines(data / "tickets.jsonl")
    while chunk := list(islice(tickets, CHUNK)):
        batch = Batch()
        for each, (_, messages) in zip(chunk, by_ticket, strict=False):
            counts["tickets"] += 1
            counts["messages"] += add_ticket(batch, each, list(messages), people, words, secret)
        batch.write(connection)
    return counts


def add_ticket(batch: Batch, given: Row, messages: list[Row], people: People, words: Vocabulary, secret: bytes) -> int:
    """Add the rows of one ticket: itself, its messages, its events; return how many messages it has."""
    status = words.status(STATUS.get(given["status"], given["status"]))
    requester, agent = people.customers[given["customer"]], people.agents.get(given["agent"])
    created, updated = moment(given["created"]), moment(given["updated"])
    ticket: Row = {
        "id": given["id"],
        "number": str(given["id"] + FIRST_NUMBER),
        "subject": given["subject"],
        "status_id": status.id,
        "priority_id": words.priority(given["priority"]).id,
        "type_id": None,
        "department_id": people.departments[given["department"]],
        "requester_id": requester["id"],
        "assignee_id": agent["id"] if agent else None,
        "channel": "email",
        "locale": given["lang"],
        "is_open": status.is_open,
        "waiting_on": status.turn,
        "preview": "",
        "message_count": 0,
        "created_at": created,
        "updated_at": updated,
        "first_replied_at": None,
        "last_customer_at": None,
        "last_agent_at": None,
        "closed_at": None if status.is_open else updated,
    }
    chain = Chain(batch, given["id"])
    opened = TicketOpened(
        number=ticket["number"],
        subject=ticket["subject"],
        department_id=ticket["department_id"],
        requester_id=ticket["requester_id"],
    )
    chain.add(opened.type, opened.data(), requester, "email", created)
    for each in messages:
        add_message(batch, chain, ticket, each, people)
    changes: dict[str, list[Any]] = {"assignee": [None, agent["uid"]]} if agent else {}
    if status.state != "new":
        changes["status"] = ["new", status.key]
    if changes:
        changed = TicketChanged(changes=changes, closed=not status.is_open)
        chain.add(changed.type, changed.data(), agent, "web", updated)
    end = sealed(secret, ticket["id"], chain.count, chain.hash)
    batch.add(Ticket, ticket | {"event_count": chain.count, "event_hash": chain.hash, "event_seal": end})
    # Events and messages refer to tickets, so these are written first.
    batch.rows = {Ticket: batch.rows[Ticket]} | batch.rows
    return len(messages)


def add_message(batch: Batch, chain: Chain, ticket: Row, given: Row, people: People) -> None:
    kind = "internal" if given["kind"] == "note" else "public"
    side = "customer" if given["kind"] == "customer" else "agent"
    author = (people.customers if side == "customer" else people.agents)[given["author"]]
    channel = "email" if side == "customer" else "web"
    # What agents write is Markdown, rendered; of two paragraphs of plain words that is quickly done here.
    html = None if side == "customer" else "".join(f"<p>{each}</p>\n" for each in given["body"].split("\n\n"))
    created = moment(given["created"])
    message = {
        "id": given["id"],
        "uid": new_uid(),
        "ticket_id": ticket["id"],
        "kind": kind,
        "side": side,
        "author_id": author["id"],
        "author_name": author["name"],
        "author_email": author["primary_email"],
        "body_text": given["body"],
        "body_html": html,
        "channel": channel,
        "message_id": given["message_id"],
        "details": {},
        "content_hash": seal(given["body"], html, kind, author["id"], []),
        "created_at": created,
    }
    assert html is None or given["id"] > 100 or html == render_markdown(given["body"])
    batch.add(Message, message)
    posted = MessagePosted(
        message_id=message["id"], kind=kind, side=side, content_hash=message["content_hash"], first=given["seq"] == 1
    )
    chain.add(posted.type, posted.data(), author, channel, created)
    if kind == "public":
        ticket["message_count"] += 1
        ticket["preview"] = preview_of(given["body"])
        ticket["last_customer_at" if side == "customer" else "last_agent_at"] = created
        if side == "agent":
            ticket["first_replied_at"] = ticket["first_replied_at"] or created


class Chain:
    """The events of one ticket, each sealed with the one before."""

    def __init__(self, batch: Batch, ticket_id: int) -> None:
        self._batch, self._ticket_id = batch, ticket_id
        self.count, self.hash = 0, ""

    def add(self, kind: str, data: Row, author: Row | None, channel: str, at: datetime) -> None:
        self.count += 1
        row = {
            "type": kind,
            "stream": f"ticket:{self._ticket_id}",
            "ticket_id": self._ticket_id,
            "seq": self.count,
            "actor_id": author["id"] if author else None,
            "actor_name": author["name"] if author else SYSTEM.name,
            "channel": channel,
            "data": data,
            "previous_hash": self.hash,
            "created_at": at,
        }
        self.hash = row["hash"] = chain_hash(EventRow(**row))
        self._batch.add(EventRow, row)


def place_events(connection: Connection) -> None:
    """Give all events their places in the feed at once; the worker would do it in many turns."""
    connection.execute(update(EventRow).where(EventRow.position.is_(None)).values(position=EventRow.id))
    connection.execute(delete(Generation).where(Generation.topic == COUNTER))
    connection.execute(insert(Generation).values(topic=COUNTER, value=last_id(connection, EventRow.__table__)))


def last_id(connection: Connection, table: Any) -> int:
    return connection.scalar(select(func.max(table.c.id))) or 0


def set_sequences(connection: Connection) -> None:
    """Let PostgreSQL go on counting behind the ids that were given; the other databases do so by themselves."""
    if connection.dialect.name != "postgresql":
        return
    tables: Iterable[Table] = (
        model.metadata.tables[model.__tablename__] for model in (Department, User, Ticket, Message)
    )
    for table in tables:
        last = last_id(connection, table)
        connection.execute(select(func.setval(func.pg_get_serial_sequence(table.name, "id"), last)))


def finish(desk: Helpdesk) -> None:
    """Give the database the statistics that it has of data that came in time: by itself, or by the daily job."""
    statement = {"postgresql": "VACUUM ANALYZE", "sqlite": "PRAGMA wal_checkpoint(TRUNCATE)"}.get(
        desk.engine.dialect.name
    )
    if statement:
        with desk.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(statement))
    refresh_statistics(desk.engine)
    with desk.begin(SYSTEM) as tx:
        tx.reference_changed()


def notes(desk: Helpdesk, data: Path) -> Row:
    """Return what the measuring scripts need to know about the instance."""
    meta = json.loads((data / "meta.json").read_text("utf-8"))
    is_open = ("new", "open", "pending")
    five = (each for each in lines(data / "tickets.jsonl") if each["messages"] == 5 and each["status"] in is_open)
    with desk.read() as session:
        owner = session.scalars(select(User).where(User.is_owner)).one()
        agent = session.scalar(
            select(User.primary_email).join(Grant, Grant.user_id == User.id).order_by(User.id).limit(1)
        )
        customers = session.execute(
            select(User.primary_email, func.count(Ticket.id))
            .join(Ticket, Ticket.requester_id == User.id)
            .group_by(User.primary_email)
            .order_by(func.count(Ticket.id).desc(), User.primary_email)
        ).all()
    return {
        "owner": OWNER,
        "agent": agent,
        "customer": customers[0][0],
        "customer_tickets": customers[0][1],
        "opener": customers[-1][0],
        "password": PASSWORD,
        "token": create_token(desk, SYSTEM, owner.uid, "bench").token,
        "five": [str(each["id"] + FIRST_NUMBER) for each in islice(five, 50)],
        "probes": meta["probes"],
        "tickets": meta["args"]["tickets"],
        "plugins": list(desk.config.plugins.enabled),
        "messages": meta["messages"],
    }


def lines(file: Path) -> Iterator[Row]:
    with file.open(encoding="utf-8") as opened:
        for line in opened:
            yield json.loads(line)


def moment(text_: str) -> datetime:
    return datetime.fromisoformat(text_).astimezone(UTC)


if __name__ == "__main__":
    main()
