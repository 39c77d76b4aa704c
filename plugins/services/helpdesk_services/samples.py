"""Services for the demo: a file in the instance, and the source that reads it."""

import csv
from typing import Final

from sqlalchemy import select

from helpdesk_core.api import SYSTEM, Helpdesk, Transaction
from helpdesk_core.api.tickets import Ticket
from helpdesk_core.api.users import EmailAddress

from .models import TicketService
from .sources import SourceDraft, make

FILE: Final = "services-demo.csv"
PLANS: Final = (("Web M", "hosting", "web4"), ("VPS 2", "server", "node2"), ("Mail 10", "mail", "mail1"))
STATES: Final = ("active", "active", "active", "suspended")
ABOUT: Final = 3
"""Every so many tickets one is about a service."""


def fill(desk: Helpdesk, tx: Transaction) -> None:
    """Write the file, make the source, and let tickets be about services."""
    query = select(EmailAddress.user_id, EmailAddress.address).where(EmailAddress.verified_at.is_not(None))
    people = tx.session.execute(query.order_by(EmailAddress.id)).all()
    rows = {user_id: _services(place, address) for place, (user_id, address) in enumerate(people)}
    names = ["customer", "id", "name", "type", "state", "Plan", "Server", "Paid until"]
    with (desk.config.instance / FILE).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(row for services in rows.values() for row in services)
    source = make(desk, SYSTEM, SourceDraft(name="Hosting panel", kind="file", settings={"path": FILE}))
    tickets = tx.session.execute(select(Ticket.id, Ticket.requester_id, Ticket.created_at).order_by(Ticket.id)).all()
    for place, (ticket_id, user_id, at) in enumerate(tickets):
        services = rows.get(user_id, ())
        if place % ABOUT or not services:
            continue
        row = services[place % len(services)]
        facts = {name: row[name] for name in ("Plan", "Server", "Paid until")}
        tx.session.add(
            TicketService(
                ticket_id=ticket_id,
                key=f"services.{source.key}:{row['id']}",
                source=source.name,
                link="",
                facts=facts,
                is_current=True,
                taken_at=at,
                **{name: row[name] for name in ("name", "type", "state")},
            )
        )


def _services(place: int, address: str) -> list[dict[str, str]]:
    base = address.partition("@")[0].replace("+", "-").replace("_", "-")
    count = 1 + place % len(PLANS)
    found = []
    for number, (plan, kind, server) in enumerate(PLANS[:count]):
        name = {
            "hosting": f"{base}.example.org",
            "server": f"{base}-vps.example.org",
            "mail": f"Mail for {base}.example.org",
        }[kind]
        found.append(
            {
                "customer": address,
                "id": str(1000 + place * 10 + number),
                "name": name,
                "type": kind,
                "state": STATES[(place + number) % len(STATES)],
                "Plan": plan,
                "Server": server,
                "Paid until": f"2027-{1 + (place + number) % 12:02d}-01",
            }
        )
    return found
