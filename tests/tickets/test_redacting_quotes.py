"""What others quote of a redacted message goes with it, wherever the quotes stand by now."""

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, update

from helpdesk_core.actor import SYSTEM, Actor
from helpdesk_core.attachments.inputs import Upload
from helpdesk_core.attachments.models import Attachment
from helpdesk_core.events.models import EventRow
from helpdesk_core.runtime import Helpdesk, Transaction
from helpdesk_core.testing.site import World
from helpdesk_core.tickets import redacting, unquoting
from helpdesk_core.tickets.audit import verify
from helpdesk_core.tickets.content import render_markdown
from helpdesk_core.tickets.conversation import note, reply
from helpdesk_core.tickets.inputs import NewMessage
from helpdesk_core.tickets.models import Message, Operation, Ticket
from helpdesk_core.tickets.queries import find_ticket
from helpdesk_core.tickets.quotes import Repeats, without_quotes
from helpdesk_core.tickets.rearranging import merge, split, undo
from helpdesk_core.tickets.redacting import redact
from helpdesk_core.users.privacy import erase_user

SECRET = "Hello,\nmy password is hunter2 and nobody else knows it.\nBest regards\nCarla"
ANSWER = "Thank you, Carla."
BELOW = "On 2 March 2026 at 09:00, Carla wrote:\n> Hello,\n> my password is hunter2\n> and nobody else knows it."


@pytest.fixture
def admin(world: World) -> Actor:
    return world.agent(role="admin")


@pytest.fixture
def number(world: World) -> str:
    return world.ticket(message=NewMessage(text=SECRET, markdown=False)).ticket.number or ""


def all_said(desk: Helpdesk) -> dict[int, Message]:
    with desk.read() as session:
        return {each.id: each for each in session.scalars(select(Message).order_by(Message.id))}


def first_of(desk: Helpdesk) -> Message:
    return next(iter(all_said(desk).values()))


def quoting(text: str = f"{ANSWER}\n\n{BELOW}", at: str | None = "On 2 March", **more: object) -> NewMessage:
    """Return a message as mail brings it."""
    details = {"quote_at": text.index(at)} if at is not None else {}
    return NewMessage(text=text, markdown=False, details=details, **more)  # type: ignore[arg-type]  # as there


def assert_gone(desk: Helpdesk) -> None:
    for message in all_said(desk).values():
        assert "hunter2" not in f"{message.body_text}{message.body_html}"
    with desk.read() as session:
        assert not list(verify(desk, session))
        assert not [each for each in session.scalars(select(Ticket)) if "hunter2" in each.preview]


def test_a_folded_quote_becomes_a_folded_mark_and_the_history_stays_proved(
    desk: Helpdesk, admin: Actor, number: str
) -> None:
    answer = reply(desk, admin, number, quoting(html=f"<p>{ANSWER}</p><blockquote>hunter2</blockquote>")).message
    redact(desk, admin, number, first_of(desk).uid, "a password")
    left = all_said(desk)[answer.id]
    assert left.body_text == f"{ANSWER}\n\n[Removed: a password]"
    assert left.body_text[: left.details["quote_at"]].strip() == ANSWER
    assert (left.body_html, left.redacted_at) == (None, None)
    assert_gone(desk)
    with desk.read() as session:
        kinds = session.scalars(select(EventRow.type).order_by(EventRow.id)).all()
    assert kinds[-2:] == ["message.redacted", "message.quote_redacted"]


def test_what_does_not_quote_it_stays_as_it_is(desk: Helpdesk, admin: Actor, number: str) -> None:
    other = quoting("Fine.\n\nOn 2 March 2026 at 09:00, Ivo wrote:\n> Hello,\n> Best regards\n> Water it.")
    kept = [
        reply(desk, admin, number, other).message,
        reply(desk, admin, number, NewMessage(text="Hello,\n\n> Water it.\n\nBest regards\nCarla")).message,
    ]
    redact(desk, admin, number, first_of(desk).uid, "a password")
    for before in kept:
        after = all_said(desk)[before.id]
        assert (after.body_text, after.body_html) == (before.body_text, before.body_html)
    assert_gone(desk)


def test_quotes_that_somebody_chose_go_as_well_and_the_rest_keeps_its_form(
    desk: Helpdesk, admin: Actor, number: str
) -> None:
    text = "You wrote:\n\n> my password is hunter2\n\n**Never** do that.\n\n> Water it.\n\nsays the manual."
    posted = reply(desk, admin, number, NewMessage(text=text)).message
    noted = note(desk, admin, number, NewMessage(text="> ... hunter2 and nobody else knows it.")).message
    redact(desk, admin, number, first_of(desk).uid, "a password")
    after = all_said(desk)[posted.id]
    assert after.body_text == text.replace("my password is hunter2", "[Removed: a password]")
    assert after.body_html == render_markdown(after.body_text)
    assert "<strong>Never</strong>" in (after.body_html or "")
    assert all_said(desk)[noted.id].body_text == "> [Removed: a password]"
    assert_gone(desk)


def test_a_whole_mail_in_a_file_goes_with_the_quote_that_it_holds(desk: Helpdesk, admin: Actor, number: str) -> None:
    files = [Upload(name="signed.eml", content=b"Subject: hunter2\r\n\r\n", content_type="message/rfc822")]
    files.append(Upload(name="notes.txt", content=b"Notes", content_type="text/plain"))
    posted = reply(desk, admin, number, quoting(uploads=tuple(files))).message
    redact(desk, admin, number, first_of(desk).uid, "a password")
    with desk.read() as session:
        names = session.scalars(select(Attachment.name).where(Attachment.message_id == posted.id)).all()
    assert names == ["notes.txt"]
    assert_gone(desk)


@pytest.mark.parametrize("way", ["split", "merge", "undone", "moved twice"])
def test_quotes_are_found_on_whichever_ticket_they_stand(
    desk: Helpdesk, world: World, admin: Actor, number: str, way: str
) -> None:
    answer = reply(desk, admin, number, quoting()).message
    if way == "merge":
        other = world.ticket(message=NewMessage(text="Something else.")).ticket.number or ""
        merge(desk, admin, number, other)
        reply(desk, admin, other, quoting("Once more.\n\n" + BELOW))
        number = other
    else:
        part = split(desk, admin, number, [answer.uid], "Part")
        if way == "moved twice":
            other = world.ticket(message=NewMessage(text="Something else.")).ticket.number or ""
            merge(desk, admin, part.number or "", other)
        elif way == "undone":
            with desk.read() as session:
                operation = session.scalars(select(Operation)).one()
            reply(desk, admin, part.number or "", quoting("Later.\n\n" + BELOW))
            undo(desk, admin, operation.uid)
    redact(desk, admin, number, first_of(desk).uid, "a password")
    assert_gone(desk)


def test_erasing_a_person_with_what_they_wrote_reaches_what_others_quote(
    desk: Helpdesk, admin: Actor, number: str
) -> None:
    reply(desk, admin, number, quoting())
    with desk.read() as session:
        author = find_ticket(session, SYSTEM, number).requester.uid
    erase_user(desk, admin, author, with_messages=True)
    assert_gone(desk)


@pytest.mark.parametrize(
    "quote",
    [
        "> my *password* is hunter2 and no-\n> body else knows it.",
        ">> My password is hunter2 and nobody else knows it.",
        "> password is hunter2 and nob",
        "> ПАРОЛЬ от почты: hunter2",
        "> 4111",
    ],
)
def test_a_quote_is_known_however_it_is_wrapped_marked_or_cut(quote: str) -> None:
    repeats = Repeats.of(
        "My password is hunter2 and nobody else knows it.\nПароль от почты: hunter2\n4111", ["Thanks."]
    )
    found = without_quotes(f"Why?\n{quote}\nBecause.", None, repeats, "[gone]")
    assert found == ("Why?\n> [gone]\nBecause.", None)


def test_a_changed_quote_without_an_event_is_found_by_the_audit(desk: Helpdesk, admin: Actor, number: str) -> None:
    posted = reply(desk, admin, number, quoting()).message
    redact(desk, admin, number, first_of(desk).uid, "a password")
    with desk.begin(SYSTEM) as tx:
        tx.session.get_one(Message, posted.id).body_text = f"{ANSWER}\n\n[Removed: something else]"
    with desk.read() as session:
        assert [each.what for each in verify(desk, session)] == [f"message {posted.id} was altered"]


@pytest.mark.parametrize("moves", [0, 1, 2])
def test_a_quote_that_is_put_back_is_found_by_the_audit(
    desk: Helpdesk, world: World, admin: Actor, number: str, moves: int
) -> None:
    posted = reply(desk, admin, number, quoting()).message
    if moves:
        part = split(desk, admin, number, [posted.uid], "Part").number or ""
    if moves > 1:
        merge(desk, admin, part, world.ticket(message=NewMessage(text="Something else.")).ticket.number or "")
    before = all_said(desk)[posted.id]
    redact(desk, admin, number, first_of(desk).uid, "a password")
    with desk.begin(SYSTEM) as tx:
        values = {"body_text": before.body_text, "body_html": before.body_html, "content_hash": before.content_hash}
        tx.session.execute(update(Message).where(Message.id == posted.id).values(values))
    with desk.read() as session:
        found = verify(desk, session, batch=1)
        assert [each.what for each in found] == [f"message {posted.id} was altered"]


@pytest.mark.usefixtures("number")
def test_an_audit_that_began_before_a_redaction_finds_nothing_wrong_with_it(
    desk: Helpdesk, world: World, admin: Actor
) -> None:
    altered = first_of(desk)
    with desk.begin(SYSTEM) as tx:
        tx.session.get_one(Message, altered.id).body_text = "I never said that."
    other = world.ticket(message=NewMessage(text=SECRET))
    reply(desk, admin, other.ticket.number or "", quoting())
    with desk.read() as session:
        found = verify(desk, session, batch=1)
        assert next(found).what == f"message {altered.id} was altered"
        redact(desk, admin, other.ticket.number or "", other.message.uid, "a password")
        assert not list(found)


def test_a_quote_that_would_take_long_to_render_becomes_plain(
    desk: Helpdesk, admin: Actor, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered: list[str] = []

    def rendering(text: str) -> str:
        rendered.append(text)
        return render_markdown(text)

    monkeypatch.setattr(unquoting, "render_markdown", rendering)
    text = f"{ANSWER}\n\n{'[' * 2000}\n\n> my password is hunter2"
    posted = reply(desk, admin, number, quoting(text, at=None, html=f"<p>{ANSWER}</p>")).message
    redact(desk, admin, number, first_of(desk).uid, "a password")
    assert all_said(desk)[posted.id].body_html is None
    assert not rendered
    assert_gone(desk)


def test_a_quote_that_is_split_off_meanwhile_goes_as_well(
    desk: Helpdesk, admin: Actor, number: str, database_kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database_kind == "sqlite":
        pytest.skip("SQLite has one writer at a time: nothing comes in between")
    lock, left = redacting._lock, [reply(desk, admin, number, quoting()).message]

    def locking(tx: Transaction, tickets: Collection[int]) -> None:
        if left:
            with ThreadPoolExecutor(1) as pool:
                pool.submit(split, desk, admin, number, [left.pop().uid], "Part").result()
        lock(tx, tickets)

    monkeypatch.setattr(redacting, "_lock", locking)
    redact(desk, admin, number, first_of(desk).uid, "a password")
    assert len({each.ticket_id for each in all_said(desk).values()}) > 1
    assert_gone(desk)
