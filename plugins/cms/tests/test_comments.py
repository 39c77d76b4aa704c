"""Comments become tickets, once; signed answers go back; what a site knows of an account stands at the ticket."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import func, select

from helpdesk_cms.models import FromSite, Person
from helpdesk_core.api.tickets import NewMessage, merge, note, reply
from helpdesk_core.testing.conformance import assert_conforms
from helpdesk_core.testing.queries import count_queries

from .worlds import COMMENT, MEMBER, VISITOR, Sites


@dataclass
class Receiver:
    """The site's address for answers; `statuses` are what it answers next."""

    url: str = ""
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    kept = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(kept.statuses.pop(0) if kept.statuses else 200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.url = f"http://127.0.0.1:{server.server_port}/answers"
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield kept
    server.shutdown()
    thread.join()
    server.server_close()


def fits(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """Check a signature the way Standard Webhooks describes it."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mark = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return f"v1,{mark}" in headers["webhook-signature"].split()


def test_a_comment_becomes_one_ticket_and_its_answers_go_back(world: Sites, receiver: Receiver) -> None:
    site = world.site
    assert world.call("comments", world.token(), COMMENT).status_code == 403
    world.change(comment_department="support", answers_url=receiver.url)
    made = world.call("comments", world.token(), COMMENT)
    assert made.status_code == 201, made.text
    number = made.get_json()["number"]
    again = world.call("comments", world.token(), COMMENT)
    assert (again.status_code, again.get_json()["number"]) == (200, number)
    assert again.get_json()["url"].endswith(f"/desk/tickets/{number}")

    agent = site.world.agent("Adam Agent", "support")
    note(site.desk, agent, number, NewMessage(text="Only for us."))
    reply(site.desk, agent, number, NewMessage(text="It does **now**."))
    receiver.statuses.append(500)
    site.work()
    site.clock.advance(minutes=1)
    site.work()
    site.clock.advance(hours=1)
    site.work()
    assert len(receiver.got) == 2
    headers, body = receiver.got[1]
    assert receiver.got[0][1] == body
    assert fits(world.main.secret, headers, body)
    told = json.loads(body)
    assert told["type"] == "comment.answered"
    assert told["data"]["comment"] == "c-17"
    assert told["data"]["author"] == "Adam Agent"
    assert "It does now." in told["data"]["text"]
    assert "<strong>now</strong>" in told["data"]["html"]
    assert headers["webhook-id"] == "msg_" + told["data"]["message"]

    page = site.browser(agent).get(f"/desk/tickets/{number}")
    assert "From Main" in page.words
    assert "News of May" in page.words
    bad = world.call("comments", world.token(), {**COMMENT, "id": "", "url": "news", "author": {"email": "x"}})
    assert bad.status_code == 422
    assert bad.get_json()["errors"].keys() == {"id", "url", "email"}


def test_an_answer_to_a_comment_that_is_gone_is_not_sent_again(world: Sites, receiver: Receiver) -> None:
    site = world.site
    world.change(comment_department="support", answers_url=receiver.url)
    number = world.call("comments", world.token(), COMMENT).get_json()["number"]
    agent = site.world.agent("Adam Agent", "support")
    reply(site.desk, agent, number, NewMessage(text="It does now."))
    receiver.statuses += [410, 500]
    site.work()
    site.clock.advance(hours=1)
    site.work()
    assert len(receiver.got) == 1
    reply(site.desk, agent, number, NewMessage(text="And tomorrow."))
    site.work()
    assert len(receiver.got) == 2


def test_an_answer_reaches_all_comments_whose_tickets_are_one_now(world: Sites, receiver: Receiver) -> None:
    site = world.site
    world.change(comment_department="support", answers_url=receiver.url)
    first = world.call("comments", world.token(), COMMENT).get_json()["number"]
    second = world.call("comments", world.token(), {**COMMENT, "id": "c-18"}).get_json()["number"]
    agent = site.world.agent("Adam Agent", role="admin")
    merge(site.desk, agent, second, first)
    reply(site.desk, agent, first, NewMessage(text="It does now."))
    receiver.statuses += [500, 200]
    site.work()
    site.clock.advance(hours=1)
    site.work()
    told = [json.loads(body)["data"] for _headers, body in receiver.got]
    assert [each["comment"] for each in told] == ["c-17", "c-18", "c-17", "c-18"]
    assert {each["ticket"] for each in told} == {first}
    assert len({each["message"] for each in told}) == 2, "each is taken once by a site that goes by ids"
    assert all(headers["webhook-id"] == "msg_" + json.loads(body)["data"]["message"] for headers, body in receiver.got)
    assert "appears below these comments too" in site.browser(agent).get(f"/desk/tickets/{first}").words


def test_what_is_answered_on_a_ticket_of_somebody_is_not_published_below_a_comment_merged_into_it(
    world: Sites, receiver: Receiver
) -> None:
    site = world.site
    world.change(comment_department="support", answers_url=receiver.url)
    number = world.call("comments", world.token(), COMMENT).get_json()["number"]
    agent = site.world.agent("Adam Agent", role="admin")
    mine = site.world.ticket(site.world.customer("Carla"), department="support").ticket.number or ""
    reply(site.desk, agent, number, NewMessage(text="For everybody."))
    merge(site.desk, agent, number, mine)
    reply(site.desk, agent, mine, NewMessage(text="Your password is wrong."))
    site.work()
    assert ["For everybody" in json.loads(body)["data"]["text"] for _headers, body in receiver.got] == [True]
    page = site.browser(agent).get(f"/desk/tickets/{mine}")
    assert "does not appear below these comments" in page.words


def test_the_desk_tells_of_comments_whose_tickets_were_merged_into_one_that_was_merged(world: Sites) -> None:
    site = world.site
    world.change(comment_department="support")
    agent, carla = site.world.agent("Adam Agent", role="admin"), site.world.customer("Carla")
    first = world.call("comments", world.token(), COMMENT).get_json()["number"]
    between, last = (site.world.ticket(carla, department="support").ticket.number or "" for _ in range(2))
    merge(site.desk, agent, first, between)
    merge(site.desk, agent, between, last)
    page = site.browser(agent).get(f"/desk/tickets/{last}")
    assert "does not appear below these comments" in page.words
    other = site.world.ticket(carla, department="support").ticket.number or ""
    merge(site.desk, agent, site.world.ticket(carla, department="support").ticket.number or "", other)
    assert "Comments merged into this" not in site.browser(agent).get(f"/desk/tickets/{other}").words


def test_what_a_site_knows_of_an_account_is_kept_and_shown_to_staff(world: Sites) -> None:
    site = world.site
    agent = site.world.agent("Adam Agent", "support")
    given = world.ask({**MEMBER, "data": {"plan": "gold", "number": "K-1"}})
    number = given["go"].rpartition("/")[2]
    world.fragment("tickets", {**MEMBER, "data": {"plan": "silver", "number": "K-1"}})
    page = site.browser(agent).get(f"/desk/tickets/{number}")
    assert "gold" in page.words
    assert "now: silver" in page.words
    token = site.token(agent)
    client = site.app.test_client()
    headers = {"Authorization": f"Bearer {token}"}
    shown = client.get(f"/api/v1/tickets/{number}", headers=headers).get_json()["x"]["cms"]
    assert shown["data"] == {"plan": "gold", "number": "K-1"}
    assert shown["now"]["plan"] == "silver"
    forged = {
        "subject": "x",
        "message": {"body_text": "x"},
        "department": "support",
        "x": {"cms": {"data": {"a": "b"}}},
    }
    client.post("/api/v1/tickets", headers=headers, json=forged)
    with site.desk.read() as session:
        assert session.scalar(select(func.count(FromSite.id))) == 1
        mia = session.scalar(select(Person.user_id))
    customer = next(each for each in (site.world.actor(_user(site, mia)),))
    own = client.get(f"/api/v1/tickets/{number}", headers={"Authorization": f"Bearer {site.token(customer)}"})
    assert "cms" not in own.get_json()["x"]


def test_what_is_kept_about_somebody_is_told_and_erased(world: Sites) -> None:
    from helpdesk_cms import privacy

    world.ask({**MEMBER, "data": {"plan": "gold"}})
    desk = world.site.desk
    with desk.read() as session:
        mia = session.scalar(select(Person.user_id))
    user = _user(world.site, mia)
    assert [each.name for each in privacy.data_of(desk, user)] == ["accounts", "tickets"]
    with desk.begin(world.owner) as tx:
        privacy.forget(tx, user)
    assert [each.data[0]["data"] for each in privacy.data_of(desk, user)] == [{}]


def test_pages_ask_the_database_as_often_with_many_rows(world: Sites) -> None:
    asked = []
    browser = world.site.browser(world.owner)
    for turn in range(2):
        for number in range(1 + 4 * turn):
            who = {**MEMBER, "sub": f"{turn}-{number}", "email": f"p{turn}{number}@example.com"}
            world.fragment("new", who, {"subject": f"S{number}", "body": "Hello"})
            world.ask(MEMBER, body=f"{turn} {number}")
            world.make(f"site-{turn}-{number}")
            world.call("health", world.token(aud="https://elsewhere.example"), method="GET")
        for path in ("/admin/x/cms/", "/admin/x/cms/main"):
            with count_queries(world.site.desk) as queries:
                browser.get(path)
            asked.append(len(queries))
        world.fragment("tickets")
        with count_queries(world.site.desk) as queries:
            world.fragment("tickets")
        asked.append(len(queries))
    assert asked[:3] == asked[3:]
    assert max(asked) <= 12


def test_an_admin_makes_a_site_and_changes_its_secret(world: Sites) -> None:
    browser = world.site.browser(world.owner)
    browser.get("/admin/x/cms/")
    page = browser.click("New site")
    page = browser.submit("site", name="Shop", key="Shop!", origins="www.example.com", url="http://shop.example.com")
    assert page.status == 422
    assert "A key has up to 64" in page.words
    assert "is no origin" in page.words
    page = browser.submit("site", key="shop", origins="https://Shop.example.com/ http://localhost:8080", url="")
    assert "whsec_" in page.words
    page = browser.get("/admin/x/cms/shop")
    assert "whsec_" not in page.words
    assert "https://shop.example.com\nhttp://localhost:8080" in page.text
    page = browser.submit("Make a new secret")
    assert "whsec_" in page.words
    page = browser.submit("End it")
    assert "works no more" in page.words
    page = browser.submit("Remove site")
    assert "shop" not in page.words
    agent = world.site.world.agent("Ann Agent", "support")
    assert world.site.browser(agent).get("/admin/x/cms/").status in (403, 404)


def test_visitors_bring_their_page_along(world: Sites) -> None:
    given = world.fragment("new", VISITOR, {"subject": "Hi", "body": "Hello", "email": "vera@example.net"})
    assert given["status"] == 303
    with world.site.desk.read() as session:
        assert session.scalar(select(FromSite.page)) == "https://www.example.com/support"


def test_it_keeps_the_rules_for_plugins() -> None:
    assert_conforms("cms")


def _user(site: Any, user_id: int | None) -> Any:
    from sqlalchemy.orm import selectinload

    from helpdesk_core.api.users import User

    with site.desk.read() as session:
        return session.scalars(select(User).where(User.id == user_id).options(selectinload(User.emails))).one()
