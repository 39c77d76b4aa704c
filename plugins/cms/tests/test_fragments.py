"""Parts of pages: asking, reading, answering, searching; with a customer's rights, in other sites' pages."""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest

from helpdesk_core.api import Actor, FormField, Panel, hookimpl
from helpdesk_core.api.hooks import portal_answers, portal_article, portal_status, ticket_form_fields, ticket_opening
from helpdesk_core.api.tickets import NewMessage, reply
from helpdesk_core.api.web import Answer, Article
from helpdesk_core.testing.distributions import Distributions

from .worlds import HERE, MEMBER, PAGE, VISITOR, Sites


def number_in(given: dict[str, Any]) -> str:
    assert given["status"] == 303, given["html"]
    return str(given["go"]).rpartition("/")[2]


def test_a_member_asks_reads_and_answers(world: Sites) -> None:
    form = world.fragment("new")
    assert (form["status"], form["title"], form["max_age"] > 0) == (200, "Ask for help", True)
    assert form["html"].count("<!--helpdesk-->") == 1
    assert f'action="{PAGE}?helpdesk=new"' in form["html"]
    assert 'name="email"' not in form["html"]
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=|csrf_token", form["html"])
    number = number_in(world.ask(subject="Down & <out>"))
    listed = world.fragment("tickets")
    assert "Down &amp; &lt;out&gt;" in listed["html"]
    assert f'href="{PAGE}?helpdesk=tickets%2F{number}"' in listed["html"]

    site = world.site
    agent = site.world.agent("Adam Agent", "support")
    reply(site.desk, agent, number, NewMessage(text="Try **this** <script>alert(1)</script>"))
    shown = world.fragment(f"tickets/{number}", page=PAGE + "?a=1&helpdesk=new")
    assert "<strong>this</strong>" in shown["html"]
    assert "<script" not in shown["html"]
    assert f'action="{PAGE}?a=1&amp;helpdesk=tickets%2F{number}"' in shown["html"]
    empty = world.fragment(f"tickets/{number}", form={"body": " ", "do": "reply"})
    assert (empty["status"], "something to mend" in empty["html"]) == (422, True)
    sent = {"body": "It works.", "do": "reply", "form_uid": "r" * 22}
    for _twice in range(2):
        assert world.fragment(f"tickets/{number}", form=sent)["go"] == f"tickets/{number}"
    assert world.fragment(f"tickets/{number}")["html"].count("It works.") == 1
    for act, word in (("close", "Open it again"), ("reopen", "Close this ticket")):
        assert world.fragment(f"tickets/{number}", form={"do": act})["status"] == 303
        assert word in world.fragment(f"tickets/{number}")["html"]


def test_characters_that_no_text_can_have_are_refused(world: Sites) -> None:
    refusal = "has a character that no text can have (NUL)"
    asked = world.ask(subject="nu\0l")
    assert (asked["status"], refusal in asked["html"]) == (422, True)
    number = number_in(world.ask())
    answered = world.fragment(f"tickets/{number}", form={"body": "nu\0l", "do": "reply"})
    assert (answered["status"], refusal in answered["html"]) == (422, True)


def test_nobody_sees_the_tickets_of_somebody_else(world: Sites) -> None:
    number = number_in(world.ask())
    stranger = {**MEMBER, "sub": "8", "email": "sam@example.com", "name": "Sam"}
    for form in (None, {"body": "Hello", "do": "reply"}, {"do": "close"}):
        given = world.fragment(f"tickets/{number}", stranger, form)
        assert (given["status"], "Down" in given["html"]) == (404, False)
    other = world.make("other")
    body = {"path": f"tickets/{number}", "page": PAGE}
    same_id = world.call("fragment", world.token(key=other, **{**MEMBER, "email_verified": False}), body).get_json()
    assert "Down" not in same_id["html"]
    assert "Sign in on this site" in world.fragment(f"tickets/{number}", VISITOR)["html"]


def test_staff_are_customers_in_pages_of_sites(world: Sites) -> None:
    world.change(staff=True)
    world.site.world.agent("Adam Agent", "support", address="adam@example.com")
    number = number_in(world.ask())
    adam: dict[str, Any] = {"sub": "a", "email": "adam@example.com", "email_verified": True}
    assert world.fragment(f"tickets/{number}", adam)["status"] == 404
    board = world.call("dashboard", world.token(**adam), method="GET").get_json()
    assert board["counts"][0] == {"label": "Waiting for us", "count": 1, "url": f"{HERE}/desk/"}
    assert board["tickets"][0]["number"] == number
    assert board["tickets"][0]["url"] == f"{HERE}/desk/tickets/{number}"
    assert world.call("dashboard", world.token(**MEMBER), method="GET").status_code == 403


def test_a_visitor_asks_and_has_the_answer_by_mail(world: Sites) -> None:
    wrong = world.fragment("new", VISITOR, {"subject": "Hi", "body": "", "email": "nonsense"})
    assert wrong["status"] == 422
    assert 'value="Hi"' in wrong["html"]
    assert wrong["html"].count('aria-invalid="true"') == 2
    asked = {"subject": "Hi", "body": "Hello there", "email": "vera@example.net", "name": "Vera"}
    number = number_in(world.fragment("new", VISITOR, asked))
    assert number in world.fragment(f"sent/{number}", VISITOR)["html"]
    world.site.work()
    assert b"Hi" in world.site.mail.to("vera@example.net")[0].content
    # The same form, kept by a shell, is another person's or another question's: nothing of it is lost.
    assert number_in(world.fragment("new", VISITOR, {**asked, "body": "Another thing"})) != number
    assert number_in(world.fragment("new", VISITOR, asked)) == number
    prefilled = world.fragment("new", {"sub": "9", "email": "una@example.com", "name": "Una", "email_verified": False})
    assert 'value="una@example.com"' in prefilled["html"]
    world.site.world.agent("Adam Agent", address="adam@example.com")
    staff = world.fragment("new", VISITOR, {**asked, "email": "adam@example.com"})
    assert (staff["status"], "Sign in to write from this address" in staff["html"]) == (422, True)


def test_visitors_are_limited_by_their_own_address_and_not_by_the_servers(world: Sites) -> None:
    for turn in range(12):
        who = {"ip": f"192.0.2.{turn}"}
        asked = {"subject": "Hi", "body": "Hello", "email": f"v{turn}@example.net"}
        assert world.fragment("new", who, asked)["status"] == 303
    for turn in range(10):
        asked = {"subject": "Hi", "body": "Hello", "email": f"w{turn}@example.net"}
        given = world.fragment("new", {"ip": "192.0.2.99"}, asked)
        assert given["status"] == 303
    given = world.fragment("new", {"ip": "192.0.2.99"}, {"subject": "Hi", "body": "Hello", "email": "x@example.net"})
    assert (given["status"], "Too many attempts" in given["html"]) == (422, True)


def test_files_come_along_and_open_from_the_other_site(world: Sites) -> None:
    form = {"subject": "Log", "body": "See the file.", "form_uid": "f" * 22}
    refused = world.upload("new", MEMBER, {**form, "body": ""}, "log.txt", b"smoke")
    assert (refused["status"], "log.txt" in refused["html"]) == (422, True)
    kept = re.search(r'name="attachments" value="([^"]+)"', refused["html"])
    assert kept is not None
    number = number_in(world.fragment("new", form={**form, "attachments": [kept[1]]}))
    shown = world.fragment(f"tickets/{number}")["html"]
    link = re.search(rf'href="{HERE}(/x/cms/file/[^"]+)"', shown)
    assert link is not None
    client = world.site.app.test_client()
    file = client.get(link[1])
    assert (file.status_code, file.data) == (200, b"smoke")
    assert "sandbox" in file.headers["Content-Security-Policy"]
    assert client.get(link[1][:-3] + "AAA").status_code == 404
    world.site.clock.advance(hours=2)
    assert client.get(link[1]).status_code == 404
    visitor = world.upload("new", VISITOR, {**form, "email": "vera@example.net", "body": ""}, "log.txt", b"x")
    assert "Choose the files once more" in visitor["html"]
    refused = world.upload("new", VISITOR, {**form, "email": "vera@example.net"}, "run.exe", b"x")
    assert "files of the type .exe are not accepted" in refused["html"]
    assert "Choose the files once more" in refused["html"]


def test_what_cannot_be_read_is_a_problem_that_names_the_mend(world: Sites) -> None:
    token = world.token()
    cases: list[tuple[Any, int, str]] = [
        ({"path": "new"}, 422, "page"),
        ({"path": "new", "page": "javascript:alert(1)"}, 422, "page"),
        ({"path": "new", "page": '/x"><script>'}, 422, "page"),
        ({"path": "new", "page": "//evil.example"}, 422, "page"),
        ({"path": "new", "page": "https://[x"}, 422, "page"),
        ({"path": "new", "page": "https://exam\u2100ple.com/"}, 422, "page"),
        ({"path": "new", "page": PAGE, "method": "DELETE"}, 422, "method"),
        ({"path": "new", "page": PAGE, "x": {"y": 1}}, 422, "x"),
        ([1], 422, "JSON"),
    ]
    for body, status, word in cases:
        answer = world.call("fragment", token, body)
        assert (answer.status_code, word in answer.text) == (status, True), body
    hostile = ("x://[", "//[", "http://[x]:y/?[", "article/a\0b", "article/\ud800", "search?q=%00abc", "new?%01=a")
    for path in (*hostile, "nowhere", "tickets/../../admin", "article/none", "tickets/%00", "x" * 5000):
        assert world.fragment(path)["status"] == 404, path


def test_the_page_speaks_the_persons_language_and_knows_where_it_stands(world: Sites) -> None:
    given = world.fragment("new", {**MEMBER, "locale": "de-AT"})
    assert 'lang="de' in given["html"]
    assert "Betreff" in given["html"]
    health = world.call("health", world.token(), method="GET").get_json()
    assert (health["ok"], health["site"], health["contract"]) == (True, "main", 1)
    assert health["may"] == ["embed", "sign-in", "answers"]
    world.change(department="support", comment_department="support", answers_url="https://www.example.com/answers")
    assert world.call("health", world.token(), method="GET").get_json()["may"][-2:] == ["comments", "answers-back"]


class Helper:
    """What a plugin does that answers questions, asks some, and says how services do."""

    seen: ClassVar[dict[str, Any]] = {}

    @hookimpl(portal_answers)
    def answers(self, text: str) -> Sequence[Answer]:
        """Know two articles."""
        Helper.seen["text"] = text
        return [
            Answer(title="Mail on a phone", href="/x/helper/1", text=text, slug="en/mail"),
            Answer(title="B", href="/b"),
        ]

    @hookimpl(portal_article)
    def article(self, slug: str, actor: Actor) -> Article | None:
        """Return one for members."""
        html = '<p>Set it <a href="/x/helper/2">up</a>.</p>'
        return Article(title="Mail on a phone", html=html) if slug == "en/mail" and actor.is_signed_in else None

    @hookimpl(portal_status)
    def status(self) -> Panel | None:
        """Say that all is well."""
        return Panel(template="helper/status.html")

    @hookimpl(ticket_form_fields)
    def fields(self, department: str | None) -> Sequence[FormField]:
        """Ask which product it is, what was changed of it, and for a picture."""
        parts = (("dns", "The domain"), ("code", "The site"))
        asked = [
            FormField(name="product", label="Product", required=True),
            FormField(name="changed", label="What was changed?", kind="checkboxes", options=parts, asks_again=True),
            FormField(name="picture", label="A picture of it", kind="note", hint="Add it below."),
        ]
        return asked if department else []

    @hookimpl(ticket_opening)
    def opening(self, draft: Any) -> None:
        """Keep the answer."""
        Helper.seen = dict(draft.extra)


@pytest.fixture
def with_helper(open_world: Callable[..., Sites], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sites]:
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    made = Distributions(folder)
    names = ("answers", "article", "status", "fields", "opening")
    body = "\n".join(f"{name} = Helper.{name}" for name in names)
    package = made.add("helper", body, head=f"from {__name__} import Helper")
    (package / "templates" / "helper").mkdir(parents=True)
    (package / "templates" / "helper" / "status.html").write_text("{#- contract: 1 -#}<p>All is well.</p>", "utf-8")
    yield open_world("helper")
    made.forget()


def test_plugins_answer_ask_and_tell_in_pages_of_sites(with_helper: Sites) -> None:
    world = with_helper
    assert world.fragment("search", form={"q": "mail & co"})["go"] == "search?q=mail+%26+co"
    found = world.fragment("search?q=mail+%26+co")["html"]
    assert f'href="{PAGE}?helpdesk=article%2Fen%2Fmail"' in found
    assert "mail &amp; co" in found
    assert f'href="{HERE}/b"' in found
    article = world.fragment("article/en/mail")
    assert f'<a href="{HERE}/x/helper/2">' in article["html"]
    assert world.fragment("article/en/mail", VISITOR)["status"] == 404
    assert "All is well." in world.fragment("status")["html"]
    assert "Find an answer" in world.fragment("start")["title"]

    world.fragment("new", form={"subject": "mail\0down", "then": "questions"})
    assert Helper.seen["text"] == "mail down"

    form = {"subject": "Down", "body": "It is.", "x-helper-product": ""}
    again = world.fragment("new", form={**form, "x-helper-changed": ["dns", "code"]})["html"]
    assert re.findall(r'type="checkbox" name="x-helper-changed" value="(\w+)" checked', again) == ["dns", "code"]
    assert [again.count(f'name="x-helper-{name}"') for name in ("product", "changed", "picture")] == [1, 2, 0]
    order = ("Product", "A picture of it", "Show the questions for it", "Subject</label>")
    places = [again.index(each) for each in order]
    assert places == sorted(places), "the button stands below what it asks again for"
    number_in(world.fragment("new", form={**form, "x-helper-product": "Shop", "x-helper-changed": ["dns", "code"]}))
    assert Helper.seen["helper"] == {"product": "Shop", "changed": "dns\ncode"}

    client = world.site.app.test_client()
    asked = client.get("/x/cms/answers/main?q=mail", headers={"Origin": "https://www.example.com"})
    assert asked.headers["Access-Control-Allow-Origin"] == "https://www.example.com"
    assert [each["path"] for each in asked.get_json()["answers"]] == ["article/en/mail", None]
    stray = client.get("/x/cms/answers/main?q=mail", headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in stray.headers


def test_without_a_collection_of_answers_search_says_so(world: Sites) -> None:
    assert "no collection of answers" in world.fragment("search")["html"]
    assert world.fragment("start")["title"] == "Ask for help"
    assert "Nothing is known" in world.fragment("status")["html"]
