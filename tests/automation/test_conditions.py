"""Conditions on tickets: what holds, why, and that the database finds the same tickets."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from helpdesk_core.automation.checking import action_problem, choices_of, clause_of, condition_problem
from helpdesk_core.automation.conditions import OPERATORS, WITHOUT_VALUES, Condition, said_values, span, values_of
from helpdesk_core.automation.facts import (
    automatic_actions_of,
    condition_fields_of,
    explain_conditions,
    load_facts,
)
from helpdesk_core.automation.own_fields import OWN_FIELDS
from helpdesk_core.hooks import HookFailed
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.distributions import Distributions
from helpdesk_core.testing.plugins import PluginSite, plugin_site
from helpdesk_core.testing.site import TestClock, World
from helpdesk_core.tickets.changing import change, close
from helpdesk_core.tickets.conversation import reply
from helpdesk_core.tickets.inputs import Change, NewMessage
from helpdesk_core.tickets.models import Ticket

VALUES = {
    "department": ("support",),
    "status": ("closed", "open"),
    "state": ("new", "closed"),
    "waiting_on": ("us",),
    "priority": ("urgent",),
    "type": ("fault",),
    "organisation": ("nobody’s",),
    "tag": ("DNS", "mail"),
    "assignee": ("Adam@example.com",),
    "requester": ("carla@example.com",),
    "signed_in": ("no",),
    "channel": ("web",),
    "language": ("de",),
    "subject": ("ДОМЕН", "50%"),
    "messages": ("1",),
}


@pytest.fixture
def company(desk: Helpdesk, world: World, clock: TestClock) -> list[int]:
    """Tickets that differ in everything conditions ask for."""
    agent = world.agent("Adam Agent", address="adam@example.com")
    carla = world.customer("Carla Customer", address="carla@example.com")
    first = world.ticket(carla, subject="Мой домен", type="fault", locale="de")
    change(desk, agent, first.ticket.number or "", Change(priority="urgent", tags=("dns",)))
    clock.advance(days=2)
    second = world.ticket(subject="50_ off", department="sales")
    change(desk, agent, second.ticket.number or "", Change(assignee=agent.uid, tags=("mail", "vip")))
    third = world.ticket(carla, subject="50% off")
    reply(desk, agent, first.ticket.number or "", NewMessage(text="We look."))
    clock.advance(hours=5)
    close(desk, agent, third.ticket.number or "")
    clock.advance(minutes=10)
    return [each.ticket.id for each in (first, second, third)]


def test_the_database_finds_what_holds_ticket_by_ticket(desk: Helpdesk, company: list[int]) -> None:
    now, asked = desk.now(), 0
    for field in OWN_FIELDS:
        for operator in OPERATORS[field.kind]:
            values = () if operator in WITHOUT_VALUES else VALUES.get(field.key, ("6h",))
            condition = Condition(field.key, operator, values)
            clause = clause_of(desk, condition, now)
            if clause is None:
                continue
            with desk.read() as session:
                found = set(session.scalars(select(Ticket.id).where(clause)))
                known = load_facts(desk, session, company, [field.key])
            held = {each for each in company if explain_conditions(desk, [condition], known[each], now)[0].holds}
            assert (field.key, operator, found) == (field.key, operator, held)
            asked += 1
    assert asked > 50


def test_a_condition_says_what_it_found(desk: Helpdesk, company: list[int]) -> None:
    conditions = [Condition("tag", "is", ("dns",)), Condition("priority", "is_not", ("urgent",))]
    with desk.read() as session:
        known = load_facts(desk, session, company[:1], ["tag", "priority"])[company[0]]
    tag, priority = explain_conditions(desk, conditions, known, desk.now())
    assert (tag.holds, tag.found) == (True, ("dns",))
    assert (priority.holds, priority.found) == (False, ("urgent",))


def test_the_last_message_is_what_somebody_wrote_last(desk: Helpdesk, company: list[int]) -> None:
    keys = ["message", "sender", "message_channel", "automatic"]
    with desk.read() as session:
        known = load_facts(desk, session, company, keys)
    assert known[company[0]].facts == {
        "message": ("We look.",),
        "sender": ("adam@example.com",),
        "message_channel": ("web",),
        "automatic": ("no",),
    }


@pytest.mark.parametrize(
    ("condition", "mend"),
    [
        (Condition("colour", "is", ("red",)), "no field “colour”"),
        (Condition("subject", "over", ("3",)), "cannot be asked for"),
        (Condition("priority", "is", ()), "Say what Priority has to be"),
        (Condition("priority", "is", ("soon",)), "“soon” is no value of Priority"),
        (Condition("type", "is_set", ("fault",)), "Take the value away"),
        (Condition("created_at", "over", ("soon",)), "Write it like 30m, 4h or 3d"),
        (Condition("created_at", "over", ("3d", "4d")), "one value only"),
        (Condition("messages", "over", ("many",)), "no number"),
    ],
)
def test_a_condition_that_cannot_hold_is_refused_with_its_mend(desk: Helpdesk, condition: Condition, mend: str) -> None:
    with desk.read() as session:
        assert mend in (condition_problem(desk, session, condition) or "")


def test_a_good_condition_has_no_problem_and_survives_being_stored(desk: Helpdesk) -> None:
    condition = Condition("created_at", "over", ("1d 4h",))
    assert Condition.of(condition.as_dict()) == condition
    assert span("1d 4h") == timedelta(hours=28)
    with desk.read() as session:
        assert condition_problem(desk, session, condition) is None


@pytest.mark.parametrize(
    ("typed", "values"),
    [
        ("down,  offline ,", ("down", "offline")),
        ('"Hello, world", bye', ("Hello, world", "bye")),
        ('"He said ""no, never""", 5" disk', ('He said "no, never"', '5" disk')),
        ('"never closed, this', ("never closed, this",)),
        (" , ", ()),
    ],
)
def test_values_are_parted_by_commas_and_quotes_hold_them_together(typed: str, values: tuple[str, ...]) -> None:
    assert values_of(typed) == values
    assert values_of(said_values(values)) == values


@pytest.mark.parametrize(
    ("field", "value", "mend"),
    [
        ("created_at", "99999999d", "longer than 100 years"),
        ("created_at", "999999999999", "longer than 100 years"),
        ("messages", "nan", "“nan” is no number"),
        ("messages", "-inf", "“-inf” is no number"),
        ("messages", "1e999", "“1e999” is no number"),
    ],
)
def test_what_nothing_can_be_compared_with_is_refused(desk: Helpdesk, field: str, value: str, mend: str) -> None:
    with desk.read() as session:
        assert mend in (condition_problem(desk, session, Condition(field, "over", (value,))) or "")
        assert condition_problem(desk, session, Condition("created_at", "over", ("36500d",))) is None


def test_a_condition_that_was_kept_with_such_a_value_says_so(desk: Helpdesk, company: list[int]) -> None:
    condition = Condition("created_at", "over", ("99999999d",))
    with desk.read() as session:
        known = load_facts(desk, session, company, ["created_at"])
    (finding,) = explain_conditions(desk, [condition], known[company[0]], desk.now())
    assert not finding.holds
    assert "longer than 100 years" in finding.problem


def test_a_text_that_is_too_long_for_values_is_one_that_is_refused(desk: Helpdesk) -> None:
    values = values_of("x" * 200_000)
    assert len(values) == 1
    with desk.read() as session:
        problem = condition_problem(desk, session, Condition("subject", "has", values))
    assert "longer ones, than can be compared" in (problem or "")


PLUGIN = """
from helpdesk_core.api.automation import AutomaticAction, ConditionField
from helpdesk_core.api.hooks import automatic_actions, condition_fields


def load(session, ticket_ids):
    return {each: {"plan": ["gold"]} for each in ticket_ids}


def broken(session, ticket_ids):
    raise ZeroDivisionError("no such panel")
"""
BODY = """
@hookimpl(condition_fields)
def fields(self):
    return [ConditionField(key="plan", label="Plan", load=load), ConditionField(key="rack", label="Rack", load=broken)]

@hookimpl(automatic_actions)
def actions(self):
    return [AutomaticAction(key="restart", label="Restart", act=lambda tx, ticket, value: None)]
"""


def test_plugins_add_fields_and_actions_and_a_broken_one_fails_alone(installed: Distributions, tmp_path: Path) -> None:
    installed.add("hoster", BODY, head=PLUGIN)
    with plugin_site("hoster", folder=tmp_path / "site") as site:
        id = site.world.ticket().ticket.id
        assert {"hoster.plan", "hoster.rack", "subject"} <= condition_fields_of(site.desk).keys()
        assert list(automatic_actions_of(site.desk)) == ["hoster.restart"]
        conditions = [Condition(f"hoster.{key}", "is", ("gold",)) for key in ("plan", "rack")]
        with site.desk.read() as session:
            known = load_facts(site.desk, session, [id], [each.field for each in conditions])
        plan, rack = explain_conditions(site.desk, conditions, known[id], site.desk.now())
        assert plan.holds
        assert not rack.holds
        assert "no such panel" in rack.problem


CARELESS = """
from helpdesk_core.api.automation import AutomaticAction, ConditionField
from helpdesk_core.api.hooks import automatic_actions, condition_fields


def load(session, ticket_ids):
    return {each: {"seats": ["many"], "renewed": ["2026-01-01T00:00:00"], "plan": "gold"} for each in ticket_ids}


def away(*_given):
    raise ZeroDivisionError("the panel is away")


def check(value):
    if value == "odd":
        raise ValueError("Write an even one.")
    if value == "bare":
        raise ValueError
    if value != "even":
        away()
"""
CARELESS_BODY = """
@hookimpl(condition_fields)
def fields(self):
    return [
        ConditionField(key="seats", label="Seats", kind="number", load=load),
        ConditionField(key="renewed", label="Renewed", kind="time", load=lambda *given: load(*given)),
        ConditionField(key="plan", label="Plan", load=lambda *given: load(*given)),
        ConditionField(key="rack", label="Rack", load=load, choices=away, among=away),
    ]

@hookimpl(automatic_actions)
def actions(self):
    return [
        AutomaticAction(key="restart", label="Restart", act=away, check=check),
        AutomaticAction(key="pick", label="Pick", act=away, choices=away),
    ]
"""


@pytest.fixture
def careless(installed: Distributions, tmp_path: Path) -> Iterator[PluginSite]:
    """A helpdesk with a plugin whose code fails wherever it is called later."""
    installed.add("hoster", CARELESS_BODY, head=CARELESS)
    with plugin_site("hoster", folder=tmp_path / "site") as site:
        yield site


def test_a_check_that_fails_is_told_as_the_plugins_failure(careless: PluginSite) -> None:
    actions = automatic_actions_of(careless.desk)
    with careless.desk.read() as session:

        def said(key: str, value: str) -> str | None:
            return action_problem(careless.desk, session, actions[f"hoster.{key}"], value)

        assert said("restart", "even") is None
        assert said("restart", "odd") == "Write an even one."
        assert said("restart", "bare") == "This value cannot be used."
        for problem in (said("restart", "x"), said("pick", "x")):
            assert problem is not None
            assert "because the plugin “hoster” failed" in problem
            assert "the panel is away" in problem


def test_choices_and_clauses_that_fail_are_told_as_the_plugins_failure(careless: PluginSite) -> None:
    fields = condition_fields_of(careless.desk)
    condition = Condition("hoster.rack", "is", ("r1",))
    with careless.desk.read() as session:
        assert choices_of(careless.desk, session, fields["subject"]) is None
        assert ("urgent", "Urgent") in (choices_of(careless.desk, session, fields["priority"]) or ())
        with pytest.raises(HookFailed, match="the panel is away"):
            choices_of(careless.desk, session, fields["hoster.rack"])
        with pytest.raises(HookFailed, match="the panel is away"):
            clause_of(careless.desk, condition, careless.desk.now())
        problem = condition_problem(careless.desk, session, condition)
    assert problem is not None
    assert "“Rack” cannot be checked" in problem


@pytest.mark.parametrize(
    ("field", "operator", "value", "why"),
    [
        ("seats", "over", "3", "could not convert"),
        ("renewed", "over", "3d", "has no time zone"),
        ("plan", "is", "gold", "a sequence of texts"),
    ],
)
def test_facts_that_cannot_be_compared_are_told_as_the_plugins_failure(
    careless: PluginSite, field: str, operator: str, value: str, why: str
) -> None:
    id = careless.world.ticket().ticket.id
    condition = Condition(f"hoster.{field}", operator, (value,))
    with careless.desk.read() as session:
        known = load_facts(careless.desk, session, [id], [condition.field])
    (finding,) = explain_conditions(careless.desk, [condition], known[id], careless.desk.now())
    assert not finding.holds
    assert why in finding.problem
