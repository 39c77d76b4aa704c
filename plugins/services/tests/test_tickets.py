"""Services in the form, beside tickets, in the API, in lists and conditions."""

import json

import pytest

from helpdesk_core.api import Actor
from helpdesk_core.api.automation import Condition, clause_of, explain_conditions, load_facts
from helpdesk_core.api.services import ask_services, find_customer
from helpdesk_core.api.tickets import NewMessage, NewTicket, Ticket, open_ticket
from helpdesk_core.services import asking
from helpdesk_core.testing.conformance import assert_conforms
from helpdesk_core.testing.queries import count_queries
from helpdesk_services import keeping, sources
from helpdesk_services.sources import SourceDraft

from .conftest import Elsewhere, Services

FILE = (
    "customer,id,name,type,state,Server\n"
    "carla@example.com,1,example.com,hosting,active,web4\n"
    "carla@example.com,2,VPS 2,server,suspended,node1\n"
    "other@example.com,3,secret.example.com,hosting,active,web1\n"
)
FIRST, SECOND = "services.panel:1", "services.panel:2"


def opened(services: Services, service: str, actor: Actor | None = None) -> Ticket:
    new = NewTicket(
        subject="Down", message=NewMessage(text="It is"), department="support", extra={"services": {"service": service}}
    )
    return open_ticket(services.site.desk, actor or services.carla, new).ticket


def test_a_customer_chooses_a_service_and_both_sides_see_it(services: Services) -> None:
    services.file(FILE)
    browser = services.site.browser(services.carla)
    page = browser.get("/tickets/new")
    assert "Which of your services is it about?" in page.words
    assert "VPS 2 · suspended" in page.words
    assert "Not about a product" in page.words
    assert "secret.example.com" not in page.text
    page = browser.submit("new-ticket", press="Send", subject="Down", body="It is")
    assert "Fill this in." in page.words
    page = browser.submit("new-ticket", {"x-services-service": FIRST}, press="Send")
    assert "example.com" in page.words
    number = page.path.rsplit("/", 1)[-1]
    ann = services.site.browser(services.site.world.agent("Ann Agent", "support"))
    ann.get(f"/desk/tickets/{number}")
    page = ann.click("Show what the customer has")
    assert "example.com" in page.words
    assert "web4" in page.words
    assert "Panel: 2 services" in page.words


def test_what_was_chosen_is_kept_as_it_was_and_shown_beside_what_is_now(services: Services) -> None:
    services.file(FILE)
    ticket = opened(services, FIRST)
    (services.site.desk.config.instance / "services.csv").write_text(FILE.replace("active,web4", "suspended,web9"))
    services.site.clock.advance(hours=1)
    page = services.site.browser(services.owner).get(f"/desk/x/services/tickets/{ticket.number}")
    assert "suspended" in page.words
    assert "State when it was chosen: active" in page.words
    with services.site.desk.read() as session:
        assert keeping.current(session, [ticket.id])[ticket.id].facts == {"Server": "web4"}


def test_an_agent_says_that_it_is_about_another_service_and_the_timeline_tells(services: Services) -> None:
    services.file(FILE)
    ticket = opened(services, FIRST)
    browser = services.site.browser(services.site.world.agent("Ann Agent", "support"))
    browser.get(f"/desk/x/services/tickets/{ticket.number}")
    page = browser.submit("ticket-service", {"service": SECOND}, press="Save")
    assert "Ann Agent changed the service that it is about" in page.words
    page = browser.get(f"/desk/x/services/tickets/{ticket.number}")
    assert "Before example.com" in page.words
    elsewhere = services.site.browser(services.site.world.agent("Bob Agent", "sales"))
    assert elsewhere.get(f"/desk/x/services/tickets/{ticket.number}").status == 404


def test_services_of_somebody_else_cannot_be_chosen(services: Services) -> None:
    services.file(FILE)
    with pytest.raises(Exception, match="There is no service"):
        opened(services, "services.panel:3")
    odd = {"services": {"service": 7}}
    new = NewTicket(subject="Down", message=NewMessage(text="It"), department="support", extra=odd)
    with pytest.raises(Exception, match="Give the service by its name"):
        open_ticket(services.site.desk, services.carla, new)


def test_nobody_learns_services_by_an_address_that_is_not_confirmed(services: Services) -> None:
    services.file(FILE)
    services.confirm(services.carla, confirmed=False)
    assert "example.com" not in services.site.browser(services.carla).get("/tickets/new").form("new-ticket").names
    assert "VPS 2" not in services.site.browser(services.carla).get("/tickets/new").words
    assert "VPS 2" not in services.site.browser().get("/tickets/new", email="carla@example.com").words
    ticket = services.site.world.ticket(services.carla).ticket
    page = services.site.browser(services.owner).get(f"/desk/x/services/tickets/{ticket.number}")
    assert "VPS 2" in page.words
    assert "not confirmed" in page.words


def test_a_source_that_is_down_keeps_no_ticket_from_being_opened(services: Services, elsewhere: Elsewhere) -> None:
    elsewhere.gate.clear()
    services.source("rest", url=f"{elsewhere.url}/{{customer}}", id="/id", name="/name")
    browser = services.site.browser(services.carla)
    page = browser.get("/tickets/new")
    assert "cannot be looked up just now" in page.words
    page = browser.submit(
        "new-ticket", {"x-services-service": "other"}, press="Send", subject="Down", body="The shop is down"
    )
    assert page.path.startswith("/tickets/1")
    elsewhere.answer = lambda _asked: 503
    elsewhere.gate.set()


def test_a_server_that_hangs_takes_nothing_from_another_source(services: Services, elsewhere: Elsewhere) -> None:
    settings = {"url": f"{elsewhere.url}/{{customer}}", "id": "/id", "name": "/name"}
    sources.make(services.site.desk, services.owner, SourceDraft(name="Slow", kind="rest", settings=settings))
    people = [services.site.world.customer(f"Carla {number}", address=f"c{number}@example.com") for number in range(20)]
    rows = "".join(f"c{number}@example.com,{number},site{number}.example.com\n" for number in range(20))
    services.file(f"customer,id,name\n{rows}")
    for each in people:
        services.confirm(each)
    elsewhere.gate.clear()
    desk = services.site.desk
    with desk.read() as session:
        customers = [find_customer(desk, session, each.user_id or 0) for each in people]
    for number, customer in enumerate(customers):
        assert customer is not None
        slow, panel = ask_services(desk, customer, wait=0 if number < asking.MOST_CALLS else 20)
        assert slow.problem
        if number < asking.MOST_CALLS:
            continue
        assert [service.name for service in panel.services] == [f"site{number}.example.com"]
    assert len(elsewhere.asked) <= asking.MOST_CALLS + asking.FAILURES, "others do not knock at a door that stays shut"
    form = services.site.browser(people[-1]).get("/tickets/new", department="support")
    assert "site19.example.com" in form.words


def test_staff_who_open_for_a_caller_choose_among_the_callers_services(services: Services) -> None:
    services.file(FILE)
    browser = services.site.browser(services.site.world.agent("Ann Agent", "support"))
    page = browser.get("/desk/tickets/new")
    assert "Which service" not in page.words
    given = {"email": "carla@example.com", "subject": "Called", "body": "It is down"}
    page = browser.submit("email", given, press="then=questions")
    assert "Which service is it about?" in page.words
    page = browser.submit("email", {"x-services-service": SECOND}, press="Open ticket")
    number = page.path.rsplit("/", 1)[-1]
    with services.site.desk.read() as session:
        [row] = keeping.current(session, [session.query(Ticket).filter_by(number=number).one().id]).values()
    assert row.name == "VPS 2"


def test_the_api_shows_and_takes_services(services: Services) -> None:
    services.file(FILE)
    client, token = services.site.app.test_client(), services.site.token(services.carla)
    headers = {"Authorization": f"Bearer {token}"}
    mine = client.get("/api/v1/x/services/mine", headers=headers).get_json()
    assert [each["key"] for each in mine["sources"][0]["services"]] == [FIRST, SECOND]
    body = {"subject": "Down", "message": {"body_text": "It is"}, "department": "support"}
    made = client.post("/api/v1/tickets", headers=headers, json={**body, "x": {"services": {"service": SECOND}}})
    assert made.get_json()["x"]["services"]["name"] == "VPS 2"
    assert "facts" not in made.get_json()["x"]["services"]
    wrong = client.post("/api/v1/tickets", headers=headers, json={**body, "x": {"services": {"service": "no:1"}}})
    assert wrong.status_code in (409, 422)
    assert "There is no service" in json.dumps(wrong.get_json(), ensure_ascii=False)
    number = made.get_json()["number"]
    staff = {"Authorization": f"Bearer {services.site.token(services.owner)}"}
    path = f"/api/v1/x/services/tickets/{number}"
    assert client.get(path, headers=headers).status_code in (403, 404)
    assert client.put(path, headers=staff, json={"service": FIRST}).status_code == 204
    shown = client.get(f"/api/v1/tickets/{number}", headers=staff).get_json()["x"]["services"]
    assert (shown["name"], shown["facts"]) == ("example.com", {"Server": "web4"})
    assert client.put(path, headers=staff, json={"service": "no:1"}).status_code == 422


@pytest.mark.parametrize(
    ("field", "operator", "value", "hits"),
    [
        ("services.type", "is", "hosting", [0]),
        ("services.type", "is", "HOSTING", [0]),
        ("services.type", "is_not", "hosting", [1, 2, 3]),
        ("services.state", "is", "Suspended", [1]),
        ("services.state", "is", "suspended", [1]),
        ("services.name", "has", "EXAMPLE", [0]),
        ("services.about", "is", "none", [2]),
        ("services.about", "is_unset", "", [3]),
        ("services.name", "is_unset", "", [2, 3]),
    ],
)
def test_conditions_mean_the_same_to_the_database_and_one_by_one(
    services: Services, field: str, operator: str, value: str, hits: list[int]
) -> None:
    services.file(FILE)
    tickets = [opened(services, each) for each in (FIRST, SECOND, "none", "")]
    desk, condition = services.site.desk, Condition(field, operator, (value,) if value else ())
    ids = [each.id for each in tickets]
    with desk.read() as session:
        clause = clause_of(desk, condition, desk.now())
        assert clause is not None
        found = set(session.scalars(session.query(Ticket.id).filter(clause).statement))
        known = load_facts(desk, session, ids, [field])
    each_by_each = [
        place for place, id in enumerate(ids) if explain_conditions(desk, [condition], known[id], desk.now())[0].holds
    ]
    assert [place for place, id in enumerate(ids) if id in found] == hits == each_by_each


def test_lists_and_searches_find_tickets_by_service(services: Services) -> None:
    services.file(FILE)
    first, second, none = (opened(services, each) for each in (FIRST, SECOND, "none"))
    browser = services.site.browser(services.owner)
    for words, hit in (("service:EXAMPLE.com", first), ("service:Server", second), ("service:none", none)):
        page = browser.get("/desk/search", q=words)
        assert [each for each in (first, second, none) if f"/desk/tickets/{each.number}" in page.text] == [hit]


def test_the_ticket_page_costs_no_query_more(services: Services) -> None:
    services.file(FILE)
    ticket = opened(services, FIRST)
    browser = services.site.browser(services.owner)
    browser.get(f"/desk/tickets/{ticket.number}")
    with count_queries(services.site.desk) as asked:
        browser.get(f"/desk/tickets/{ticket.number}")
    assert "services" not in str(asked)
    assert len(asked) <= 8


def test_admins_add_try_and_remove_a_source(services: Services, elsewhere: Elsewhere) -> None:
    browser = services.site.browser(services.owner)
    page = browser.get("/admin/x/services/")
    assert "No source yet" in page.words
    browser.click("Any JSON over HTTP")
    page = browser.submit("source", name="Panel", press="Add source")
    assert (page.status, "Fill this in." in page.words) == (422, True)
    page = browser.submit(
        "source",
        {"settings.url": f"{elsewhere.url}/{{customer}}", "settings.secret": "s3cret", "settings.header": "X-Key"},
    )
    assert "Saved." in page.words
    assert "s3cret" not in page.text
    elsewhere.answer = lambda asked: [{"id": 1, "name": f"Of {asked.path[1:]}"}, {"id": 2}]
    page = browser.submit("trial-form", customer="carla@example.com")
    assert "Of carla%40example.com" in page.words
    assert "Service 2 has no id or no name." in page.words
    elsewhere.answer = lambda _asked: 401
    page = browser.submit("trial-form", customer="carla@example.com")
    assert "It did not work" in page.words
    assert "HTTP 401" in page.words
    assert "The source is gone" in browser.submit("Remove source").words
    ann = services.site.browser(services.site.world.agent("Ann Agent", "support"))
    assert ann.get("/admin/x/services/").status in (403, 404)


def test_an_erased_persons_services_are_forgotten(services: Services) -> None:
    from helpdesk_core.users.privacy import erase_user

    services.file(FILE)
    ticket = opened(services, FIRST)
    erase_user(services.site.desk, services.owner, services.carla.uid or "")
    with services.site.desk.read() as session:
        row = keeping.current(session, [ticket.id])[ticket.id]
    assert (row.name, row.facts, row.type) == ("", {}, "hosting")


def test_it_keeps_the_rules_for_plugins() -> None:
    assert_conforms("services")
