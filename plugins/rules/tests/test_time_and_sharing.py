"""Rules on time, automatic closing with notice, and giving tickets to people."""

import threading
from typing import Any

import pytest
from sqlalchemy import update

from helpdesk_core.api import SYSTEM
from helpdesk_core.api.errors import Invalid
from helpdesk_core.api.tickets import NewMessage, reply
from helpdesk_core.api.users import User, deactivate_user
from helpdesk_core.testing.plugins import PluginSite
from helpdesk_rules.happening import forget
from helpdesk_rules.keeping import save_person
from helpdesk_rules.sharing import Way
from helpdesk_rules.timing import tick

from .rule_scenes import keep, messages, opened, outcomes, tags, ticket


def later(site: PluginSite, **delta: float) -> None:
    """Let time pass and a worker look."""
    site.clock.advance(**delta)
    tick(site.desk)
    site.work()


def test_a_ticket_nobody_answers_is_closed_with_a_notice_before(site: PluginSite) -> None:
    waiting = [("state", "is", "waiting"), ("waiting_on", "is", "customer")]
    ask = [("reply", "Still there?"), ("tag", "closing")]
    keep(site, "Ask", "time", [*waiting, ("last_agent_at", "over", "5d"), ("tag", "is_not", "closing")], ask)
    close = [("close", "We close {number}.")]
    keep(site, "Close", "time", [*waiting, ("last_agent_at", "over", "2d"), ("tag", "is", "closing")], close)
    number = opened(site)
    reply(site.desk, site.world.agent(), number, NewMessage(text="Try again.", status="waiting"))
    later(site, days=4)
    assert tags(site, number) == []
    later(site, days=1, minutes=2)
    assert tags(site, number) == ["closing"]
    later(site, hours=47)
    assert ticket(site, number).is_open
    later(site, hours=2)
    assert not ticket(site, number).is_open
    texts = [text for kind, _name, text in messages(site, number) if kind == "public"]
    assert texts[-2:] == ["Still there?", f"We close {number}."]
    later(site, days=9)
    assert len(messages(site, number)) == len(texts)


def test_a_rule_on_time_applies_once_until_somebody_writes_again(site: PluginSite) -> None:
    keep(site, "Nag", "time", [("last_customer_at", "over", "1h"), ("state", "is", "new,open")], [("note", "Waiting.")])
    customer = site.world.customer()
    number = opened(site, customer)
    for _hour in range(3):
        later(site, hours=2)
    assert len(messages(site, number)) == 2
    reply(site.desk, customer, number, NewMessage(text="Hello?"))
    later(site, hours=2)
    assert len(messages(site, number)) == 4


def test_two_workers_at_once_carry_a_rule_on_time_out_once(site: PluginSite) -> None:
    keep(site, "Nag", "time", [("created_at", "over", "1h")], [("note", "Waiting.")])
    numbers = [opened(site) for _each in range(4)]
    site.clock.advance(hours=2)
    ready = threading.Barrier(2)

    def work() -> None:
        ready.wait()
        tick(site.desk)

    threads = [threading.Thread(target=work) for _each in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tick(site.desk)
    assert [len(messages(site, number)) for number in numbers] == [2] * 4


def assignees(site: PluginSite, count: int, **fields: Any) -> list[str]:
    found = []
    for _each in range(count):
        person = ticket(site, opened(site, **fields)).assignee
        found.append(person.name if person else "")
    return found


def test_tickets_go_round(site: PluginSite) -> None:
    site.world.department("support")
    for name in ("Ann", "Bob", "Cid"):
        site.world.agent(name)
    site.world.agent("Dan", "sales")
    keep(site, "Share", "opened", [("assignee", "is_unset", "")], [("share", "in turn")])
    assert assignees(site, 4) == ["Ann", "Bob", "Cid", "Ann"]


def test_who_has_least_gets_the_next(site: PluginSite) -> None:
    site.world.department("support")
    ann, bob = site.world.agent("Ann"), site.world.agent("Bob")
    keep(site, "To Ann", "opened", [("subject", "has", "first")], [("assign", ann.email)])
    keep(site, "Share", "opened", [("assignee", "is_unset", "")], [("share", "least loaded")])
    assert assignees(site, 2, subject="first") == ["Ann", "Ann"]
    assert assignees(site, 3) == ["Bob", "Bob", "Ann"]
    assert bob.uid


def test_skill_presence_and_being_away_count(site: PluginSite) -> None:
    site.world.department("support")
    ann, bob, cid = (site.world.agent(name) for name in ("Ann", "Bob", "Cid"))
    save_person(site.desk, SYSTEM, bob.uid or "", ["DNS"], is_away=False)
    save_person(site.desk, SYSTEM, cid.uid or "", ["dns"], is_away=True)
    keep(site, "Share", "opened", [], [("share", "in turn, skill dns")])
    assert assignees(site, 2) == ["Bob", "Bob"]
    save_person(site.desk, SYSTEM, bob.uid or "", ["mail"], is_away=False)
    assert assignees(site, 1) == [""]
    keep(site, "Present", "opened", [], [("share", "present")])
    assert assignees(site, 1) == [""]
    with site.desk.begin(SYSTEM) as tx:
        tx.session.execute(update(User).where(User.id == ann.user_id).values(last_seen_at=tx.now))
    assert assignees(site, 1) == ["Ann"]
    site.clock.advance(minutes=20)
    assert assignees(site, 1) == [""]


def test_what_says_not_whom_is_refused() -> None:
    with pytest.raises(ValueError, match="says not whom"):
        Way.read("alphabetically")


@pytest.mark.parametrize(
    ("on", "when", "then", "field", "mend"),
    [
        ("time", [("subject", "has", "x")], [("tag", "a")], "conditions", "needs a condition on time"),
        ("opened", [("colour", "is", "red")], [("tag", "a")], "conditions.0", "no field “colour”"),
        ("opened", [], [], "actions", "Say what it does"),
        ("opened", [], [("explode", "")], "actions.0", "no action “explode”"),
        ("opened", [], [("tag", "a"), ("priority", "soon")], "actions.1", "Choose one of"),
        ("opened", [], [("reply", "Dear {name}")], "actions.0", "Nothing is known for {name}"),
        ("opened", [], [("notify", "everybody")], "actions.0", "is nobody to notify"),
        ("opened", [], [("notify", "agent, role king")], "actions.0", "There is no role “king”"),
        ("opened", [], [("assign", "ghost@example.com")], "actions.0", "Nobody who works tickets"),
        ("never", [], [("tag", "a")], "triggers", "Say when"),
    ],
)
def test_a_rule_that_cannot_work_is_refused_with_the_mend(
    site: PluginSite, on: str, when: Any, then: Any, field: str, mend: str
) -> None:
    with pytest.raises(Invalid) as refused:
        keep(site, "Wrong", on, when, then)
    assert mend in refused.value.problems[field][0]


def test_a_rule_can_be_changed_and_switched_off_although_somebody_named_has_left(site: PluginSite) -> None:
    ann = site.world.agent("Ann", address="ann@example.com")
    to_ann = [("assign", "ann@example.com")]
    uid = keep(site, "To Ann", "opened", [], to_ann)
    deactivate_user(site.desk, SYSTEM, ann.uid or "")
    keep(site, "To our Ann", "opened", [], to_ann, uid=uid)
    keep(site, "To our Ann", "opened", [], [("tag", "a"), *to_ann], uid=uid)
    keep(site, "To our Ann", "opened", [], to_ann, uid=uid, is_active=False)
    keep(site, "Not yet", "opened", [], [("notify", "role king")], is_active=False)
    for name, again in (("To our Ann", uid), ("To Ann again", None)):
        with pytest.raises(Invalid) as refused:
            keep(site, name, "opened", [], to_ann, uid=again)
        said = "Nobody who works tickets has the address “ann@example.com”."
        assert [str(each) for each in refused.value.problems["actions.0"]] == [said]


def test_the_log_is_forgotten_after_its_time(site: PluginSite) -> None:
    keep(site, "Tag", "opened", [], [("tag", "a")])
    number = opened(site)
    site.clock.advance(days=29)
    forget(site.desk)
    assert outcomes(site, number)
    site.clock.advance(days=2)
    forget(site.desk)
    assert outcomes(site, number) == []
