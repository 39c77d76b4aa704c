"""What the demo has none of, so that each page of each plugin has something to show."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from helpdesk_core.actor import SYSTEM
from helpdesk_core.app import create_app, open_helpdesk
from helpdesk_core.cli import main
from helpdesk_core.cli.demo.build import fitting_plugins
from helpdesk_core.cli.demo.people import PASSWORD
from helpdesk_core.jobs.worker import Worker
from helpdesk_core.mail.models import OutgoingMail
from helpdesk_core.mail.transport import MemoryTransport
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.browser import Browser
from helpdesk_core.tickets.models import Ticket
from helpdesk_core.users.links import address_token, guest_token, password_token
from helpdesk_core.users.models import AddressRequest, User
from helpdesk_ratings.links import Claim, token_of
from helpdesk_ratings.models import Rating
from helpdesk_webhooks.models import Delivery, Endpoint

FORMS: dict[str, tuple[str, dict[str, object]]] = {
    "/admin/x/cms/new": ("site", {"name": "Shop", "key": "shop", "url": "https://shop.example.com"}),
    "/admin/x/email/mailboxes/new": (
        "mailbox",
        # Switched off: the worker of these tests would ask the server.
        {
            "name": "Support",
            "host": "imap.example.com",
            "port": 993,
            "username": "support",
            "password": "three blue lamps",
            "is_active": False,
        },
    ),
    "/admin/x/email/addresses/new": ("door", {"name": "Mail provider", "provider": "postmark"}),
    "/admin/x/email/out/keys/new": ("dkim", {"domain": "example.com"}),
    "/admin/x/email/rules/new": ("rule", {"name": "Invoices", "subject": "invoice", "tags": "billing"}),
    "/admin/x/oidc/new": (
        "provider",
        {
            "name": "Company account",
            "key": "company",
            "issuer": "https://127.0.0.1:9/sso",
            "client_id": "helpdesk",
            "secret": "three blue lamps",
        },
    ),
    "/admin/x/webhooks/new": ("endpoint", {"name": "Chat", "url": "https://127.0.0.1:9/hook", "is_active": False}),
}
"""Forms of admin pages by their address: the id of the form, and what is typed in."""
MAIL = b"""From: Nina New <nina@example.net>
To: support@bluefinch.example
Subject: Invoice of May
Message-ID: <invoice-may@example.net>
Date: Mon, 11 May 2026 10:00:00 +0200
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/html; charset=utf-8

<p>Where is my <b>invoice</b>?</p>
--b
Content-Type: text/plain; name=customer.txt
Content-Disposition: attachment; filename=customer.txt

4711
--b--
"""


@contextmanager
def furnished_demo(folder: Path) -> Iterator[Helpdesk]:
    """Make the demo with all plugins, add what it lacks, and open it."""
    assert main(["demo", "--instance", str(folder), "--no-serve"]) == 0
    (folder / "invoice.eml").write_bytes(MAIL)
    assert main(["--instance", str(folder), "email", "receive", str(folder / "invoice.eml")]) == 0
    # The engines of search have no pages; to fill their indexes takes longer than all the rest.
    enabled = json.dumps([each for each in fitting_plugins() if not each.startswith("search")])
    nearby = json.dumps(["127.0.0.0/8"])
    env = {
        "HELPDESK_MAIL__TRANSPORT": "memory",
        "HELPDESK_PLUGINS__ENABLED": enabled,
        "HELPDESK_PLUGINS__OIDC__ALLOWED": nearby,
        "HELPDESK_PLUGINS__WEBHOOKS__ALLOWED": nearby,
    }
    desk = open_helpdesk(folder, env=env)
    try:
        furnish(desk)
        Worker(desk, transport=MemoryTransport()).run_once()
        yield desk
    finally:
        desk.close()


def furnish(desk: Helpdesk) -> None:
    """Fill in forms as an admin and a visitor, and let mails leave."""
    app = create_app(desk)
    admin = Browser(app)
    admin.login("admin@example.com", PASSWORD)
    for path, (form, values) in FORMS.items():
        admin.get(path)
        page = admin.submit(form, values)
        assert page.status == 200, f"{path}: {page.words}"
    customer = Browser(app)
    customer.login("customer@example.com", PASSWORD)
    customer.get("/account")
    customer.submit("/account/addresses", address="other@example.net")
    with desk.begin(SYSTEM) as tx:
        endpoint = tx.session.scalars(select(Endpoint)).one()
        tx.session.add_all(
            [
                Delivery(endpoint_id=endpoint.id, type="ticket.opened", next_try_at=tx.now, created_at=tx.now),
                OutgoingMail(
                    dedup_key="furnishing",
                    state="failed",
                    template="reply",
                    message_id="<furnishing@example.com>",
                    sender="Support <support@example.com>",
                    recipients=["Carla Customer <carla@example.com>"],
                    subject="Your ticket",
                    body_text="Hello",
                    body_html="<p>Hello</p>",
                    error="550 There is no such mailbox.",
                    due_at=tx.now,
                    created_at=tx.now,
                ),
            ]
        )


def links_in_mails(desk: Helpdesk) -> list[str]:
    """Return where links in mails lead to: tickets, the choice of a password, a confirmed address, a rating.

    One ticket is rated, and one has a rated answer, which those that a walk meets first need not be or have.
    """
    with desk.read() as session:
        request = session.scalars(select(AddressRequest)).one()
        user = session.get_one(User, request.user_id)
        tickets = session.scalars(select(Ticket).where(Ticket.requester_id == user.id).order_by(Ticket.id.desc())).all()
        closed = next(each for each in tickets if each.closed_at is not None)
        given = session.scalars(select(Rating).where(Rating.user_id == user.id)).all()
        rated = {each.message_id is None: each.ticket_id for each in given}
        assert len(rated) == 2, "the demo's customer has rated no ticket, or no answer"
        return [
            f"/t/{guest_token(desk, tickets[0].id, user.id)}",
            f"/password/reset/{password_token(desk, user)}",
            f"/verify/{address_token(desk, request)}",
            f"/x/ratings/r/{token_of(desk, Claim(closed.id, user.id), timedelta(days=1))}",
            *(f"/tickets/{each.number}" for each in tickets if each.id in rated.values()),
        ]
