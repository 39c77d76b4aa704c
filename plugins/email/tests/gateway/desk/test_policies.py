"""Rules, spam and bounces: what becomes of a mail beside its address."""

from collections.abc import Callable
from email.message import EmailMessage

import pytest
from sqlalchemy import select

from helpdesk_core.api import SYSTEM, Actor, Helpdesk
from helpdesk_core.api.errors import Invalid
from helpdesk_core.api.mail import Envelope, Receipt, Refusal
from helpdesk_core.api.tickets import NewMessage, TicketTag, find_ticket, note, participants, reply
from helpdesk_core.jobs.worker import Worker
from helpdesk_core.mail.transport import MemoryTransport
from helpdesk_core.testing.site import World
from helpdesk_email.desk.marks import fates
from helpdesk_email.desk.rethreading import move_mails
from helpdesk_email.desk.undelivered import allow, suppressed_addresses
from helpdesk_email.reading import read_mail
from helpdesk_email.receiving import Gateway
from helpdesk_email.rules.matching import fits
from helpdesk_email.rules.service import RuleDraft, change_rule, create_rule, draft_of, move_rule
from helpdesk_email.rules.spam import score_headers
from helpdesk_email.rules.trying import try_rules
from helpdesk_email.storing import Envelope as Recipients

from ..gateways import answer_to, messages, report, tickets, written


@pytest.mark.parametrize(
    ("pattern", "text", "does"),
    [
        ("invoice", "Your INVOICE 7", True),
        ("*@example.com", "ann@example.com", True),
        ("*@example.com", "ann@example.com.evil.example", False),
        ("support+*@example.com", "support+orders@example.com", True),
        ("a*b*c", "a-c", False),
        ("ab*ba", "aba", False),
    ],
)
def test_patterns(pattern: str, text: str, does: bool) -> None:
    assert fits(pattern, text) is does


def test_rules_set_department_priority_tags_and_silence(
    desk: Helpdesk, gateway: Gateway, sent: Callable[[], list[EmailMessage]]
) -> None:
    rule = RuleDraft(
        name="Orders", subject="order", department="sales", priority="high", tags=("order",), is_quiet=True
    )
    create_rule(desk, SYSTEM, rule)
    create_rule(desk, SYSTEM, RuleDraft(name="Later", sender="*@example.net", priority="low", tags=("net",)))
    row = gateway.receive(written(subject="My order 7"))
    ticket = tickets(desk)[0]
    assert ticket.department.key == "sales"
    with desk.read() as session:
        found = find_ticket(session, SYSTEM, ticket.number or "")
        tags = session.scalars(select(TicketTag.tag).where(TicketTag.ticket_id == ticket.id)).all()
    assert found.priority.key == "high"
    assert sorted(tags) == ["net", "order"]
    assert not [each for each in sent() if each["To"] == "Carla Customer <carla@example.net>"]
    assert {"step": "rules", "result": "“Orders”, “Later”"} in row.decisions


def test_rules_drop_and_quarantine_new_mail_but_never_an_answer(
    desk: Helpdesk, gateway: Gateway, sent: Callable[[], list[EmailMessage]]
) -> None:
    gateway.receive(written())
    confirmation = sent()[0]
    create_rule(desk, SYSTEM, RuleDraft(name="Away", header="X-Bulk", header_value="yes", end="drop"))
    create_rule(desk, SYSTEM, RuleDraft(name="Wait", recipient="support+promo@example.com", end="quarantine"))
    assert gateway.receive(written(X_Bulk="yes")).state == "dropped"
    waiting = gateway.receive(written("2"), Recipients(recipients=("support+promo@example.com",)))
    assert (waiting.state, waiting.reason) == ("quarantined", "The rule “Wait” keeps it in the quarantine.")
    answer = answer_to(confirmation, "Thanks", sender="carla@example.net", X_Bulk="yes")
    assert gateway.receive(answer).state == "done"
    assert gateway.replay(waiting.uid).state == "done"


def test_a_rule_that_does_not_fit_is_refused_with_all_that_is_wrong(desk: Helpdesk) -> None:
    with pytest.raises(Invalid) as error:
        create_rule(desk, SYSTEM, RuleDraft(header_value="x", department="nowhere", tags=("two words",), end="explode"))
    assert set(error.value.problems) == {"name", "header", "", "department", "tags", "end"}


def test_rules_have_an_order_and_are_tried_without_changing_anything(desk: Helpdesk, gateway: Gateway) -> None:
    row = gateway.receive(written())
    first = create_rule(desk, SYSTEM, RuleDraft(name="First", subject="printer", priority="low"))
    second = create_rule(desk, SYSTEM, RuleDraft(name="Second", subject="printer", department="sales", priority="high"))
    assert try_rules(gateway, SYSTEM, row.uid).wishes.priority == "low"
    move_rule(desk, SYSTEM, second.uid, "up")
    trial = try_rules(gateway, SYSTEM, row.uid)
    assert (trial.wishes.priority, trial.departments) == ("high", ("Sales",))
    change_rule(desk, SYSTEM, first.uid, RuleDraft(name="First", subject="other", priority="low"))
    assert draft_of(first).subject == "printer"
    assert try_rules(gateway, SYSTEM, row.uid).wishes.by == ("Second",)
    assert len(tickets(desk)) == 1


@pytest.mark.parametrize(
    ("headers", "points"),
    [
        ({}, 0),
        ({"X_Spam_Status": "No, score=-2.1 required=5.0"}, 0),
        ({"X_Spam_Status": "Yes, score=12 required=10"}, 6),
        ({"X_Spam_Flag": "YES"}, 5),
        ({"X_Spamd_Result": "default: True [15.0 / 15.0]; SYMBOL(1.0)[]"}, 5),
        ({"X_Spam_Level": "*******"}, 7),
        ({"Authentication_Results": "mx.example.com; spf=fail; dkim=none; dmarc=fail"}, 4),
    ],
)
def test_points_of_spam(headers: dict[str, str], points: float) -> None:
    assert score_headers(read_mail(written(**headers))).points == points


def test_a_colleague_is_never_taken_for_spam(gateway: Gateway, adam: Actor) -> None:
    assert gateway.receive(written(sender=adam.email, X_Spam_Flag="YES")).state == "done"


def test_a_bounce_marks_the_message_and_nothing_more_is_sent_there_until_allowed(
    desk: Helpdesk, gateway: Gateway, adam: Actor, sent: Callable[[], list[EmailMessage]]
) -> None:
    gateway.receive(written())
    sent()
    ticket = tickets(desk)[0]
    posted = reply(desk, adam, ticket.number or "", NewMessage(text="Is it still burning?"))
    [mail] = [each for each in sent() if "carla@example.net" in each["To"]]
    gateway.receive(report("stranger@example.org", mail))
    with desk.read() as session:
        assert suppressed_addresses(session)[0] == []
    gateway.receive(report("carla@example.net", mail))
    with desk.read() as session:
        [mark] = fates(session, [posted.message.id])[posted.message.id].bounces
        [suppressed] = suppressed_addresses(session)[0]
    assert (mark.address, mark.permanent) == ("carla@example.net", True)
    assert "No such user" in mark.reason
    assert mark.suppressed
    sent()
    reply(desk, adam, ticket.number or "", NewMessage(text="Hello?"))
    assert not [each for each in sent() if "carla@example.net" in each["To"]]
    allow(desk, SYSTEM, suppressed.uid)
    reply(desk, adam, ticket.number or "", NewMessage(text="Once more"))
    assert [each for each in sent() if "carla@example.net" in each["To"]]


class Refusing(MemoryTransport):
    """A mail server that refuses every recipient with these words."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self.words = words

    def send(self, envelope: Envelope) -> Receipt:
        self.sent.append(envelope)
        return Receipt((), {each: Refusal(self.words, permanent=True) for each in envelope.recipients})


@pytest.mark.parametrize(
    ("words", "suppresses"),
    [
        ("550 5.1.1 <carla@example.net>: no such user here", True),
        ("550 5.2.1 The mailbox is disabled", True),
        ("554-5.1.10 RecipientNotFound", True),
        ("550 5.7.1 Your address is listed", False),
        ("550 No", False),
    ],
)
def test_nothing_more_is_sent_to_an_address_that_the_server_refuses_as_not_being_there(
    desk: Helpdesk, gateway: Gateway, adam: Actor, words: str, suppresses: bool
) -> None:
    gateway.receive(written())
    server = Refusing(words)
    worker = Worker(desk, transport=server, jobs=())
    worker.run_once()
    with desk.read() as session:
        suppressed = suppressed_addresses(session)[0]
    assert [each.address for each in suppressed] == (["carla@example.net"] if suppresses else [])
    assert [each.reason for each in suppressed] == ([words] if suppresses else [])
    server.sent.clear()
    reply(desk, adam, tickets(desk)[0].number or "", NewMessage(text="Is it still burning?"))
    worker.run_once()
    assert bool(server.sent) is not suppresses


def test_who_writes_again_is_written_to_again(
    desk: Helpdesk, gateway: Gateway, sent: Callable[[], list[EmailMessage]]
) -> None:
    gateway.receive(written())
    gateway.receive(report("carla@example.net", sent()[0]))
    with desk.read() as session:
        assert len(suppressed_addresses(session)[0]) == 1
    gateway.receive(written("I am back"))
    with desk.read() as session:
        assert suppressed_addresses(session)[0] == []


def test_a_mail_on_the_wrong_ticket_moves_and_lets_nobody_in(desk: Helpdesk, gateway: Gateway, world: World) -> None:
    agent = world.agent("Mia Mover", "support", "sales")
    gateway.receive(written())
    gateway.receive(written("A fax", sender="Ivo <ivo@example.org>", subject="Fax"))
    printer, fax = tickets(desk)
    row = gateway.receive(written("A hidden fax", sender="Eve <eve@example.org>", X_Spam_Flag="YES"))
    from helpdesk_email.desk.acts import file_into

    file_into(gateway, SYSTEM, row.uid, printer.number or "")
    stray = messages(desk, printer)[-1]
    note(desk, agent, fax.number or "", NewMessage(text="Wait for it."))
    assert move_mails(desk, agent, printer.number or "", [stray.uid], into=fax.number or "") == fax.number
    assert stray.uid in {each.uid for each in messages(desk, fax)}
    assert gateway.find(row.uid).ticket_id == fax.id
    with desk.read() as session:
        people = participants(session, fax)
    assert "carla@example.net" not in {each.user.primary_email for each in people}


def test_a_mail_becomes_a_ticket_of_its_own(desk: Helpdesk, gateway: Gateway, world: World) -> None:
    agent = world.agent("Mia Mover", "support", "sales")
    gateway.receive(written())
    printer = tickets(desk)[0]
    note(desk, agent, printer.number or "", NewMessage(text="Hm."))
    mail = messages(desk, printer)[0]
    number = move_mails(desk, agent, printer.number or "", [mail.uid], subject="Alone", department="sales")
    alone = tickets(desk)[1]
    assert (alone.number, alone.subject, alone.department.key) == (number, "Alone", "sales")
    with pytest.raises(Invalid, match="at least one mail"):
        move_mails(desk, agent, printer.number or "", [])
