"""Looking into files and storing them takes time, so it never happens while a unit of work holds locks."""

from collections.abc import Callable, Sequence

import pytest

from helpdesk_core.actor import Actor
from helpdesk_core.attachments import hooks as attachment_hooks
from helpdesk_core.attachments.inputs import Upload
from helpdesk_core.attachments.service import store, take_in
from helpdesk_core.errors import Refused
from helpdesk_core.hooks import hookimpl
from helpdesk_core.runtime import Helpdesk, _unit
from helpdesk_core.testing.site import World
from helpdesk_core.tickets.changing import close
from helpdesk_core.tickets.content import render_markdown
from helpdesk_core.tickets.conversation import note, reply
from helpdesk_core.tickets.inputs import NewMessage

FILE = Upload(name="log.txt", content=b"what happened")


class Scanner:
    """A plugin that looks into files."""

    def __init__(self) -> None:
        self.saw: list[tuple[str, bool]] = []
        self.refuses = False

    @hookimpl(attachment_hooks.attachment_check)
    def look(self, upload: Upload, actor: Actor) -> Sequence[str]:
        self.saw.append((upload.name, _unit.get() is not None))
        return ["A virus."] if self.refuses else []


@pytest.fixture
def scanner(desk: Helpdesk) -> Scanner:
    scanner = Scanner()
    desk.hooks.register(scanner, "scanner")
    return scanner


@pytest.fixture
def puts(desk: Helpdesk, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether a unit of work was open, for each time that bytes were put."""
    seen: list[bool] = []
    put = desk.storage.put

    def watched(content: bytes) -> str:
        seen.append(_unit.get() is not None)
        return put(content)

    monkeypatch.setattr(desk.storage, "put", watched)
    return seen


@pytest.mark.parametrize("way", ["open", "reply", "note", "follow-up", "upload"])
def test_no_unit_of_work_is_open_meanwhile(
    desk: Helpdesk, world: World, scanner: Scanner, puts: list[bool], way: str
) -> None:
    customer, draft = world.customer(), NewMessage(text="See the log.", uploads=(FILE,))
    world.department("strict", reopen_policy="follow_up")
    number = world.ticket(customer, department="strict").ticket.number or ""
    if way == "follow-up":
        close(desk, customer, number)
    ways: dict[str, Callable[[], object]] = {
        "open": lambda: world.ticket(customer, message=draft),
        "reply": lambda: reply(desk, customer, number, draft),
        "note": lambda: note(desk, world.agent(), number, draft),
        "follow-up": lambda: reply(desk, customer, number, draft),
        "upload": lambda: store(desk, customer, FILE),
    }
    ways[way]()
    assert scanner.saw == [("log.txt", False)]
    assert puts == [False]


def test_what_is_refused_stores_nothing(desk: Helpdesk, world: World, scanner: Scanner, puts: list[bool]) -> None:
    scanner.refuses = True
    with pytest.raises(Refused, match=r"A virus\."):
        take_in(desk, world.customer(), [FILE, FILE])
    assert puts == []


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that were rendered."""
    texts: list[str] = []

    def watched(text: str) -> str:
        texts.append(text)
        return render_markdown(text)

    monkeypatch.setattr("helpdesk_core.tickets.content.render_markdown", watched)
    return texts


def test_an_answer_that_opens_a_follow_up_is_rendered_once(desk: Helpdesk, world: World, rendered: list[str]) -> None:
    customer = world.customer()
    world.department("strict", reopen_policy="follow_up")
    number = world.ticket(customer, department="strict", text="plain").ticket.number or ""
    close(desk, customer, number)
    rendered.clear()
    posted = reply(desk, customer, number, NewMessage(text="It is **back**."))
    assert posted.followed_up
    assert "<strong>back</strong>" in (posted.message.body_html or "")
    assert rendered == ["It is **back**."]
