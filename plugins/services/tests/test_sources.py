"""What sources say, by their documented answers, and how mistakes in them are told."""

from collections.abc import Callable

import pytest

from helpdesk_core.api.errors import HelpdeskError, Invalid
from helpdesk_core.api.services import ask_services, find_customer
from helpdesk_core.api.tickets import NewMessage, NewTicket, open_ticket
from helpdesk_services import sources
from helpdesk_services.kinds.base import Found, Wanted, Way
from helpdesk_services.models import Source
from helpdesk_services.sources import SourceDraft

from .conftest import Asked, Elsewhere, Services

CARLA = Wanted(addresses=("carla@example.com",))


@pytest.fixture
def ask(services: Services) -> Callable[..., Found]:
    """Return what asks a source now."""
    asker = sources.Asker(services.site.desk)

    def asks(source: Source, wanted: Wanted = CARLA) -> Found:
        return sources.trial(services.site.desk, asker, services.owner, source.uid, wanted)

    return asks


def test_a_file_is_read_again_when_it_changes_and_bad_rows_are_named(
    services: Services, ask: Callable[..., Found]
) -> None:
    source = services.file(
        "customer;id;name;type;state;link;Server\n"
        "Carla@example.com;1;example.com;hosting;active;https://panel.example.com/1;web4\n"
        "carla@example.com;;nameless;;;;\n"
        "other@example.com;2;example.net;hosting;active;;web1\n"
        "carla@example.com;3;Пример;hosting;active;javascript:alert(1);\n"
    )
    found = ask(source)
    assert [(each.id, each.name, each.facts) for each in found.services] == [
        ("1", "example.com", {"Server": "web4"}),
        ("3", "Пример", {}),
    ]
    assert [str(each) for each in found.problems] == ["Line 3: “id” is empty."]
    (services.site.desk.config.instance / "services.csv").write_text("customer,id,name\ncarla@example.com,9,New one\n")
    assert [each.name for each in ask(source).services] == ["New one"]
    (services.site.desk.config.instance / "services.csv").unlink()
    with pytest.raises(HelpdeskError, match=r"services\.csv cannot be read"):
        ask(source)


def test_a_file_of_json_has_facts_and_is_found_by_number(services: Services, ask: Callable[..., Found]) -> None:
    source = services.file('[{"customer": 17, "id": 1, "name": "VPS", "facts": {"IP": "192.0.2.1"}}, 5]', "s.json")
    found = ask(source, Wanted(number="17"))
    assert [(each.name, each.facts) for each in found.services] == [("VPS", {"IP": "192.0.2.1"})]
    assert [str(each) for each in found.problems] == ["Line 2: “customer” is empty."]


@pytest.mark.parametrize("path", ["/etc/passwd", "../secret.key", "a/../../b"])
def test_only_files_of_the_instance_are_read(services: Services, path: str) -> None:
    with pytest.raises(Invalid, match="folder of the instance"):
        services.source("file", path=path)


def test_any_json_is_read_by_pointers(services: Services, elsewhere: Elsewhere, ask: Callable[..., Found]) -> None:
    rows = [{"n": 7, "title": "example.com", "s": {"name": "web4"}}, {"title": "no id"}]
    elsewhere.answer = lambda _asked: {"data": {"a/b": rows}}
    source = services.source(
        "rest",
        url=f"{elsewhere.url}/of/{{customer}}?all=1",
        header="Authorization",
        secret="Bearer s3cret",
        items="/data/a~1b",
        id="/n",
        name="/title",
        facts="Server = /s/name",
    )
    found = ask(source, Wanted(addresses=("a+b@example.com",)))
    assert [(each.id, each.name, each.facts) for each in found.services] == [("7", "example.com", {"Server": "web4"})]
    assert len(found.problems) == 1
    assert elsewhere.asked[0].path == "/of/a%2Bb%40example.com"
    assert elsewhere.asked[0].headers["authorization"] == "Bearer s3cret"
    elsewhere.answer = lambda _asked: 404
    assert ask(source).services == []
    elsewhere.answer = lambda _asked: 500
    with pytest.raises(HelpdeskError, match=r"127\.0\.0\.1 answered with HTTP 500"):
        ask(source)


def whmcs(asked: Asked) -> str:
    assert asked.path == "/includes/api.php"
    assert (asked.fields["identifier"], asked.fields["secret"]) == ("me", "s3cret")
    if asked.fields["action"] == "GetClientsDetails":
        return "whmcs_client" if asked.fields["email"] == "carla@example.com" else "whmcs_missing"
    assert asked.fields["clientid"] == "17"
    return "whmcs_products"


def test_whmcs(services: Services, elsewhere: Elsewhere, ask: Callable[..., Found]) -> None:
    elsewhere.answer = whmcs
    source = services.source("whmcs", url=elsewhere.url, identifier="me", secret="s3cret", admin="admin")
    found = ask(source, Wanted(addresses=("nobody@example.com", "carla@example.com"))).services
    assert [(each.id, each.name, each.type, each.state) for each in found] == [
        ("41", "example.com (Starter)", "Shared Hosting", "active"),
        ("42", "VPS 2", "Servers", "suspended"),
    ]
    assert found[0].facts["Server"] == "web4"
    assert found[0].link == f"{elsewhere.url}/admin/clientsservices.php?userid=17&id=41"
    assert "do-not-keep" not in str(found)
    assert [each.id for each in ask(source, Wanted(number="17")).services] == ["41", "42"]


def test_woocommerce_shows_only_orders_of_the_customer(
    services: Services, elsewhere: Elsewhere, ask: Callable[..., Found]
) -> None:
    def shop(asked: Asked) -> object:
        if asked.path.endswith("/customers"):
            return "woocommerce_customers"
        return "woocommerce_orders" if "search" in asked.fields else []

    elsewhere.answer = shop
    source = services.source("woocommerce", url=elsewhere.url, key="ck_1", secret="cs_1")
    [order] = ask(source).services
    assert (order.id, order.name, order.state) == ("727", "#727: Web M, Mail 10", "processing")
    assert order.facts["Total"] == "29.35 EUR"
    assert {each.path for each in elsewhere.asked} == {"/wp-json/wc/v3/customers", "/wp-json/wc/v3/orders"}
    assert elsewhere.asked[0].headers["authorization"] == "Basic Y2tfMTpjc18x"


def test_blesta(services: Services, elsewhere: Elsewhere, ask: Callable[..., Found]) -> None:
    elsewhere.answer = lambda asked: "blesta_search" if "search" in asked.path else "blesta_services"
    source = services.source("blesta", url=elsewhere.url, user="api", key="s3cret", admin="admin")
    [service] = ask(source).services
    assert (service.id, service.name, service.state) == ("11", "example.com (Web M)", "active")
    assert [(each.path, each.fields.get("client_id")) for each in elsewhere.asked] == [
        ("/api/clients/search.json", None),
        ("/api/services/getAllByClient.json", "4"),
    ]


def test_fossbilling(services: Services, elsewhere: Elsewhere, ask: Callable[..., Found]) -> None:
    def answer(asked: Asked) -> str:
        if asked.path == "/api/admin/order/get_list":
            return "fossbilling_orders"
        return "fossbilling_client" if asked.fields["email"] == "carla@example.com" else "fossbilling_missing"

    elsewhere.answer = answer
    source = services.source("fossbilling", url=elsewhere.url, key="s3cret", admin="admin")
    [service] = ask(source).services
    assert (service.id, service.name, service.type) == ("31", "Web M example.com", "hosting")
    assert ask(source, Wanted(addresses=("nobody@example.com",))).services == []


def test_billmanager(services: Services, elsewhere: Elsewhere, ask: Callable[..., Found]) -> None:
    elsewhere.answer = lambda asked: "billmanager_vds" if asked.fields["func"] == "vds" else "billmanager_empty"
    source = services.source("billmanager", url=elsewhere.url, user="me", password="s3cret", functions="vds domain")
    by_month, by_day = ask(source).services
    assert (by_month.id, by_month.name, by_month.state) == ("vds-101", "vps.example.com (VPS 2)", "active")
    assert (by_day.name, by_day.state) == ("old.example.com (VPS 1)", "suspended")
    assert [dict(each.facts)["Paid until"] for each in (by_month, by_day)] == ["2027-02-01", "2027-01-15"]
    assert elsewhere.asked[0].fields["su"] == "carla@example.com"
    assert all("s3cret" not in each.path for each in elsewhere.asked)
    elsewhere.answer = lambda _asked: "billmanager_refused"
    with pytest.raises(HelpdeskError, match="BILLmanager says: Invalid username or password"):
        ask(source)


def test_places_inside_are_refused_and_secrets_stay_when_they_are_left_empty(
    services: Services, elsewhere: Elsewhere, ask: Callable[..., Found]
) -> None:
    with pytest.raises(Invalid, match="not on the public internet"):
        services.source("whmcs", url="http://10.1.1.1", identifier="me", secret="s3cret")
    elsewhere.answer = whmcs
    source = services.source("whmcs", url=elsewhere.url, identifier="me", secret="s3cret")
    assert "s3cret" not in source.secrets
    draft = SourceDraft(name="Panel", kind="whmcs", settings={"url": elsewhere.url, "identifier": "me", "secret": ""})
    sources.change(services.site.desk, services.owner, source.uid, draft)
    assert len(ask(source).services) == 2


def test_secrets_are_never_sent_to_another_place_by_themselves(
    services: Services, elsewhere: Elsewhere, ask: Callable[..., Found]
) -> None:
    source = services.source("whmcs", url=elsewhere.url, identifier="me", secret="s3cret")
    for url in ("http://127.0.0.1:9", f"http://localhost:{elsewhere.port}"):
        moved = SourceDraft(name="Panel", kind="whmcs", settings={"url": url, "identifier": "me", "secret": ""})
        with pytest.raises(Invalid) as refused:
            sources.change(services.site.desk, services.owner, source.uid, moved)
        assert "Enter it again" in str(refused.value.problems["settings.secret"])
    settings = {"url": f"{elsewhere.url}/billing", "identifier": "me", "secret": ""}
    sources.change(
        services.site.desk, services.owner, source.uid, SourceDraft(name="P", kind="whmcs", settings=settings)
    )
    settings = {"url": "http://127.0.0.1:9", "identifier": "me", "secret": "new"}
    sources.change(
        services.site.desk, services.owner, source.uid, SourceDraft(name="P", kind="whmcs", settings=settings)
    )


@pytest.mark.parametrize("url", ["http://192.0.43.8", "http://[2606:4700::1111]:8080"])
def test_secrets_do_not_travel_in_the_clear(services: Services, url: str) -> None:
    with pytest.raises(Invalid, match="https://"):
        services.source("whmcs", url=url, identifier="me", secret="s3cret")
    way = Way(allowed=(), timeout=1, instance=services.site.desk.config.instance)
    with pytest.raises(HelpdeskError, match="https://"):
        way.ask(url)


def test_a_link_that_is_no_address_is_not_linked(
    services: Services, elsewhere: Elsewhere, ask: Callable[..., Found]
) -> None:
    elsewhere.answer = lambda _asked: [{"id": 1, "name": "Web", "href": "javascript:alert(1)"}]
    source = services.source("rest", url=f"{elsewhere.url}/{{customer}}", id="/id", name="/name", link="/href")
    assert [(each.name, each.link) for each in ask(source).services] == [("Web", "")]


def test_what_a_source_said_goes_when_it_is_changed_or_removed(services: Services) -> None:
    source = services.file("customer,id,name\ncarla@example.com,1,Old\n")
    desk = services.site.desk

    def known() -> list[str]:
        with desk.read() as session:
            customer = find_customer(desk, session, services.carla.user_id or 0)
        assert customer is not None
        answers = ask_services(desk, customer, wait=10)
        return [service.name for answer in answers for service in answer.services]

    assert known() == ["Old"]
    (desk.config.instance / "other.csv").write_text("customer,id,name\ncarla@example.com,1,New\n")
    sources.change(
        desk, services.owner, source.uid, SourceDraft(name="Panel", kind="file", settings={"path": "other.csv"})
    )
    assert known() == ["New"]
    sources.remove(desk, services.owner, source.uid)
    (desk.config.instance / "third.csv").write_text("customer,id,name\nelse@example.com,1,Third\n")
    services.source("file", path="third.csv")
    assert known() == []


def test_a_key_that_tickets_name_is_not_given_again(services: Services) -> None:
    source = services.file("customer,id,name\ncarla@example.com,1,Old\n")
    extra = {"services": {"service": "services.panel:1"}}
    new = NewTicket(subject="Down", message=NewMessage(text="It is"), department="support", extra=extra)
    open_ticket(services.site.desk, services.carla, new)
    sources.remove(services.site.desk, services.owner, source.uid)
    assert services.source("file", path="services.csv").key == "panel_2"
