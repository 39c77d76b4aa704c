"""What plugins add to asking: answers, promises, and questions that follow from others."""

from collections.abc import Mapping

from helpdesk_core.hooks import hookimpl
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.browser import Browser
from helpdesk_core.testing.site import World
from helpdesk_core.web import hooks as web_hooks
from helpdesk_core.web.parts import Answer, FormField, Link


class Suggesting:
    """A knowledge base that promises something as well."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str | None]] = []

    @hookimpl(web_hooks.portal_answers)
    def answers(self, text: str, department: str | None) -> list[Answer]:
        self.asked.append((text, department))
        return [Answer(title=f"About {text}", href="/x/kb/1", text="Restart it.")] if "mail" in text else []

    @hookimpl(web_hooks.answer_promise)
    def promise(self, department: str | None) -> str | None:
        return "We answer within four business hours." if department == "support" else None


def test_articles_are_suggested_while_somebody_types_and_without_a_script(
    browser: Browser, desk: Helpdesk, world: World
) -> None:
    world.department("support")
    knowledge = Suggesting()
    desk.hooks.register(knowledge, "kb")
    assert "About" not in browser.get("/tickets/new").words
    part = browser.get("/search/answers", subject="mail is late", department="support")
    assert part.link("About mail is late") == "/x/kb/1"
    assert "<html" not in part.text
    assert knowledge.asked == [("mail is late", "support")]
    assert browser.get("/search/answers", subject="ma").words == ""
    page = browser.get("/tickets/new", subject="mail is late")
    assert page.link("About mail is late") == "/x/kb/1"
    found = browser.get("/search", q="mail")
    assert found.link("About mail") == "/x/kb/1"
    assert found.has_form("/search")
    assert "Nothing found" in browser.get("/search", q="chair").words


def test_the_form_says_when_the_answer_comes(browser: Browser, desk: Helpdesk, world: World) -> None:
    world.department("support")
    world.department("billing")
    desk.hooks.register(Suggesting(), "sla")
    assert "four business hours" not in browser.get("/tickets/new").words
    assert "We answer within four business hours." in browser.get("/tickets/new", department="support").words


class Following:
    """Asks for the domain only where mail is chosen."""

    @hookimpl(web_hooks.ticket_form_fields)
    def fields(self, entered: Mapping[str, Mapping[str, str]]) -> list[FormField]:
        about = FormField(
            name="about",
            label="Which service?",
            kind="select",
            options=(("mail", "Mail"), ("web", "Web")),
            asks_again=True,
        )
        if entered.get("guide", {}).get("about") != "mail":
            return [about]
        return [about, FormField(name="domain", label="Which domain?", required=True, value="example.com")]


def test_one_question_can_follow_from_another(browser: Browser, desk: Helpdesk, world: World) -> None:
    world.department("support")
    desk.hooks.register(Following(), "guide")
    page = browser.get("/tickets/new")
    assert "Which domain?" not in page.words
    page = browser.submit("new-ticket", {"x-guide-about": "mail"}, press="Show the questions for it")
    assert "Which domain?" in page.words
    page = browser.submit(
        "new-ticket", {"subject": "s", "body": "b", "email": "v@example.com", "x-guide-domain": ""}, press="Send"
    )
    assert page.link("Which domain?:") == "#f-x-guide-domain"
    assert page.form("new-ticket").value("x-guide-about") == "mail"


def test_a_link_with_a_sentence_is_a_third_way_on(browser: Browser, desk: Helpdesk) -> None:
    class Linking:
        @hookimpl(web_hooks.portal_links)
        def links(self) -> list[Link]:
            return [
                Link(label="Status", href="/x/kb/status"),
                Link(label="Answers", href="/x/kb/", text="Read how it is done."),
                Link(label="Chat", href="/x/kb/chat", text="Talk to us."),
            ]

    desk.hooks.register(Linking(), "kb")
    page = browser.get("/")
    assert "Read how it is done." in page.words
    assert "Talk to us." not in page.words
