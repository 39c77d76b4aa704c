"""Rules on events: in order, once, guarded, each with its reason."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from helpdesk_core.api import SYSTEM
from helpdesk_core.api.events import EventRow, TicketOpened
from helpdesk_core.api.tickets import Change, NewMessage, Requester, change, note, reply
from helpdesk_core.testing.distributions import Distributions
from helpdesk_core.testing.plugins import PluginSite, plugin_site
from helpdesk_core.testing.prepared import Databases
from helpdesk_rules.happening import happened
from helpdesk_rules.models import Run

from .rule_scenes import actors, errors, keep, mails, messages, opened, outcomes, tags, ticket

BY_MAIL = SYSTEM.through("email")


def test_a_new_ticket_gets_what_its_subject_asks_for(site: PluginSite) -> None:
    keep(site, "Outage", "opened", [("subject", "has", "down")], [("priority", "urgent"), ("tag", "outage, loud")])
    keep(site, "Invoice", "opened", [("subject", "has", "invoice")], [("tag", "money")])
    number = opened(site, subject="Site DOWN")
    assert ticket(site, number).priority.key == "urgent"
    assert tags(site, number) == ["loud", "outage"]
    assert outcomes(site, number) == [("Outage", "fired"), ("Invoice", "not")]
    assert "rule: Outage" in actors(site, number)


def test_later_rules_see_what_earlier_ones_did_until_one_is_the_last(site: PluginSite) -> None:
    keep(site, "One", "opened", [], [("tag", "one")])
    keep(site, "Two", "opened", [("tag", "is", "one")], [("tag", "two")], is_last=True)
    keep(site, "Three", "opened", [], [("tag", "three")])
    number = opened(site)
    assert tags(site, number) == ["one", "two"]
    assert outcomes(site, number) == [("One", "fired"), ("Two", "fired")]


def test_rules_tell_who_wrote(site: PluginSite) -> None:
    for trigger in ("customer_replied", "agent_replied", "noted"):
        keep(site, trigger, trigger, [], [("tag", trigger)])
    customer, agent = site.world.customer(), site.world.agent()
    number = opened(site, customer)
    assert tags(site, number) == []
    steps: list[tuple[Callable[[], object], list[str]]] = [
        (lambda: reply(site.desk, customer, number, NewMessage(text="And now?")), ["customer_replied"]),
        (lambda: reply(site.desk, agent, number, NewMessage(text="Soon.")), ["agent_replied", "customer_replied"]),
        (
            lambda: note(site.desk, agent, number, NewMessage(text="Hm.")),
            ["agent_replied", "customer_replied", "noted"],
        ),
    ]
    for act, expected in steps:
        act()
        site.work()
        assert tags(site, number) == expected


def test_an_event_that_is_delivered_again_changes_nothing(site: PluginSite) -> None:
    keep(site, "Note", "opened", [], [("note", "Seen {number}.")])
    number = opened(site)
    with site.desk.read() as session:
        row = session.scalars(select(EventRow).where(EventRow.type == "ticket.opened")).one()
        event = TicketOpened.load(row)
    happened(site.desk, event)
    happened(site.desk, event)
    assert [text for kind, _name, text in messages(site, number) if kind == "internal"] == [f"Seen {number}."]


def test_two_workers_with_the_same_event_carry_it_out_once(site: PluginSite) -> None:
    keep(site, "Note", "opened", [], [("note", "Seen.")])
    number = site.world.ticket().ticket.number or ""
    with site.desk.read() as session:
        event = TicketOpened.load(session.scalars(select(EventRow).where(EventRow.type == "ticket.opened")).one())
    ready = threading.Barrier(2)

    def work() -> None:
        ready.wait()
        try:
            happened(site.desk, event)
        except Exception:  # noqa: BLE001 - one of them may be refused; delivery tries again
            return

    threads = [threading.Thread(target=work) for _each in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    happened(site.desk, event)
    site.work()
    assert len([text for kind, _name, text in messages(site, number) if kind == "internal"]) == 1


def test_two_rules_that_undo_each_other_come_to_an_end(site: PluginSite) -> None:
    keep(site, "Up", "changed", [("priority", "is", "low")], [("priority", "high")])
    keep(site, "Down", "changed", [("priority", "is", "high")], [("priority", "low")])
    agent = site.world.agent()
    number = opened(site)
    change(site.desk, agent, number, Change(priority="low"))
    for _round in range(6):
        site.work()
    found = outcomes(site, number)
    assert sum(outcome == "fired" for _name, outcome in found) == 2
    assert ("Up", "cycle") in found
    before = len(found)
    site.work()
    assert len(outcomes(site, number)) == before


def test_an_action_that_cannot_be_done_says_why_and_the_others_are_done(site: PluginSite) -> None:
    site.world.department("billing")
    elsewhere = site.world.agent("Eve Else", "billing").email
    keep(site, "Tell", "opened", [], [("notify", "agent"), ("assign", elsewhere), ("tag", "told")])
    number = opened(site)
    assert tags(site, number) == ["told"]
    nobody, stranger = errors(site, number)
    assert "nobody to notify" in nobody
    assert "Eve Else does not work in" in stranger


def test_a_reply_is_the_departments_and_never_goes_to_a_machine(site: PluginSite) -> None:
    keep(site, "Thanks", "opened", [], [("reply", "Thank you, {requester}. This is {number}.")])
    number = opened(site, site.world.customer("Carla Customer"))
    assert ("public", "Support", f"Thank you, Carla Customer. This is {number}.") in messages(site, number)
    by_machine = NewMessage(text="Out of office", details={"automatic": {"kind": "reply", "reason": "header"}})
    number = opened(site, BY_MAIL, requester=Requester(email="robot@example.net"), message=by_machine)
    assert [kind for kind, _name, _text in messages(site, number)] == ["public"]
    assert "sent by a machine" in errors(site, number)[0]


def test_spam_is_only_what_came_by_mail_from_somebody_who_never_signed_in(site: PluginSite) -> None:
    keep(site, "Spam", "opened", [("subject", "has", "casino")], [("spam", "")])
    carla = site.world.customer("Carla Customer", address="carla@example.net")
    site.browser(carla)
    junk = opened(site, BY_MAIL, subject="Casino!", requester=Requester(email="junk@example.net"))
    by_customer = opened(site, BY_MAIL, subject="My casino site", requester=Requester(email="carla@example.net"))
    by_web = opened(site, carla, subject="My casino site is down")
    assert not ticket(site, junk).is_open
    assert tags(site, junk) == ["spam"]
    assert ticket(site, by_customer).is_open
    assert ticket(site, by_web).is_open
    assert tags(site, by_customer) == tags(site, by_web) == []
    assert "signed in" in errors(site, by_customer)[0]
    assert "by mail" in errors(site, by_web)[0]


def test_moving_noting_and_notifying(site: PluginSite) -> None:
    site.world.department("sales")
    boss = site.world.agent("Bella Boss", role="manager", address="bella@example.com")
    keep(
        site,
        "Sales",
        "opened",
        [("message", "has", "offer")],
        [("move", "sales"), ("notify", "manager, x@example.com")],
    )
    number = opened(site, text="Make me an offer.")
    assert ticket(site, number).department.key == "sales"
    assert sorted(mails(site)) == ["Bella Boss <bella@example.com>", "x@example.com"]
    assert boss.uid


def test_imported_history_asks_no_rule(site: PluginSite) -> None:
    keep(site, "All", ["opened", "customer_replied"], [], [("tag", "new")])
    number = opened(
        site,
        replace(SYSTEM, channel="web"),
        message=NewMessage(text="Old.", notify=False),
        requester=Requester(email="old@example.net"),
    )
    assert tags(site, number) == []
    with site.desk.read() as session:
        assert session.scalar(select(func.count()).select_from(Run)) == 0


PLUGIN = """
from helpdesk_core.api.automation import AutomaticAction, ConditionField
from helpdesk_core.api.db import new_uid
from helpdesk_core.api.hooks import automatic_actions, condition_fields
from helpdesk_core.api.tickets import NewMessage, note


def plans(session, ticket_ids):
    return {each: {"plan": ["gold"]} for each in ticket_ids}


def broken(session, ticket_ids):
    raise ZeroDivisionError("the panel is away")


def restart(tx, ticket, value):
    note(tx.desk, tx.actor, ticket.number, NewMessage(text="Restarted " + value))


def explode(tx, ticket, value):
    restart(tx, ticket, value)
    raise ZeroDivisionError("it exploded")
"""
BODY = """
@hookimpl(condition_fields)
def fields(self):
    return [ConditionField(key="plan", label="Plan", load=plans), ConditionField(key="rack", label="Rack", load=broken)]

@hookimpl(automatic_actions)
def actions(self):
    return [AutomaticAction(key="restart", label="Restart", act=restart),
            AutomaticAction(key="explode", label="Explode", act=explode)]
"""


def test_plugins_add_conditions_and_actions_and_what_fails_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, databases: Databases
) -> None:
    made = Distributions(tmp_path / "packages")
    made.add("hoster", BODY, head=PLUGIN)
    monkeypatch.syspath_prepend(str(made.folder))
    try:
        with plugin_site("rules", "hoster", folder=tmp_path / "site", databases=databases) as site:
            keep(site, "Gold", "opened", [("hoster.plan", "is", "gold")], [("hoster.restart", "web1"), ("tag", "gold")])
            keep(site, "Rack", "opened", [("hoster.rack", "is", "r1")], [("tag", "rack")])
            keep(site, "Bang", "opened", [], [("hoster.explode", "web2"), ("tag", "after")])
            number = opened(site)
            assert outcomes(site, number) == [("Gold", "fired"), ("Rack", "failed"), ("Bang", "fired")]
            assert tags(site, number) == ["after", "gold"]
            notes = [(name, text) for kind, name, text in messages(site, number) if kind == "internal"]
            assert notes == [("rule: Gold", "Restarted web1")]
            assert "it exploded" in errors(site, number)[0]
    finally:
        made.forget()
