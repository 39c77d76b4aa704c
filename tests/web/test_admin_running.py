"""What runs behind the scenes: stuck events, outgoing mail, the record of changes, health, and the overview."""

import pytest
from sqlalchemy import select, update

from helpdesk_core.actor import SYSTEM
from helpdesk_core.db.base import new_uid
from helpdesk_core.events.models import Delivery, EventRow
from helpdesk_core.jobs.models import ScheduledJob
from helpdesk_core.mail.models import OutgoingMail
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.browser import Browser
from helpdesk_core.testing.queries import count_queries
from helpdesk_core.testing.site import World
from helpdesk_core.web.admin import audit
from tests.web.people import sign_in

PATHS = ("/admin/events", "/admin/outbox", "/admin/audit", "/admin/audit/verify", "/admin/health")


def park(desk: Helpdesk, world: World, how_many: int = 1) -> list[int]:
    world.ticket()
    with desk.begin(SYSTEM) as tx:
        event = tx.session.scalars(select(EventRow).where(EventRow.ticket_id.is_not(None)).limit(1)).one()
        rows = [
            Delivery(
                event_id=event.id,
                subscriber="sla",
                stream=event.stream,
                state="parked",
                attempts=8,
                due_at=tx.now,
                error="KeyError: 'calendar'",
            )
            for _each in range(how_many)
        ]
        tx.session.add_all(rows)
        tx.session.flush()
        return [row.id for row in rows]


def mail(desk: Helpdesk, state: str, **fields: object) -> str:
    uid = new_uid()
    with desk.begin(SYSTEM) as tx:
        values = {
            "sender": "Support <support@example.com>",
            "recipients": ["Mara <mara@example.com>"],
            "subject": "Your ticket",
            "body_text": "Hello Mara",
            "body_html": "<p>Hello <b>Mara</b></p><script>alert(1)</script>",
            "headers": {"Auto-Submitted": "auto-replied"},
        }
        tx.session.add(
            OutgoingMail(
                uid=uid,
                dedup_key=uid,
                state=state,
                template="reply",
                message_id=f"<{uid}@example.com>",
                due_at=tx.now,
                created_at=tx.now,
                **{**values, **fields},
            )
        )
    return uid


def states(desk: Helpdesk) -> list[str]:
    with desk.read() as session:
        return list(session.scalars(select(OutgoingMail.state).order_by(OutgoingMail.id)))


def deliveries(desk: Helpdesk) -> dict[int, str]:
    with desk.read() as session:
        rows = session.scalars(select(Delivery).where(Delivery.subscriber == "sla"))
        return {row.id: row.state for row in rows}


def test_stuck_events_are_tried_again_or_dropped(browser: Browser, world: World, desk: Helpdesk) -> None:
    first, second, third = park(desk, world, 3)
    sign_in(browser, world, "admin")
    page = browser.get("/admin/events")
    assert "KeyError: 'calendar'" in page.words
    assert "8 tries" in page.words
    assert "is tried again" in browser.submit(f"/admin/events/{first}/retry").words
    assert "is dropped" in browser.submit(f"/admin/events/{second}/drop").words
    assert deliveries(desk) == {first: "pending", third: "parked"}
    assert "not parked any more" in browser.post(f"/admin/events/{first}/drop").words
    browser.submit("/admin/events/retry")
    assert deliveries(desk) == {first: "pending", third: "pending"}
    assert "Nothing is stuck" in browser.get("/admin/events").words


def test_a_mail_is_shown_as_text_and_its_html_in_a_shut_frame(browser: Browser, world: World, desk: Helpdesk) -> None:
    uid = mail(desk, "sent")
    sign_in(browser, world, owner=True)
    browser.get("/admin/outbox")
    page = browser.click("Your ticket")
    assert "Mara <mara@example.com>" in page.words
    assert "Hello Mara" in page.words
    assert "Auto-Submitted: auto-replied" in page.words
    assert "<script>alert" not in page.text
    assert f'src="/admin/outbox/{uid}/html"' in page.text
    browser.get(f"/admin/outbox/{uid}/html")
    assert browser.response is not None
    policy = browser.response.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox;")
    assert "default-src 'none'" in policy
    assert "allow-scripts" not in policy


def test_a_mail_that_may_open_an_account_is_read_by_owners_only(browser: Browser, world: World, desk: Helpdesk) -> None:
    uid = mail(desk, "sent")
    sign_in(browser, world, "admin")
    page = browser.get(f"/admin/outbox/{uid}")
    assert "Hello Mara" not in page.text
    assert "shown to owners only" in page.words
    assert browser.get(f"/admin/outbox/{uid}/html").status == 404


def test_a_failed_mail_is_sent_again_or_dropped(browser: Browser, world: World, desk: Helpdesk) -> None:
    failed, other = mail(desk, "failed", error="550 no such user"), mail(desk, "failed")
    sign_in(browser, world, "admin")
    page = browser.get("/admin/outbox", state="failed")
    assert "550 no such user" in page.words
    browser.get(f"/admin/outbox/{failed}")
    assert "sent again now" in browser.submit("/retry").words
    browser.get(f"/admin/outbox/{other}")
    assert "not sent any more" in browser.submit("/drop").words
    assert states(desk) == ["queued", "dropped"]
    assert "not waiting" in browser.post(f"/admin/outbox/{other}/retry").words
    assert browser.get("/admin/outbox/unknown").status == 404


def test_the_record_is_filtered_by_kind_person_and_ticket(browser: Browser, world: World) -> None:
    mara = world.customer("Mara Lind", address="mara@example.com")
    number = world.ticket(mara, subject="On fire").ticket.number
    world.ticket(subject="Something else")
    sign_in(browser, world, "admin")
    page = browser.get("/admin/audit")
    assert "On fire" in page.words
    assert "Something else" in page.words
    page = browser.submit("/admin/audit", ticket=str(number))
    assert "On fire" in page.words
    assert "Something else" not in page.words
    page = browser.get("/admin/audit", actor="mara@example.com", type="ticket.opened")
    assert "On fire" in page.words
    assert "message_id" not in page.words
    assert "Nothing found" in browser.get("/admin/audit", actor="nobody@example.com").words


def test_the_record_goes_on_at_older_pages(browser: Browser, world: World) -> None:
    made = [world.user(f"Person {number}").id for number in range(60)]
    oldest, newest = (f"reason: created, user_id: {each}" for each in (made[0], made[-1]))
    sign_in(browser, world, "admin")
    browser.get("/admin/audit", type="user.created")
    page = browser.click("Next")
    assert oldest in page.words
    assert newest not in page.words
    assert newest in browser.click("Back to the newest").words


def test_the_seals_are_checked_in_bounded_parts(
    browser: Browser, world: World, desk: Helpdesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "CHECKED_AT_ONCE", 2)
    tickets = [world.ticket().ticket for _each in range(3)]
    with desk.begin(SYSTEM) as tx:
        changed = update(EventRow).where(EventRow.type == "ticket.opened", EventRow.ticket_id == tickets[2].id)
        tx.session.execute(changed.values(channel="forged"))
    sign_in(browser, world, "admin")
    browser.get("/admin/audit/verify")
    page = browser.submit("verify")
    assert "Tickets 1 to 2 of 3 are what was recorded." in page.words
    page = browser.submit("verify", press="Check the next ones")
    assert "Tickets 3 to 3 of 3: something was altered" in page.words
    assert f"{tickets[2].number} event 1 (ticket.opened) was altered" in page.words
    assert "Check again from the first" in page.words


def test_health_names_versions_and_what_waits(browser: Browser, world: World, desk: Helpdesk) -> None:
    park(desk, world)
    mail(desk, "failed")
    with desk.begin(SYSTEM) as tx:
        tx.session.add(ScheduledJob(owner="sla", name="clocks", next_run_at=tx.now, last_error="KeyError: 7"))
    sign_in(browser, world, "admin")
    page = browser.get("/admin/health")
    assert page.text.split('id="queues"')[1].split("</section>")[0].count('href="/admin/outbox"') == 1
    assert "sla: clocks KeyError: 7" in page.words
    assert "SQLAlchemy" in page.words
    assert {"sqlite": "SQLite", "postgresql": "PostgreSQL"}.get(desk.engine.dialect.name, "MariaDB") in page.words
    assert "Mails failed 1" in page.words
    assert "sla stuck 1" in page.words


def test_the_overview_of_a_new_site_says_what_to_do_next(browser: Browser, world: World, desk: Helpdesk) -> None:
    sign_in(browser, world, "admin")
    page = browser.get("/admin/")
    assert "Make a department with a mail address" in page.words
    assert page.link("Make a department") == "/admin/departments/_new"
    world.department("support", address="help@example.com")
    world.agent("A colleague")
    page = browser.get("/admin/")
    assert "Send yourself a test mail" in page.words
    assert "3 of 5 done" in page.words


def test_the_overview_shows_problems_first(browser: Browser, world: World, desk: Helpdesk) -> None:
    park(desk, world)
    mail(desk, "failed")
    sign_in(browser, world, "admin")
    page = browser.get("/admin/")
    assert page.words.index("1 mail could not be sent") < page.words.index("Set up this helpdesk")
    assert "1 event could not be handled" in page.words
    assert page.link("Failed mail") == "/admin/outbox?state=failed"


def test_a_manager_sees_only_what_is_theirs_on_the_overview(browser: Browser, world: World, desk: Helpdesk) -> None:
    park(desk, world)
    sign_in(browser, world, "manager")
    page = browser.get("/admin/")
    assert page.status == 200
    assert "could not be handled" not in page.words
    assert "Let mail leave" not in page.words
    assert not {href for _words, href in page.links} & set(PATHS)


@pytest.mark.parametrize("path", PATHS)
def test_lists_cost_the_same_with_many_rows(browser: Browser, world: World, desk: Helpdesk, path: str) -> None:
    park(desk, world)
    ticket_id = world.ticket().ticket.id
    mail(desk, "failed", ticket_id=ticket_id)
    sign_in(browser, world, "admin")
    browser.get(path)
    with count_queries(desk) as few:
        browser.get(path)
    park(desk, world, 20)
    for _each in range(20):
        mail(desk, "queued", ticket_id=ticket_id)
    browser.get(path)
    with count_queries(desk) as many:
        browser.get(path)
    assert len(few) == len(many) <= 8, str(many)


@pytest.mark.parametrize("role", ["", "agent", "manager"])
@pytest.mark.parametrize("path", PATHS)
def test_others_see_none_of_it(browser: Browser, world: World, path: str, role: str) -> None:
    sign_in(browser, world, role)
    assert browser.get(path).status == 403


@pytest.mark.parametrize("role", ["", "agent"])
def test_the_admin_area_is_no_place_for_others(browser: Browser, world: World, role: str) -> None:
    assert browser.get("/admin/").path.startswith("/login")
    sign_in(browser, world, role)
    assert browser.get("/admin/").status == 403
