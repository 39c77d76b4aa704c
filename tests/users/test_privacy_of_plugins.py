"""What all bundled plugins together keep of somebody is in the copy, and gone once the person was erased."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import MetaData, select

from helpdesk_cms.models import FromSite, Site
from helpdesk_cms.models import Person as CmsPerson
from helpdesk_core.actor import SYSTEM, Actor
from helpdesk_core.testing.plugins import PluginSite, plugin_site
from helpdesk_core.testing.prepared import Databases
from helpdesk_core.tickets.models import Ticket
from helpdesk_core.users.accounts import find_by_address
from helpdesk_core.users.privacy import erase_user, export_personal_data
from helpdesk_email.storing import Envelope
from helpdesk_oidc.models import Person as OidcPerson
from helpdesk_oidc.models import Provider
from helpdesk_questions.models import Answer
from helpdesk_services.models import TicketService
from tests.rest.callers import Caller, body
from tests.rest.test_conformance_of_plugins import BUNDLED

NAME: Final = "Zdenka Qwertzova"
ADDRESS: Final = "zdenka.qwertzova@example.org"
TRACES: Final = ("zdenka", "qwertzova")
MAIL: Final = f"""\
From: {NAME} <{ADDRESS}>
To: support@example.com
Subject: The shop is down
Message-ID: <1@mail.example.org>
Date: Mon, 02 Mar 2026 09:00:00 +0000

Nothing works since this morning.

{NAME}
"""


@pytest.fixture
def site(tmp_path: Path, databases: Databases) -> Iterator[PluginSite]:
    settings = {"webhooks": {"allowed": ["127.0.0.0/8"]}}
    with plugin_site(*BUNDLED, folder=tmp_path / "site", settings=settings, databases=databases) as opened:
        yield opened


@pytest.fixture
def admin(site: PluginSite) -> Actor:
    return site.world.actor(site.world.user("Ada Admin", is_owner=True))


def test_what_plugins_keep_of_somebody_is_in_the_copy_and_gone_once_they_are_erased(
    site: PluginSite, admin: Actor
) -> None:
    zdenka = _busy_customer(site, admin)
    before = _traces(site)
    plugins = {place.partition("_")[0] for place in before}
    assert plugins >= {"email", "ratings", "cms", "oidc", "questions", "services"}, before
    target = io.BytesIO()
    export_personal_data(site.desk, zdenka, zdenka.uid or "", target)
    names = zipfile.ZipFile(target).namelist()
    for plugin_id in ("email", "ratings", "cms", "oidc", "questions", "services"):
        assert any(name.startswith(f"{plugin_id}/") for name in names), (plugin_id, names)

    erase_user(site.desk, admin, zdenka.uid or "", with_messages=True)
    _work(site)

    assert _traces(site) == {}
    found = Caller(site.app, site.token(admin)).get("/search?q=Qwertzova")
    assert not body(found)["items"]


def _busy_customer(site: PluginSite, admin: Actor) -> Actor:
    """Let somebody write by mail and on the portal, be answered, and leave something with every plugin."""
    site.world.department("support", address="support@example.com")
    api = Caller(site.app, site.token(admin))
    rule = {"triggers": ["opened", "customer_replied"], "actions": [{"action": "priority", "value": "high"}]}
    body(api.post("/x/rules/rules", {"name": "Urgent", **rule}), 201)
    hook = {"name": "Chat", "url": "http://127.0.0.1:9/nobody", "events": []}
    body(api.post("/x/webhooks/endpoints", hook), 201)
    gateway = site.desk.plugins.plugin("email").gateway  # type: ignore[attr-defined]  # of that plugin alone
    gateway.receive(MAIL.encode(), Envelope())
    _work(site)
    with site.desk.read() as session:
        user = find_by_address(session, ADDRESS)
    assert user is not None
    zdenka = site.world.actor(user)
    ticket = site.world.ticket(zdenka, subject="Second", text=f"I am {NAME}.").ticket
    note = {"kind": "public", "body_text": "Done."}
    message = body(api.post(f"/tickets/{ticket.number}/messages", note), 201)["id"]
    _work(site)
    hers = Caller(site.app, site.token(zdenka))
    thanks = {"score": 2, "comment": f"Thanks, {NAME}"}
    body(hers.put(f"/x/ratings/tickets/{ticket.number}/messages/{message}", thanks))
    body(hers.post(f"/tickets/{ticket.number}/messages", {"kind": "public", "body_text": f"Thanks. {NAME}"}), 201)
    _leave_more(site, zdenka, ticket)
    _work(site)
    return zdenka


def _leave_more(site: PluginSite, zdenka: Actor, ticket: Ticket) -> None:
    """Store what sites, sign-in elsewhere, billing and guided questions would have brought."""
    who = {"name": NAME, "email": ADDRESS}
    with site.desk.begin(SYSTEM) as tx:
        now = {"created_at": tx.now, "updated_at": tx.now}
        page = Site(key="shop", name="Shop", url="https://shop.example.com", secrets="", **now)
        provider = Provider(key="id", name="Id", issuer="https://id.example.com", client_id="desk", **now)
        tx.session.add_all([page, provider])
        tx.session.flush()
        tx.session.add_all(
            [
                CmsPerson(site_id=page.id, sub=ADDRESS, user_id=zdenka.user_id, data=who, seen_at=tx.now),
                FromSite(ticket_id=ticket.id, site_id=page.id, site_name="Shop", data=who),
                OidcPerson(provider_id=provider.id, sub=ADDRESS, user_id=zdenka.user_id, seen_at=tx.now),
                TicketService(
                    ticket_id=ticket.id,
                    key="billing:7",
                    source="Billing",
                    name="qwertzova.example",
                    type="domain",
                    state="active",
                    link="",
                    facts=who,
                    is_current=True,
                    taken_at=tx.now,
                ),
                Answer(
                    ticket_id=ticket.id,
                    key="site.where",
                    version=1,
                    kind="text",
                    question="Where is it?",
                    value="qwertzova.example",
                    said="qwertzova.example",
                    line="site.where: qwertzova.example",
                ),
            ]
        )


def _work(site: PluginSite) -> None:
    for _ in range(4):
        site.clock.advance(minutes=2)
        site.work()


def _traces(site: PluginSite) -> dict[str, list[str]]:
    """Return what stands of the person in any column of any table, by `<table>.<column>`, and in any stored file.

    An index of words keeps those of what was removed until it is merged; what it finds is asked instead.
    """
    found: dict[str, list[str]] = {}
    tables = MetaData()
    tables.reflect(site.desk.engine)
    with site.desk.engine.connect() as connection:
        for table in tables.sorted_tables:
            for row in connection.execute(select(table)).mappings():
                for column, value in row.items():
                    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
                    if _tells(text):
                        found.setdefault(f"{table.name}.{column}", []).append(text)
    folder = site.desk.config.instance
    for file in folder.rglob("*"):
        where = file.relative_to(folder)
        if file.is_file() and where.parts[0] != "search" and _tells(file.read_bytes().decode("utf-8", "replace")):
            found[str(where)] = []
    return found


def _tells(text: str) -> bool:
    return any(trace in text.lower() for trace in TRACES)
