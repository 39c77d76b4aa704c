"""Questions in the form: asked where they belong, answered, kept, shown, found."""

from collections.abc import Sequence

import pytest
from sqlalchemy import select

from helpdesk_core.api import Actor, hookimpl
from helpdesk_core.api.automation import Condition, clause_of, explain_conditions, load_facts
from helpdesk_core.api.hooks import customer_services
from helpdesk_core.api.services import Customer, Service, ServiceSource
from helpdesk_core.api.tickets import (
    Message,
    NewMessage,
    NewTicket,
    Requester,
    Ticket,
    merge,
    open_ticket,
    redact,
    reply,
)
from helpdesk_core.testing.browser import File
from helpdesk_core.testing.queries import count_queries
from helpdesk_questions import showing

from .conftest import Asking

PAID = {"invoice.number": "R-17", "invoice.matter": "paid", "invoice.payment": "card", "invoice.amount": "12,50"}


def opened(asking: Asking, answers: object, department: str = "billing", **more: object) -> Ticket:
    actor: Actor = more.pop("actor", asking.carla)  # type: ignore[assignment]  # fields of all types
    new = NewTicket(
        subject="Paid",
        message=NewMessage(text="But"),
        department=department,
        extra={"questions": answers},
        **more,  # type: ignore[arg-type]  # as above
    )
    return open_ticket(asking.site.desk, actor, new).ticket


def test_a_department_asks_its_questions_and_answers_lead_to_others(asking: Asking) -> None:
    browser = asking.site.browser(asking.carla)
    page = browser.get("/tickets/new", department="sales")
    assert "What about the invoice?" not in page.words
    page = browser.get("/tickets/new", department="billing")
    assert "Number of the invoice" in page.words
    assert "It stands at the top right." in page.words
    assert "How was it paid?" not in page.words
    page = browser.submit("new-ticket", {"x-questions-invoice.matter": "paid"}, press="then=questions")
    assert "How was it paid?" in page.words
    given = {"x-questions-invoice.amount": "much", "subject": "Paid", "body": "But it does not show"}
    page = browser.submit("new-ticket", given, press="Send")
    assert page.link("How was it paid?: Fill this in.") == "#f-x-questions-invoice.payment"
    assert "Write a number." in page.words
    answers = {"x-questions-invoice.amount": "12,5", "x-questions-invoice.payment": "card"}
    page = browser.submit("new-ticket", answers, press="Send")
    assert "How was it paid? Card" in page.words
    ann = asking.site.browser(asking.site.world.agent("Ann Agent", "billing"))
    page = ann.get(f"/desk/tickets/{page.path.rsplit('/', 1)[-1]}")
    assert "What about the invoice? I have paid, and it does not show" in page.words
    assert "Amount 12.5" in page.words


def test_questions_are_asked_in_the_language_of_whoever_answers(asking: Asking) -> None:
    user = asking.site.world.user("Galina", locale="ru")
    page = asking.site.browser(asking.site.world.actor(user)).get("/tickets/new", department="billing")
    assert "Номер счёта" in page.words


def test_a_visitor_is_asked_too(asking: Asking) -> None:
    page = asking.site.browser().get("/tickets/new", department="billing")
    assert "Number of the invoice" in page.words


class Panel:
    """A billing system of another plugin."""

    @hookimpl(customer_services)
    def sources(self, customer: Customer) -> Sequence[ServiceSource]:
        services = [
            Service(id="1", name="example.com", type="Hosting"),
            Service(id="2", name="Mail", type="mail"),
        ]
        return [ServiceSource(key="panel", name="Panel", fetch=lambda: services)]


def test_the_kind_of_service_decides_and_a_required_file_has_to_come_along(asking: Asking) -> None:
    asking.site.desk.hooks.register(Panel(), "panel")
    answers = {"site.address": "example.com", "site.what": "error"}
    with pytest.raises(Exception, match="is not asked here"):
        opened(asking, answers, "support")
    new = NewTicket(
        subject="Down",
        message=NewMessage(text="It is"),
        department="support",
        extra={"questions": answers, "services": {"service": "panel.panel:1"}},
    )
    with pytest.raises(Exception, match="Attach a file: A picture of the error"):
        open_ticket(asking.site.desk, asking.carla, new)
    browser = asking.site.browser(asking.carla)
    assert "Which mailbox?" not in browser.get("/tickets/new", department="support").words


def test_a_file_that_is_asked_for_is_named_among_the_answers(asking: Asking) -> None:
    asking.take_in(
        '[[sets]]\nkey = "f"\ndepartments = ["sales"]\n'
        '[[sets.questions]]\nkey = "plan"\nkind = "file"\nrequired = true\ntext = "Your plan"\n'
    )
    browser = asking.site.browser(asking.carla)
    page = browser.get("/tickets/new", department="sales")
    assert "Your plan Add it below, under “Files”." in page.words
    page = browser.submit("new-ticket", press="Send", subject="Plan", body="See")
    assert page.status == 422
    assert "Attach a file: Your plan" in page.words
    page = browser.submit("new-ticket", {"files": File("plan.pdf", b"%PDF-1.4")}, press="Send")
    assert "Your plan plan.pdf" in page.words


def test_staff_who_write_for_a_caller_need_not_answer(asking: Asking) -> None:
    ann = asking.site.world.agent("Ann Agent", "billing")
    browser = asking.site.browser(ann)
    browser.get("/desk/tickets/new")
    given = {"email": "carla@example.com", "subject": "Called", "body": "About an invoice", "department": "billing"}
    page = browser.submit("email", given, press="then=questions")
    assert "Number of the invoice" in page.words
    page = browser.submit("email", {"x-questions-invoice.number": "R-9"}, press="Open ticket")
    assert "Number of the invoice R-9" in page.words


def test_mail_and_programs_that_know_nothing_of_questions_open_tickets(asking: Asking) -> None:
    assert asking.site.world.ticket(asking.carla, department="billing").ticket.number


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"invoice.matter": "copy", "other.thing": "x"}, "“other.thing” is not asked here"),
        ({"invoice.matter": "nothing"}, "Choose from the list"),
        ({"invoice.number": "R-1"}, "What about the invoice.: fill this in"),
        ({"invoice.matter": "paid", "invoice.payment": ["card", "transfer"]}, "Choose from the list"),
        ("yes", "Give the answers by question"),
    ],
)
def test_answers_that_do_not_fit_are_refused_with_the_reason(asking: Asking, answers: object, said: str) -> None:
    with pytest.raises(Exception, match=said):
        opened(asking, answers)


def test_the_api_asks_takes_and_shows(asking: Asking) -> None:
    client = asking.site.app.test_client()
    headers = {"Authorization": f"Bearer {asking.site.token(asking.carla)}"}
    asked = client.get("/api/v1/x/questions/asked?department=billing", headers=headers).get_json()["questions"]
    assert [each["name"] for each in asked] == list(PAID)
    assert asked[2]["only_if"] == {"question": "invoice.matter", "is": ["paid"]}
    body = {"subject": "Paid", "message": {"body_text": "But"}, "department": "billing", "x": {"questions": PAID}}
    made = client.post("/api/v1/tickets", headers=headers, json=body).get_json()
    assert [(each["key"], each["answer"], each["version"]) for each in made["x"]["questions"]] == [
        ("invoice.number", "R-17", 1),
        ("invoice.matter", "I have paid, and it does not show", 1),
        ("invoice.payment", "Card", 1),
        ("invoice.amount", "12.50", 1),
    ]
    assert client.get("/api/v1/x/questions/sets", headers=headers).status_code == 403


def test_answers_stay_as_they_were_asked_when_the_questions_change(asking: Asking) -> None:
    ticket = opened(asking, PAID)
    asking.take_in(
        '[[sets]]\nkey = "invoice"\ndepartments = ["billing"]\n'
        '[[sets.questions]]\nkey = "number"\ntext = "Which invoice?"\n'
    )
    first = showing.answers(asking.site.desk, [ticket.id])[ticket.id][0]
    assert (first.question, first.version) == ("Number of the invoice", 1)
    again = opened(asking, {"invoice.number": "R-18"})
    [only] = showing.answers(asking.site.desk, [again.id])[again.id]
    assert (only.question, only.version) == ("Which invoice?", 2)


@pytest.mark.parametrize(
    ("field", "operator", "value", "hits"),
    [
        ("questions.answer", "has", "invoice.payment: CARD", [0]),
        ("questions.answer", "has", "r-1", [0, 1]),
        ("questions.answer", "has_not", "r-17", [1, 2]),
        ("questions.set", "is", "invoice", [0, 1]),
        ("questions.chosen", "is", "invoice.payment: card", [0]),
        ("questions.chosen", "is_not", "invoice.matter: copy", [0, 2]),
        ("questions.chosen", "is_unset", "", [2]),
        ("questions.set", "is_unset", "", [2]),
    ],
)
def test_conditions_mean_the_same_to_the_database_and_one_by_one(
    asking: Asking, field: str, operator: str, value: str, hits: list[int]
) -> None:
    some = {"invoice.number": "R-18", "invoice.matter": "copy"}
    tickets = [opened(asking, PAID), opened(asking, some), opened(asking, {}, "sales")]
    desk, condition = asking.site.desk, Condition(field, operator, (value,) if value else ())
    with desk.read() as session:
        clause = clause_of(desk, condition, desk.now())
        assert clause is not None
        found = set(session.scalars(session.query(Ticket.id).filter(clause).statement))
        known = load_facts(desk, session, [each.id for each in tickets], [field])
    one_by_one = [explain_conditions(desk, [condition], known[each.id], desk.now())[0].holds for each in tickets]
    assert [place for place, each in enumerate(tickets) if each.id in found] == hits
    assert [place for place, holds in enumerate(one_by_one) if holds] == hits


def test_searches_find_tickets_by_their_answers_for_those_who_may_see_them(asking: Asking) -> None:
    number = opened(asking, PAID).number
    browser = asking.site.browser(asking.site.world.agent("Ann Agent", "billing"))
    page = browser.get("/desk/search/pages", q="R-17")
    assert f"/desk/tickets/{number}" in page.text
    assert "R-17" in page.words
    assert f"/desk/tickets/{number}" in browser.get("/desk/search", q="answer:R-17").text
    elsewhere = asking.site.browser(asking.site.world.agent("Bob Agent", "sales"))
    assert f"/desk/tickets/{number}" not in elsewhere.get("/desk/search/pages", q="R-17").text


def test_a_page_asks_the_database_once_for_all_answers(asking: Asking) -> None:
    ticket = opened(asking, PAID)
    browser = asking.site.browser(asking.owner)
    browser.get(f"/desk/tickets/{ticket.number}")
    with count_queries(asking.site.desk) as asked:
        browser.get(f"/desk/tickets/{ticket.number}")
    assert str(asked).count("questions_") <= 2 * str(asked).count("questions_answers")
    assert len(asked) <= 8


@pytest.mark.parametrize("into_older", [True, False])
def test_answers_go_with_their_message_wherever_it_stands(asking: Asking, into_older: bool) -> None:
    older, newer = opened(asking, PAID), opened(asking, {**PAID, "invoice.number": "R-18"})
    source, target = (newer, older) if into_older else (older, newer)
    desk = asking.site.desk
    with desk.read() as session:
        firsts = {
            ticket.id: session.scalars(select(Message.uid).where(Message.ticket_id == ticket.id)).one()
            for ticket in (source, target)
        }
    merge(desk, asking.owner, source.number or "", target.number or "")
    redact(desk, asking.owner, target.number or "", firsts[source.id], "a card number")
    left = showing.answers(desk, [source.id, target.id])
    assert {ticket_id: len(rows) for ticket_id, rows in left.items()} == {target.id: 4}
    redact(desk, asking.owner, target.number or "", firsts[target.id], "a card number")
    assert not showing.answers(desk, [source.id, target.id])


def test_answers_stay_when_a_later_message_is_redacted(asking: Asking) -> None:
    ticket = opened(asking, PAID)
    desk = asking.site.desk
    later = reply(desk, asking.owner, ticket.number or "", NewMessage(text="Thanks"))
    redact(desk, asking.owner, ticket.number or "", later.message.uid, "too much")
    assert len(showing.answers(desk, [ticket.id])[ticket.id]) == 4


def test_answers_go_with_the_message_they_came_with_and_with_the_person(asking: Asking) -> None:
    from helpdesk_core.users.privacy import erase_user

    ticket = opened(asking, PAID)
    other = opened(asking, PAID, actor=asking.owner, requester=Requester(email="else@example.com"))
    erase_user(asking.site.desk, asking.owner, asking.carla.uid or "")
    left = showing.answers(asking.site.desk, [ticket.id, other.id])
    assert {ticket_id: len(rows) for ticket_id, rows in left.items()} == {other.id: 4}
