"""Messages and files through the API; internal notes never reach customers."""

import io

import pytest

from helpdesk_core.actor import Actor
from helpdesk_core.testing.site import TestClock, World
from tests.rest.callers import As, body

FIELDS = ["attachments", "author", "body_html", "body_text", "channel", "created_at", "id", "kind"]
SECRET = "Between us: she has not paid"


def test_a_customer_never_meets_an_internal_note(as_: As, world: World, agent: Actor) -> None:
    customer = world.customer()
    number = world.ticket(customer).ticket.number
    api, mine = as_(agent), as_(customer)
    file = body(api.post("/attachments", data={"file": (io.BytesIO(b"unpaid"), "dunning.txt")}), 201)
    draft = {"kind": "internal", "body_text": SECRET, "attachments": [file["id"]]}
    note = body(api.post(f"/tickets/{number}/messages", draft), 201)
    assert sorted(note) == FIELDS
    assert [each["kind"] for each in body(api.get(f"/tickets/{number}/messages"))["items"]] == ["public", "internal"]
    assert body(api.get(f"/tickets/{number}/messages/{note['id']}"))["attachments"][0]["name"] == "dunning.txt"
    assert [each["kind"] for each in body(mine.get(f"/tickets/{number}/messages"))["items"]] == ["public"]
    ticket = f"/tickets/{number}"
    for path in (f"{ticket}/messages/{note['id']}", f"/attachments/{file['id']}"):
        assert mine.get(path).status_code == 404
    for path in ("events", "operations", "held-replies"):
        assert mine.get(f"{ticket}/{path}").status_code == 403
    assert body(mine.get("/tickets?text=not paid"))["items"] == []
    for path in ("", "/messages", "/participants", "/links"):
        assert SECRET not in mine.get(f"/tickets/{number}{path}").text
    refused = body(mine.post(f"/tickets/{number}/messages", {"kind": "internal", "body_text": "Me too"}), 403)
    assert "ticket.read" in refused["detail"]
    others = as_(world.customer())
    assert others.post(f"/tickets/{number}/messages", {"kind": "internal", "body_text": "Hi"}).status_code == 404
    assert others.get(f"{ticket}/events").status_code == 404


def test_a_specialist_sees_the_ticket_from_the_desk_and_no_other(as_: As, world: World, agent: Actor) -> None:
    specialist = world.agent("Sven Specialist", "billing")
    number, other = world.ticket(department="support").ticket.number, world.ticket(department="support").ticket.number
    api, his = as_(agent), as_(specialist)
    api.post(f"/tickets/{number}/messages", {"kind": "internal", "body_text": SECRET})
    assert his.get(f"/tickets/{number}").status_code == 404
    api.post(f"/tickets/{number}/participants", {"role": "specialist", "user": specialist.uid})
    assert SECRET in his.get(f"/tickets/{number}/messages").text
    assert body(his.get(f"/tickets/{number}/events"))["items"][-1]["type"] == "participant.added"
    assert body(his.post(f"/tickets/{number}/messages", {"kind": "internal", "body_text": "Mine"}), 201)
    assert his.get(f"/tickets/{other}").status_code == 404


def test_addresses_of_colleagues_stay_inside(as_: As, world: World, agent: Actor) -> None:
    customer = world.customer()
    number = world.ticket(customer).ticket.number
    as_(agent).post(f"/tickets/{number}/messages", {"body_text": "It works again."})
    authors = [each["author"] for each in body(as_(customer).get(f"/tickets/{number}/messages"))["items"]]
    assert authors == [
        {"id": customer.uid, "name": customer.name, "email": customer.email},
        {"id": agent.uid, "name": agent.name, "email": None},
    ]


def test_a_reply_sets_whose_turn_it_is(as_: As, world: World, agent: Actor) -> None:
    customer = world.customer()
    number = world.ticket(customer).ticket.number
    api = as_(agent)
    api.post(f"/tickets/{number}/messages", {"body_text": "Which address?"})
    assert body(api.get(f"/tickets/{number}"))["waiting_on"] == "customer"
    as_(customer).post(f"/tickets/{number}/messages", {"body_text": "shop.example"})
    assert body(api.get(f"/tickets/{number}"))["waiting_on"] == "us"
    api.post(f"/tickets/{number}/messages", {"body_text": "Done.", "status": "resolved"})
    assert body(api.get(f"/tickets/{number}"))["status"] == "resolved"
    refused = as_(customer).post(f"/tickets/{number}/messages", {"body_text": "No!", "status": "open"})
    assert refused.status_code == 403


def test_the_answer_to_a_long_closed_ticket_tells_where_it_went(as_: As, world: World, clock: TestClock) -> None:
    customer = world.customer()
    number = world.ticket(customer).ticket.number
    api = as_(customer)
    api.post(f"/tickets/{number}/close")
    clock.advance(days=100)
    answer = api.post(f"/tickets/{number}/messages", {"body_text": "Again!"})
    message = body(answer, 201)
    assert f"/tickets/{number}/" not in answer.headers["Location"]
    assert body(api.get(answer.headers["Location"])) == message


def test_html_is_cleaned(as_: As, world: World) -> None:
    customer = world.customer()
    number = world.ticket(customer).ticket.number
    html = '<p onclick="x()">Hi <b>there</b></p><script>alert(1)</script><img src="https://spy.example/1.gif">'
    message = body(as_(customer).post(f"/tickets/{number}/messages", {"body_html": html}), 201)
    assert message["body_html"] == "<p>Hi <b>there</b></p><img>"
    assert message["body_text"].strip() == "Hi there"
    both = as_(customer).post(f"/tickets/{number}/messages", {"body_html": html, "body_text": "Hi"})
    assert list(body(both, 422)["errors"]) == ["body_html"]


def test_conversations_come_in_pages(as_: As, world: World, agent: Actor) -> None:
    number = world.ticket(text="1").ticket.number
    api = as_(agent)
    for text in "2345":
        api.post(f"/tickets/{number}/messages", {"body_text": text})
    first = body(api.get(f"/tickets/{number}/messages?limit=3"))
    rest = body(api.get(f"/tickets/{number}/messages?limit=3&after={first['next']}"))
    assert [each["body_text"] for each in first["items"] + rest["items"]] == list("12345")
    assert rest["next"] is None
    for nonsense in ("x", "WzFd_", "LTE", "WyJhIl0"):
        assert api.get(f"/tickets/{number}/messages?after={nonsense}").status_code == 422


def test_redaction_leaves_a_mark(as_: As, world: World) -> None:
    manager = world.agent("Mia Manager", role="manager")
    number = world.ticket(text="My password is hunter2").ticket.number
    api = as_(manager)
    (message,) = body(api.get(f"/tickets/{number}/messages"))["items"]
    path = f"/tickets/{number}/messages/{message['id']}/redact"
    assert as_(world.agent()).post(path, {"reason": "Password"}).status_code == 403
    assert list(body(api.post(path, {"reason": " "}), 422)["errors"]) == ["reason"]
    assert body(api.post(path, {"reason": "Password"}))["body_text"] == "[Removed: Password]"
    assert "hunter2" not in api.get(f"/tickets/{number}/messages").text
    assert "hunter2" not in api.get("/tickets").text
    timeline = body(api.get(f"/tickets/{number}/events"))["items"]
    assert [each["type"] for each in timeline] == ["ticket.opened", "message.posted", "message.redacted"]
    assert [each["message"] for each in timeline] == [None, message["id"], message["id"]]
    assert timeline[2]["actor"] == manager.uid


def test_a_file_goes_up_and_comes_down_as_it_was(as_: As, world: World) -> None:
    customer = world.customer()
    number = world.ticket(customer).ticket.number
    api, content = as_(customer), b"<script>alert(1)</script>" + bytes(range(256))
    made = api.post("/attachments", data={"file": (io.BytesIO(content), "../Счёт.html")})
    file = body(made, 201)
    assert file == {"id": file["id"], "name": "Счёт.html", "content_type": "text/html", "size": len(content)}
    assert as_(world.agent()).get(f"/attachments/{file['id']}").status_code == 404, "it is not sent yet"
    api.post(f"/tickets/{number}/messages", {"attachments": [file["id"]]})
    down = as_(world.agent("Other Agent")).get(made.headers["Location"])
    assert down.data == content
    down.close()
    assert down.mimetype == "application/octet-stream"
    assert down.headers["Content-Disposition"].startswith("attachment;")
    assert "sandbox" in down.headers["Content-Security-Policy"]
    assert as_(world.customer("Stranger")).get(made.headers["Location"]).status_code == 404
    again = api.post(f"/tickets/{number}/messages", {"attachments": [file["id"]]})
    assert list(body(again, 422)["errors"]) == ["attachments"]


@pytest.mark.parametrize(
    ("name", "more", "wrong"),
    [(None, {}, "file"), (None, {"file": "text"}, "file"), ("virus.exe", {}, "file"), ("a.txt", {"more": "x"}, "more")],
)
def test_uploads_that_do_not_fit(as_: As, world: World, name: str | None, more: dict[str, str], wrong: str) -> None:
    data = {**more, **({"file": (io.BytesIO(b"MZ"), name)} if name else {})}
    answer = as_(world.customer()).post("/attachments", data=data, content_type="multipart/form-data")
    assert list(body(answer, 422)["errors"]) == [wrong]
