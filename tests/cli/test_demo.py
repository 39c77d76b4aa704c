"""The demo: what it holds, that its history is sound, and how it is begun again."""

import socket
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import func, select

from helpdesk_core.app import create_app, open_helpdesk
from helpdesk_core.attachments.models import Attachment
from helpdesk_core.attachments.service import open_attachment
from helpdesk_core.cli import main
from helpdesk_core.cli.demo import build
from helpdesk_core.cli.demo.people import LOGINS, PASSWORD
from helpdesk_core.cli.demo.plan import plan
from helpdesk_core.cli.demo.script import company, file_texts, threads
from helpdesk_core.departments.queries import find_department
from helpdesk_core.events.models import Delivery
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.browser import Browser
from helpdesk_core.testing.distributions import Distributions
from helpdesk_core.tickets.audit import verify
from helpdesk_core.tickets.filtering import TicketFilter
from helpdesk_core.tickets.listing import list_tickets
from helpdesk_core.tickets.models import Message, Operation, Participant, SavedSearch, Status, Ticket, TicketLink
from helpdesk_core.tickets.rights import Side
from helpdesk_core.users.actors import load_actor_by_user
from helpdesk_core.users.inputs import Credentials
from helpdesk_core.users.models import EmailAddress, User
from helpdesk_core.users.signin import sign_in
from tests.cli.commands import Run

NOW = datetime(2026, 5, 13, 15, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "demo"
    assert main(["demo", "--instance", str(folder), "--no-serve"]) == 0
    return folder


@pytest.fixture
def desk(folder: Path) -> Iterator[Helpdesk]:
    desk = open_helpdesk(folder, env={}, safe_mode=True)
    yield desk
    desk.close()


def test_the_whole_history_is_sound(desk: Helpdesk) -> None:
    with desk.read() as session:
        assert list(verify(desk, session)) == []
        assert 180 <= (session.scalar(select(func.count()).select_from(Ticket)) or 0) <= 230


def test_everybody_of_the_demo_can_sign_in(desk: Helpdesk) -> None:
    for address in LOGINS:
        assert sign_in(desk, Credentials(address=address, password=PASSWORD)).token


def test_there_is_something_of_everything_to_look_at(desk: Helpdesk) -> None:
    with desk.read() as session:

        def values(column: object) -> set[object]:
            return set(session.scalars(select(column).distinct()))  # type: ignore[call-overload]  # any column

        states = set(session.scalars(select(Status.key).join(Ticket, Ticket.status_id == Status.id)))
        assert states == {"new", "open", "waiting", "on-hold", "resolved", "closed"}
        assert values(Ticket.channel) == {"web", "email", "phone"}
        assert {"en", "de", "ru", "uk", "hr"} <= values(Ticket.locale)
        assert values(Message.kind) == {"public", "internal"}
        assert values(Operation.kind) == {"split", "merge"}
        assert values(Participant.role) == {"cc", "follower", "specialist"}
        assert {"related", "split"} <= values(TicketLink.kind)
        assert session.scalar(select(func.count()).where(Message.redacted_at.is_not(None)))
        assert session.scalar(select(func.count()).select_from(SavedSearch))
        gone = select(Message.id).join(User, User.id == Message.author_id).where(User.is_active.is_(False))
        assert session.scalar(gone.limit(1)), "somebody who has left wrote something"


def test_each_account_finds_work_of_its_own(desk: Helpdesk) -> None:
    with desk.read() as session:
        for address in LOGINS:
            user_id = session.scalar(select(EmailAddress.user_id).where(EmailAddress.address == address))
            signed_in = load_actor_by_user(desk, session, user_id or 0)
            assert signed_in is not None
            side: Side = "portal" if address.startswith("customer") else "desk"
            assert len(list_tickets(desk, session, signed_in.actor, TicketFilter(), side=side).rows) > 5


def test_its_pages_answer(folder: Path) -> None:
    desk = open_helpdesk(folder, env={})
    try:
        app = create_app(desk)
        for address, pages in {
            "customer@example.com": ["/", "/tickets"],
            "agent@example.com": ["/desk/", "/desk/tickets?assignee=me", "/tickets"],
            "admin@example.com": ["/admin/", "/desk/"],
        }.items():
            browser = Browser(app)
            browser.login(address, PASSWORD)
            for page in pages:
                assert browser.get(page).status == 200, f"{address} {page}"
    finally:
        desk.close()


def test_numbers_follow_the_order_of_time(desk: Helpdesk) -> None:
    with desk.read() as session:
        moments = session.scalars(select(Ticket.created_at).where(Ticket.merged_into_id.is_(None)).order_by(Ticket.id))
        opened = list(moments)
    early = sum(1 for one, other in pairwise(opened) if other < one)
    assert early <= 3, "only what was split off is dated by its message"
    assert opened[-1] <= datetime.now(UTC)


def test_files_can_be_opened_and_are_what_they_say(desk: Helpdesk) -> None:
    begins = {"image/png": b"\x89PNG", "application/pdf": b"%PDF"}
    with desk.read() as session:
        files = session.scalars(select(Attachment)).all()
    assert {each.content_type for each in files} == {"image/png", "application/pdf", "text/plain"}
    for each in files:
        with open_attachment(desk, each) as stream:
            assert stream.read().startswith(begins.get(each.content_type, b""))


def test_only_what_happened_lately_waits_to_be_mailed(desk: Helpdesk) -> None:
    with desk.read() as session:
        due = session.scalars(select(Delivery.due_at).where(Delivery.subscriber == "core.mail")).all()
    assert all(moment > datetime.now(UTC) - timedelta(days=4) for moment in due)


def test_the_plan_is_the_same_every_time() -> None:
    one, other = plan(company(), threads(), NOW), plan(company(), threads(), NOW)
    assert [story.steps for story in one] == [story.steps for story in other]
    assert [story.facts for story in one] == [story.facts for story in other]


def test_every_story_goes_forward_and_ends_by_now() -> None:
    for moment in (NOW, NOW + timedelta(days=3), NOW + timedelta(hours=9)):
        for story in plan(company(), threads(), moment):
            times = [step.at for step in story.steps]
            assert times == sorted(times)
            assert times[-1] <= moment


def test_the_texts_are_whole() -> None:
    written = threads()
    assert len({thread.key for thread in written}) == len(written)
    assert Counter(thread.language for thread in written).keys() == {"en", "de", "ru", "uk", "hr"}
    facts = dict.fromkeys(("name", "domain", "server", "invoice", "amount", "login", "n"), "x")
    for thread in written:
        thread.subject.format_map(facts)
        for line in thread.lines:
            line.text.format_map(facts)
            assert line.file.endswith((".png", ".pdf")) or line.file in {"", *file_texts()}


def test_what_is_there_is_used_again(run: Run, folder: Path) -> None:
    before = (folder / "helpdesk.db").stat().st_ino
    done = run("demo", "--instance", folder, "--no-serve")
    assert done.code == 0
    assert "customer@example.com" in done.out
    assert "Making" not in done.out
    assert (folder / "helpdesk.db").stat().st_ino == before


def test_a_taken_port_is_one_line(run: Run, folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run("demo", "--instance", folder, "--port", port)
    assert done.code == 6
    assert f"port {port}" in done.complaint


def test_one_that_was_never_finished_is_begun_again(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def give_up(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(build, "populate", give_up)
    assert run("demo", "--instance", tmp_path / "demo", "--no-serve").code == 130
    assert (tmp_path / "demo" / "helpdesk.toml").exists()
    monkeypatch.setattr(build, "populate", lambda *_arguments: None)
    assert run("demo", "--instance", tmp_path / "demo", "--no-serve").code == 0
    (tmp_path / "demo" / "mine").touch()
    assert run("demo", "--instance", tmp_path / "demo", "--no-serve").code == 0
    assert (tmp_path / "demo" / "mine").exists()
    assert run("demo", "--instance", tmp_path / "demo", "--no-serve", "--reset").code == 0
    assert not (tmp_path / "demo" / "mine").exists()


def test_a_helpdesk_that_is_no_demo_is_never_thrown_away(run: Run, instance: Path) -> None:
    done = run("demo", "--instance", instance, "--reset", "--no-serve")
    assert done.code == 1
    assert "something else than a demo" in done.complaint
    assert (instance / "helpdesk.db").exists()


FILLING = """
@hookimpl(demo_filling)
def fill(self, tx: Transaction) -> None:
    sales = tx.session.scalars(select(Department).where(Department.key == "sales")).one()
    sales.description = "Filled by a plugin"
    {then}
"""
FILLING_HEAD = """
from sqlalchemy import select
from helpdesk_core.api import Transaction, hookimpl
from helpdesk_core.api.departments import Department
from helpdesk_core.api.hooks import demo_filling
"""


@pytest.mark.parametrize(("then", "filled"), [("pass", True), ("raise OSError('no')", False)])
def test_plugins_add_samples_of_their_own_and_cannot_spoil_the_demo(
    run: Run, tmp_path: Path, installed: Distributions, monkeypatch: pytest.MonkeyPatch, then: str, filled: bool
) -> None:
    installed.add("samples", FILLING.format(then=then), head=FILLING_HEAD)
    monkeypatch.setattr(build, "threads", list)
    assert run("demo", "--instance", tmp_path / "demo", "--no-serve").code == 0
    desk = open_helpdesk(tmp_path / "demo", env={}, safe_mode=True)
    try:
        assert "samples" in desk.config.plugins.enabled
        with desk.read() as session:
            assert (find_department(session, "sales").description == "Filled by a plugin") is filled
    finally:
        desk.close()
