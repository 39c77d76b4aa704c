"""A helpdesk that asks guided questions and knows services, for tests of what other plugins make of both."""

from sqlalchemy import update

from helpdesk_core.api import SYSTEM, Actor
from helpdesk_core.api.users import EmailAddress
from helpdesk_core.testing.plugins import PluginSite
from helpdesk_questions import samples, transfer
from helpdesk_services import sources
from helpdesk_services.sources import SourceDraft

PAID = {"invoice.number": "R-17", "invoice.matter": "paid", "invoice.payment": "card", "invoice.amount": "12,50"}
"""Answers to the sample questions about an invoice."""


def furnish(site: PluginSite, services: str) -> None:
    """Make two departments, the sample questions, and a source that knows these services (CSV)."""
    for key in ("support", "billing"):
        site.world.department(key)
    transfer.take_in(site.desk, SYSTEM, samples.FILE.read_text("utf-8"))
    (site.desk.config.instance / "services.csv").write_text(services)
    sources.make(site.desk, SYSTEM, SourceDraft(name="Panel", kind="file", settings={"path": "services.csv"}))


def confirmed_customer(site: PluginSite) -> Actor:
    """Make Carla, who has proved that her address is hers, as services ask for."""
    made = site.world.customer("Carla Klein", address="carla@example.com")
    with site.desk.begin(SYSTEM) as tx:
        mine = update(EmailAddress).where(EmailAddress.user_id == made.user_id)
        tx.session.execute(mine.values(verified_at=tx.now))
    return made
