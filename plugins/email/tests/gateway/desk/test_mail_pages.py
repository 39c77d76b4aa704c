"""The desk page “Mail”: what came, why it went where it went, and what people can do about it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from helpdesk_core.api import SYSTEM, Actor
from helpdesk_core.testing.browser import Browser
from helpdesk_core.testing.plugins import PluginSite, plugin_site
from helpdesk_core.testing.prepared import Databases
from helpdesk_core.testing.queries import count_queries
from helpdesk_email.models import Received
from helpdesk_email.plugin import EmailPlugin
from helpdesk_email.receiving import Gateway
from helpdesk_email.storing import Envelope

from ..gateways import messages, tickets, written

SPAM = {"X_Spam_Flag": "YES", "X_Spam_Status": "Yes, score=9.1 required=5.0"}
HERE = "/desk/x/email"


@pytest.fixture
def site(tmp_path: Path, databases: Databases) -> Iterator[PluginSite]:
    with plugin_site("email", folder=tmp_path, databases=databases) as opened:
        opened.world.department("support", address="support@example.com", name="Support")
        opened.world.department("sales", address="sales@example.com", name="Sales")
        yield opened


@pytest.fixture
def gateway(site: PluginSite) -> Gateway:
    plugin = site.desk.plugins.plugin("email")
    assert isinstance(plugin, EmailPlugin)
    return plugin.gateway


@pytest.fixture
def owner(site: PluginSite) -> Actor:
    return site.world.actor(site.world.user("Olga Owner", is_owner=True))


@pytest.fixture
def browser(site: PluginSite, owner: Actor) -> Browser:
    return site.browser(owner)


def quarantined(gateway: Gateway, subject: str = "Cheap pills", **headers: str) -> Received:
    row = gateway.receive(written(subject=subject, **SPAM, **headers))
    assert row.state == "quarantined", row.reason
    return row


def test_the_list_shows_states_and_finds_mails(gateway: Gateway, browser: Browser) -> None:
    gateway.receive(written(subject="The printer burns"))
    quarantined(gateway)
    page = browser.get(f"{HERE}/")
    assert "The printer burns" in page.words
    assert "Cheap pills" in page.words
    page = browser.get(f"{HERE}/", state="quarantined")
    assert "The printer burns" not in page.words
    page = browser.get(f"{HERE}/", q="PRINTER")
    assert ("The printer burns" in page.words, "Cheap pills" in page.words) == (True, False)


def test_a_mails_page_tells_its_path_and_hides_what_is_dangerous(gateway: Gateway, browser: Browser) -> None:
    row = gateway.receive(written("<script>alert(1)</script>", subject="<b>Bold</b>"))
    page = browser.get(f"{HERE}/mails/{row.uid}")
    assert "Which department: support · It was sent to support@example.com." in " ".join(page.words.split())
    assert "<script>alert" not in page.text
    assert "<b>Bold" not in page.text
    page = browser.get(f"{HERE}/mails/{row.uid}/source")
    assert "Message-ID:" in page.words
    assert "<script>alert" not in page.text
    answer = browser.client.get(f"{HERE}/mails/{row.uid}/mail.eml")
    assert answer.data == gateway.archive.get(row.sha256)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_signatures_of_tokens_are_crossed_out(site: PluginSite, gateway: Gateway, browser: Browser) -> None:
    number = tickets(site.desk)[0].number if gateway.receive(written()).ticket_id else ""
    token = gateway.tokens.make(number or "", "staff", "x", holder="y")
    row = gateway.receive(written(In_Reply_To=f"<{token}@helpdesk.example>"))
    for path in (f"mails/{row.uid}", f"mails/{row.uid}/source", f"mails/{row.uid}/mail.eml"):
        text = browser.client.get(f"{HERE}/{path}").get_data(as_text=True)
        assert token not in text
        assert f"ticket.{number}." in text


def test_spam_can_be_replayed_and_becomes_a_ticket(site: PluginSite, gateway: Gateway, browser: Browser) -> None:
    row = quarantined(gateway)
    page = browser.get(f"{HERE}/mails/{row.uid}")
    assert "It looks like spam: 9.1 points of 5" in page.words
    page = browser.submit("replay", press="Replay")
    assert "processed once more" in page.words
    assert [each.subject for each in tickets(site.desk)] == ["Cheap pills"]


def test_a_dropped_mail_can_be_taken_back_and_opens_a_ticket(
    site: PluginSite, gateway: Gateway, browser: Browser
) -> None:
    row = quarantined(gateway)
    browser.get(f"{HERE}/mails/{row.uid}")
    page = browser.submit("drop", press="Drop")
    assert "is dropped" in page.words
    page = browser.submit("restore", press="Take back")
    assert gateway.find(row.uid).state == "quarantined"
    page = browser.submit("open-ticket", department="sales")
    assert "A ticket was opened" in page.words
    assert [each.department.key for each in tickets(site.desk)] == ["sales"]
    assert gateway.find(row.uid).state == "done"


def test_a_number_of_no_ticket_is_said_beside_the_mail(gateway: Gateway, browser: Browser) -> None:
    row = quarantined(gateway)
    browser.get(f"{HERE}/mails/{row.uid}")
    page = browser.submit("to-ticket", number="99999")
    assert "There is no ticket #99999" in page.words
    assert "Cheap pills" in page.words
    assert gateway.find(row.uid).state == "quarantined"


def test_many_mails_are_done_although_one_is_gone(gateway: Gateway, browser: Browser) -> None:
    row, gone = quarantined(gateway), quarantined(gateway, subject="More pills")
    browser.get(f"{HERE}/", state="quarantined")
    with gateway.desk.begin(SYSTEM) as tx:
        tx.session.delete(tx.session.get_one(Received, gone.id))
    page = browser.submit("bulk", uid=[gone.uid, row.uid], press="do=drop")
    assert "Done with 1 mail. 1 could not be." in page.words
    assert gateway.find(row.uid).state == "dropped"


def test_a_mail_is_put_on_a_ticket_as_the_answer_of_who_asked_or_as_a_note(
    site: PluginSite, gateway: Gateway, browser: Browser
) -> None:
    gateway.receive(written())
    ticket = tickets(site.desk)[0]
    mine = quarantined(gateway, sender="Carla Customer <carla@example.net>", subject="More")
    other = quarantined(gateway, sender="Eve <eve@example.org>", subject="Me too")
    for row in (mine, other):
        browser.get(f"{HERE}/mails/{row.uid}")
        page = browser.submit("to-ticket", number=f"#{ticket.number}")
        assert "is on the ticket now" in page.words
    assert [(each.kind, each.author_name) for each in messages(site.desk, ticket)] == [
        ("public", "Carla Customer"),
        ("public", "Carla Customer"),
        ("internal", "Eve"),
    ]


def test_many_are_dropped_and_taken_back_at_once(gateway: Gateway, browser: Browser) -> None:
    rows = [quarantined(gateway, subject=f"Pills {number}") for number in range(3)]
    browser.get(f"{HERE}/", state="quarantined")
    page = browser.submit("mails", uid=[each.uid for each in rows], press="Drop")
    assert "Done with 3 mails." in page.words
    assert {gateway.find(each.uid).state for each in rows} == {"dropped"}
    browser.get(f"{HERE}/", state="dropped")
    page = browser.submit("mails", uid=[rows[0].uid], press="Take back")
    assert gateway.find(rows[0].uid).state == "quarantined"


def test_a_blocked_sender_is_dropped_until_unblocked(gateway: Gateway, browser: Browser) -> None:
    row = gateway.receive(written(sender="eve@shop.example.org"))
    browser.get(f"{HERE}/mails/{row.uid}")
    page = browser.submit("block", value="@shop.example.org")
    assert "The sender is blocked" in page.words
    row = gateway.receive(written("Again", sender="other@mail.shop.example.org"))
    assert (row.state, row.reason) == ("dropped", "@shop.example.org is among the blocked senders.")
    browser.get(f"{HERE}/blocked")
    page = browser.submit("block", value="support@example.com")
    assert "one of our own addresses" in page.words
    page = browser.submit("block", value="not an address")
    assert "Give an address such as" in page.words
    page = browser.submit(press="Unblock")
    assert "Nobody is blocked" in page.words
    assert gateway.receive(written("Third", sender="other@mail.shop.example.org")).state == "done"


def test_who_has_no_permission_or_may_not_read_the_ticket_sees_nothing(site: PluginSite, gateway: Gateway) -> None:
    row = gateway.receive(written())
    waiting = quarantined(gateway)
    assert site.browser(site.world.agent("Adam", "support")).get(f"{HERE}/").status == 403
    with site.desk.begin(site.world.actor(site.world.user("Root", is_owner=True))) as tx:
        from helpdesk_core.api.users import Role
        from helpdesk_core.users.models import RolePermission

        role = Role(key="postmaster", name="Postmaster")
        role.permissions = [RolePermission(permission=each) for each in ("ticket.read", "email.manage")]
        tx.session.add(role)
    seller = site.browser(site.world.agent("Sam", "sales", role="postmaster"))
    assert "Printer" not in seller.get(f"{HERE}/").words
    for path in ("", "/source", "/mail.eml", "/html", "/files/0"):
        assert seller.get(f"{HERE}/mails/{row.uid}{path}").status == 404
        assert seller.get(f"{HERE}/mails/{waiting.uid}{path}").status == 404
    assert seller.post(f"{HERE}/mails/{waiting.uid}/act", {"do": "drop"}).status == 404
    supporter = site.browser(site.world.agent("Sue", "support", role="postmaster"))
    assert "Printer" in supporter.get(f"{HERE}/").words
    assert supporter.get(f"{HERE}/mails/{waiting.uid}").status == 200


def test_the_list_costs_the_same_for_one_mail_and_for_many(
    site: PluginSite, gateway: Gateway, browser: Browser
) -> None:
    gateway.receive(written())
    browser.get(f"{HERE}/")
    with count_queries(site.desk) as one:
        browser.get(f"{HERE}/")
    for number in range(8):
        gateway.receive(written(f"Number {number}", sender=f"c{number}@example.net"), Envelope())
    with count_queries(site.desk) as many:
        browser.get(f"{HERE}/")
    assert len(one) == len(many) <= 8, f"{one}\n\n{many}"


def test_a_german_desk_shows_the_path_and_the_reason_in_german(gateway: Gateway, browser: Browser) -> None:
    browser.headers["Accept-Language"] = "de"
    done, waiting = gateway.receive(written()), quarantined(gateway)
    shown = " ".join(browser.get(f"{HERE}/mails/{done.uid}").words.split())
    for words in (
        "Dekodiert: gelesen · 24 Zeichen, 0 Dateien",
        "Absender: carla@example.net (neu)",
        "Passende Tickets: keine · Nichts in ihr weist auf ein Ticket hin.",
        "Welche Abteilung: support · Sie ging an support@example.com.",
        "Zitate: ungekürzt",
        "Ergebnis: neues Ticket: #",
    ):
        assert words in shown
    reason = "Sie sieht nach Spam aus: Punkte 9,1 von 5"
    assert reason in browser.get(f"{HERE}/mails/{waiting.uid}").words
    assert reason in browser.get(f"{HERE}/").words
    browser.get(f"{HERE}/mails/{waiting.uid}")
    browser.submit("drop")
    assert f"Verworfen von Olga Owner. {reason}" in browser.get(f"{HERE}/mails/{waiting.uid}").words
    assert (waiting.reason or "").startswith("It looks like spam: 9.1 points of 5")


def test_what_is_wrong_with_a_mail_is_said_in_german_too(gateway: Gateway, browser: Browser) -> None:
    browser.headers["Accept-Language"] = "de"
    row = gateway.receive(b"From: carla@example.net\nContent-Type: multipart/mixed\n\nHello")
    page = browser.get(f"{HERE}/mails/{row.uid}")
    assert page.words.count("Die Grenze zwischen den Teilen fehlt oder ist falsch.") == 2
