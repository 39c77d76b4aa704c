"""A walk through the whole product: everything that people do to a helpdesk, once."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from helpdesk_core.actor import SYSTEM
from helpdesk_core.administration import service as administration
from helpdesk_core.automation.facts import automatic_actions_of, condition_fields_of
from helpdesk_core.cli import main, making
from helpdesk_core.cli.demo import build
from helpdesk_core.cli.demo.script import company
from helpdesk_core.clock import utc_now
from helpdesk_core.departments.inputs import DepartmentDraft
from helpdesk_core.departments.service import change_department, create_department
from helpdesk_core.mail.transport import Envelope, MailRefused, MemoryTransport, Receipt
from helpdesk_core.search.service import search_documents, sources, words_of_tickets
from helpdesk_core.services.asking import ask_services, find_customer
from helpdesk_core.testing.browser import Browser, File
from helpdesk_core.testing.plugins import PluginSite
from helpdesk_core.tickets import changing, conversation, linking, opening, people, rearranging, redacting
from helpdesk_core.tickets.inputs import NewMessage, NewTicket, Requester
from helpdesk_core.tickets.models import Operation
from helpdesk_core.tickets.queries import conversation as messages_of
from helpdesk_core.tickets.queries import find_ticket
from helpdesk_core.users import accounts, organisations, privacy, roles
from helpdesk_core.users.inputs import UserDraft
from helpdesk_core.users.models import User
from helpdesk_core.users.tokens import create_token

PASSWORD = "a password for tests"
UNREACHABLE = "gone@example.net"
ASKED = {"/desk/live": {"since": "2026-11-01T10:00:00+00:00", "list": "1"}}
"""What is sent along to addresses that need it."""
NOT_PAGES = ("/static", "/favicon", "/theme", "/api/", "/x/", "/desk/x/", "/admin/x/")


class Post(MemoryTransport):
    """A mail server that knows of one address that is gone for good."""

    def send(self, envelope: Envelope) -> Receipt:
        if UNREACHABLE in envelope.recipients:
            raise MailRefused("There is no such mailbox.", permanent=True)
        return super().send(envelope)


@dataclass
class Cast:
    """Who walks."""

    owner: User
    agent: User
    customer: User


def cast(site: PluginSite) -> Cast:
    """Make departments and people."""
    site.world.department("support", address="support@example.com")
    site.world.department("sales")
    agent = site.world.user("Adam Agent", address="adam@example.com", password=PASSWORD)
    site.world.grant(agent, "agent")
    return Cast(
        site.world.user("Olga Owner", address="olga@example.com", password=PASSWORD, is_owner=True),
        agent,
        site.world.user("Carla Customer", address="carla@example.net", password=PASSWORD),
    )


def signed_in(app: Flask, user: User) -> Browser:
    """Sign somebody in by the form."""
    browser = Browser(app)
    page = browser.login(user.primary_email or "", PASSWORD)
    assert "/login" not in page.path, page.words
    return browser


def token_of(site: PluginSite, user: User) -> str:
    """Return an API token of somebody's."""
    return create_token(site.desk, SYSTEM, user.uid, "walk").token


def call(site: PluginSite, token: str, method: str, path: str, json: Mapping[str, Any] | None = None) -> TestResponse:
    """Call the API with a token."""
    headers = {"Authorization": f"Bearer {token}"}
    return site.app.test_client().open(f"/api/v1{path}", method=method, json=json, headers=headers)


def number_of(browser: Browser) -> str:
    """Return the number of the ticket whose page a browser shows."""
    return browser.page.path.split("?")[0].split("#")[0].rsplit("/", 1)[-1]


def customers_part(site: PluginSite, who: Cast) -> str:
    """Ask by portal and API, read, answer, close; return the number of the first ticket."""
    browser = signed_in(site.app, who.customer)
    browser.get("/")
    browser.get("/search", q="fire")
    browser.get("/answers/spied")
    browser.get("/tickets/new", department="support")
    values = {"subject": "Почта", "body": "It is on fire.", "department": "support", "files": File("log.txt", b"smoke")}
    browser.submit("new-ticket", values, press="Send")
    number = number_of(browser)
    browser.submit("reply", body="It still is.")
    browser.submit("close")
    browser.submit("reopen")
    browser.get("/tickets")
    browser.get("/account")
    browser.submit("/account", name="Carla Klein")
    token = token_of(site, who.customer)
    new = {"subject": "By API", "message": {"body_text": "Hello"}, "department": "support"}
    made = call(site, token, "POST", "/tickets", new)
    assert made.status_code == 201, made.text
    assert call(site, token, "GET", "/tickets").status_code == 200
    browser.logout()
    browser.login(who.customer.primary_email or "", "a wrong password")
    return number


def agents_part(site: PluginSite, who: Cast, number: str) -> None:
    """Answer, note, change, move, split, merge, undo, link, copy in, redact."""
    browser = signed_in(site.app, who.agent)
    browser.get("/desk/tickets", q="fire")
    browser.get("/desk/search", q="fire")
    assert "Search" in browser.get("/desk/search", q="nothing-has-this-word").text
    assert not any(search_documents(site.desk, source, "fire", frozenset()) for source in sources(site.desk))
    search_documents(site.desk, "articles", "fire", frozenset())
    assert not words_of_tickets(site.desk, [1]).by_ticket
    assert "subject" in condition_fields_of(site.desk)
    assert automatic_actions_of(site.desk) == {}
    with site.desk.read() as session:
        customer = find_customer(site.desk, session, who.customer.id, for_staff=True)
    assert customer is not None
    assert ask_services(site.desk, customer) == []
    browser.get(f"/desk/tickets/{number}")
    browser.submit("composer", {"kind": "public", "body": "We are on it."})
    browser.submit("composer", {"kind": "internal", "body": "Is it?"})
    browser.submit("properties", {"subject": "Mail server on fire", "tags": "fire"})
    browser.post(f"/desk/tickets/{number}/insert", {"insert": "spy:greeting"})
    desk, owner = site.desk, site.world.actor(who.owner)
    changing.move(desk, owner, number, "sales", "Yours.")
    with desk.read() as session:
        ticket = find_ticket(session, owner, number)
        uids = [each.uid for each in messages_of(session, ticket, internal=False)]
    rearranging.split(desk, owner, number, uids[1:2], "Another fire")
    with desk.read() as session:
        operation = session.scalars(select(Operation.uid)).one()
    rearranging.undo(desk, owner, operation)
    double = site.world.ticket_for("carla@example.net", subject="Fire again").ticket.number or ""
    rearranging.merge(desk, owner, double, number)
    other = site.world.ticket_for(UNREACHABLE, subject="Unreachable").ticket.number or ""
    conversation.reply(desk, owner, other, NewMessage(text="Are you there?"))
    linking.link(desk, owner, number, other)
    linking.unlink(desk, owner, number, other)
    people.add_participant(desk, owner, number, "cc", email="copy@example.net")
    with desk.read() as session:
        copied = accounts.find_by_address(session, "copy@example.net")
    assert copied is not None
    people.remove_participant(desk, owner, number, "cc", copied.uid)
    redacting.redact(desk, owner, number, uids[0], "a password")


def mail_arrives(site: PluginSite, who: Cast, subject: str = "By mail") -> str:
    """File a mail as a new ticket, and one as an answer to it, as a mail gateway does; return the number."""
    gateway = replace(SYSTEM, channel="email")
    new = NewTicket(
        subject=subject,
        message=NewMessage(text="Hello", markdown=False, message_id=f"<{len(subject)}@example.net>"),
        department="support",
        requester=Requester(uid=who.customer.uid),
        cc=("friend@example.net",),
    )
    number = opening.open_ticket(site.desk, gateway, new).ticket.number or ""
    sender = site.world.actor(who.customer, channel="email")
    conversation.reply(site.desk, sender, number, NewMessage(text="One thing more.", markdown=False))
    return number


def admins_part(site: PluginSite, who: Cast) -> None:
    """Make and change departments, organisations, roles and people; export and erase."""
    desk, owner = site.desk, site.world.actor(who.owner)
    create_department(desk, owner, DepartmentDraft(name="Billing"))
    change_department(desk, owner, "billing", description="Money")
    organisation = organisations.create_organisation(desk, owner, organisations.OrganisationDraft(name="Example"))
    organisations.change_organisation(desk, owner, organisation.uid, note="Good people")
    roles.create_role(desk, owner, "helper", "Helper", ["ticket.read"])
    user = accounts.create_user(desk, owner, UserDraft(name="Paul Passing"), "paul@example.net", invite=True)
    accounts.change_user(desk, owner, user.uid, name="Paul Past")
    roles.grant_role(desk, owner, user.uid, "helper")
    roles.revoke_role(desk, owner, user.uid, "helper")
    accounts.deactivate_user(desk, owner, user.uid)
    accounts.reactivate_user(desk, owner, user.uid)
    privacy.export_personal_data(desk, owner, user.uid, BytesIO())
    privacy.erase_user(desk, owner, user.uid)
    administration.save_settings(desk, owner, "core.site", {"name": "A better name"})
    administration.close_breaker(desk, owner, "spy", "health")
    visitor = Browser(site.app)
    visitor.get("/signup")
    visitor.submit("/signup", name="Nina New", address="nina@example.net")


def every_page(site: PluginSite, user: User, number: str) -> dict[str, int]:
    """Open each page that there is, as that person; return the status of each."""
    browser = signed_in(site.app, user)
    found = {}
    for rule in site.app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.rule.startswith(NOT_PAGES):
            continue
        if rule.arguments - {"number"}:
            continue
        path = rule.rule.replace("<number>", number)
        found[path] = browser.get(path, **ASKED.get(path, {})).status
    return found


def small_demo(folder: Path, plugin_id: str) -> None:
    """Make a demo; without threads, nobody has written to its company yet."""
    making.make_instance(folder, {"plugins": {"enabled": [plugin_id]}, "mail": {"transport": "memory"}})
    build.populate(folder, company(), utc_now())


def command_line(folder: Path, *words: str) -> int:
    """Run a command in that instance."""
    return main(["--instance", str(folder), *words])
