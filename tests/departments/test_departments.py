from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk_core.actor import ANONYMOUS, SYSTEM, Actor
from helpdesk_core.departments import hooks
from helpdesk_core.departments.inputs import DepartmentDraft
from helpdesk_core.departments.models import Department
from helpdesk_core.departments.queries import (
    all_departments,
    department_by_address,
    find_department,
    signature_for,
    signatures_of,
    visible_departments,
)
from helpdesk_core.departments.service import (
    change_department,
    create_department,
    deactivate_department,
    draft_of,
    reactivate_department,
    reorder_departments,
    set_signature,
)
from helpdesk_core.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from helpdesk_core.events.models import EventRow
from helpdesk_core.hooks import hookimpl
from helpdesk_core.runtime import Helpdesk, Transaction
from helpdesk_core.testing.site import World


def make(desk: Helpdesk, name: str, **fields: Any) -> Department:
    return create_department(desk, SYSTEM, replace(DepartmentDraft(name=name), **fields))


def choices(desk: Helpdesk, actor: Actor) -> list[str]:
    with desk.read() as session:
        return [each.key for each in visible_departments(desk, session, actor)]


def test_a_department_is_made_last_in_the_order_with_a_key_of_its_name(desk: Helpdesk) -> None:
    make(desk, "Sales & Billing")
    made = make(desk, "Sales & Billing", address="Sales@Example.com")
    make(desk, "Поддержка")
    with desk.read() as session:
        assert [each.key for each in all_departments(session)] == ["sales-billing", "sales-billing-2", "department"]
        found = department_by_address(session, "SALES@example.com")
        assert found is not None
        assert found.id == made.id
        assert department_by_address(session, "nobody@example.com") is None
        assert department_by_address(session, "no address") is None


def test_what_does_not_fit_is_told_all_at_once(desk: Helpdesk, world: World) -> None:
    draft = DepartmentDraft(
        name=" ",
        key="Not A Key",
        address="nothing",
        visibility="secret",
        reopen_policy="never",
        reopen_days=-1,
        description="x" * 2001,
        signature="x" * 5001,
    )
    with pytest.raises(Invalid) as caught:
        create_department(desk, SYSTEM, draft)
    assert set(caught.value.problems) == {
        "name", "key", "address", "visibility", "reopen_policy", "reopen_days", "description", "signature",
    }  # fmt: skip


def test_an_address_belongs_to_one_department_and_to_no_person(desk: Helpdesk, world: World) -> None:
    make(desk, "Sales", address="sales@example.com")
    with pytest.raises(Invalid, match="“Sales” already"):
        make(desk, "Other", address="SALES@example.com")
    world.user("Anna", address="anna@example.com")
    with pytest.raises(Invalid, match="person's account"):
        make(desk, "Other", address="anna@example.com")


def test_a_change_touches_what_is_given_and_is_recorded(desk: Helpdesk) -> None:
    make(desk, "Sales", address="sales@example.com", signature="Your sales team")
    changed = change_department(desk, SYSTEM, "sales", name="Sale", reopen_days=7)
    assert (changed.name, changed.reopen_days, changed.signature) == ("Sale", 7, "Your sales team")
    change_department(desk, SYSTEM, "sales", name="Sale")
    with desk.read() as session:
        rows = session.scalars(select(EventRow).where(EventRow.type == "department.changed")).all()
    assert [row.data["changed"] for row in rows] == [["name", "reopen_days"]]
    with pytest.raises(NotFound):
        change_department(desk, SYSTEM, "nowhere", name="X")


def test_a_draft_holds_what_a_form_shows(desk: Helpdesk) -> None:
    made = make(desk, "Sales", address="sales@example.com")
    assert draft_of(made) == DepartmentDraft(name="Sales", key="sales", address="sales@example.com")


def test_departments_are_managed_by_who_may(desk: Helpdesk, world: World) -> None:
    world.department("sales"), world.department("support")
    chief = world.agent("Chief", "sales", role="admin")
    change_department(desk, chief, "sales", name="Sale")
    with pytest.raises(Forbidden):
        change_department(desk, chief, "support", name="Mine")
    with pytest.raises(Forbidden):
        create_department(desk, chief, DepartmentDraft(name="New"))
    with pytest.raises(Forbidden):
        deactivate_department(desk, chief, "sales")
    with pytest.raises(Forbidden):
        reorder_departments(desk, world.agent(), ["support", "sales"])


def test_a_closed_department_takes_no_tickets_and_one_remains(desk: Helpdesk, world: World) -> None:
    make(desk, "Sales")
    make(desk, "Support")
    assert not deactivate_department(desk, SYSTEM, "sales").is_active
    assert choices(desk, ANONYMOUS) == ["support"]
    with pytest.raises(Refused, match="last active"):
        deactivate_department(desk, SYSTEM, "support")
    reactivate_department(desk, SYSTEM, "sales")
    assert choices(desk, ANONYMOUS) == ["sales", "support"]


def test_departments_stand_in_the_order_given(desk: Helpdesk) -> None:
    for name in ("A", "B", "C"):
        make(desk, name)
    reorder_departments(desk, SYSTEM, ["c", "a", "b"])
    assert choices(desk, ANONYMOUS) == ["c", "a", "b"]
    with pytest.raises(Conflict):
        reorder_departments(desk, SYSTEM, ["c", "a"])


def test_everybody_chooses_among_what_is_open_to_them(desk: Helpdesk, world: World) -> None:
    make(desk, "Open")
    make(desk, "Customers", visibility="known")
    make(desk, "Inner", visibility="hidden")
    guest = Actor(kind="guest", user_id=1, ticket_ids=frozenset({1}))
    assert choices(desk, ANONYMOUS) == ["open"]
    assert choices(desk, guest) == ["open"]
    assert choices(desk, world.customer()) == ["open", "customers"]
    assert choices(desk, world.agent("Adam", "open")) == ["open", "customers", "inner"]


def test_an_agent_signs_in_each_department_in_their_own_way(desk: Helpdesk, world: World) -> None:
    sales, support = make(desk, "Sales", signature="Your sales team"), make(desk, "Support")
    agent = world.agent("Adam")
    uid, user_id = agent.uid or "", agent.user_id or 0
    set_signature(desk, agent, uid, "sales", " Adam\r\nSales ")
    set_signature(desk, agent, uid, "support", "Adam, support")
    set_signature(desk, agent, uid, "support", "A.")
    with desk.read() as session:
        assert signature_for(session, user_id, sales.id) == "Adam\nSales"
        assert signature_for(session, user_id, support.id) == "A."
        assert signatures_of(session, user_id) == {sales.id: "Adam\nSales", support.id: "A."}
        assert signature_for(session, None, sales.id) == "Your sales team"
    set_signature(desk, agent, uid, "sales", "")
    with desk.read() as session:
        assert signature_for(session, user_id, sales.id) == "Your sales team"
        assert signature_for(session, None, support.id) == ""
        assert signature_for(session, user_id, 999) == ""


def test_nobody_signs_for_a_colleague(desk: Helpdesk, world: World) -> None:
    make(desk, "Sales")
    adam, mia = world.agent("Adam"), world.agent("Mia", role="manager")
    with pytest.raises(Forbidden):
        set_signature(desk, world.agent("Bert"), adam.uid or "", "sales", "Fool")
    set_signature(desk, mia, adam.uid or "", "sales", "Adam")
    with pytest.raises(Invalid, match="longer than"):
        set_signature(desk, adam, adam.uid or "", "sales", "x" * 5001)


class Planner:
    def __init__(self) -> None:
        self.seen: list[tuple[str, tuple[str, ...]]] = []

    @hookimpl(hooks.department_draft)
    def draft(self, draft: DepartmentDraft) -> DepartmentDraft:
        return replace(draft, description="Planned")

    @hookimpl(hooks.department_check)
    def check(self, draft: DepartmentDraft) -> Sequence[str]:
        return ["Not this name."] if draft.name == "Forbidden" else []

    @hookimpl(hooks.department_changing)
    def changing(self, tx: Transaction, department: Department, changed: Sequence[str]) -> None:
        self.seen.append((department.key, tuple(changed)))

    @hookimpl(hooks.department_choices)
    def choices(self, choices: Sequence[Department]) -> Sequence[Department]:
        return [Department(key="smuggled"), *reversed(choices)]


def test_plugins_take_part_but_cannot_open_what_is_hidden(desk: Helpdesk) -> None:
    planner = Planner()
    desk.hooks.register(planner, "planner")
    assert make(desk, "Sales").description == "Planned"
    make(desk, "Support")
    change_department(desk, SYSTEM, "sales", name="Sale")
    deactivate_department(desk, SYSTEM, "sales")
    reactivate_department(desk, SYSTEM, "sales")
    assert planner.seen == [
        ("sales", ()), ("support", ()), ("sales", ("name",)), ("sales", ("is_active",)), ("sales", ("is_active",)),
    ]  # fmt: skip
    assert choices(desk, ANONYMOUS) == ["support", "sales"]
    with pytest.raises(Refused, match="Not this name"):
        make(desk, "Forbidden")


def test_a_broken_plugin_keeps_no_department_from_being_chosen(desk: Helpdesk) -> None:
    class Broken:
        @hookimpl(hooks.department_choices)
        def choices(self) -> Sequence[Department]:
            raise RuntimeError("away")

        @hookimpl(hooks.department_changing)
        def changing(self) -> None:
            raise RuntimeError("away")

    desk.hooks.register(Broken(), "broken")
    make(desk, "Sales")
    assert choices(desk, ANONYMOUS) == ["sales"]
    with desk.read() as session:
        assert find_department(session, "sales").is_active
