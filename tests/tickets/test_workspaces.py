"""Workspaces: who has them, who changes them, and what each person makes of them."""

import pytest

from helpdesk_core.actor import Actor
from helpdesk_core.errors import Forbidden, Invalid, NotFound
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.site import World
from helpdesk_core.tickets.arranging import ChoiceChange, arrangement, choose, order_workspaces
from helpdesk_core.tickets.filtering import TicketFilter
from helpdesk_core.tickets.searches import WorkspaceChange, change_search, delete_search, save_search, workspaces
from helpdesk_core.tickets.standing import STANDING
from helpdesk_core.users.models import User

URGENT = TicketFilter(priority=("urgent",))


def names(desk: Helpdesk, actor: Actor) -> list[str]:
    with desk.read() as session:
        return [each.name for each in workspaces(desk, session, actor)]


def test_a_department_shares_what_others_do_not_have(desk: Helpdesk, world: World) -> None:
    world.department("support")
    world.department("billing")
    lead = world.agent("Lead", "support", role="manager")
    save_search(desk, lead, "Urgent here", URGENT, shared=True, department="support")
    assert names(desk, world.agent("Inside", "support")) == ["Urgent here"]
    assert names(desk, world.agent("Outside", "billing")) == []
    assert names(desk, world.agent("Everywhere")) == ["Urgent here"]
    for elsewhere in ({"department": "billing"}, {}, {"role": "agent"}):
        with pytest.raises((Forbidden, Invalid)):
            save_search(desk, lead, "Not mine", URGENT, shared=True, **elsewhere)


def test_a_role_shares_with_its_holders_and_the_sharer(desk: Helpdesk, world: World) -> None:
    lead = world.agent("Lead", role="manager")
    other = world.agent("Other lead", role="manager")
    agent = world.agent()
    save_search(desk, lead, "For leads", URGENT, shared=True, role="manager")
    save_search(desk, lead, "For agents", URGENT, shared=True, role="agent")
    assert names(desk, agent) == ["For agents"]
    assert sorted(names(desk, other)) == ["For agents", "For leads"]


def test_a_workspace_is_renamed_shared_and_taken_back(desk: Helpdesk, world: World) -> None:
    lead, agent = world.agent("Lead", role="manager"), world.agent()
    kept = save_search(desk, lead, "Mine", URGENT)
    assert names(desk, agent) == []
    change_search(
        desk,
        lead,
        kept.uid,
        WorkspaceChange(name="Ours", columns=("status",), sort="-priority", shared=True, filter=TicketFilter()),
    )
    with desk.read() as session:
        (shared,) = workspaces(desk, session, agent)
    assert (shared.name, shared.columns, shared.sort, shared.filter) == (
        "Ours",
        ("status",),
        "-priority",
        TicketFilter(),
    )
    assert not shared.may_change(agent)
    for act in (
        lambda: delete_search(desk, agent, kept.uid),
        lambda: change_search(desk, agent, kept.uid, WorkspaceChange(name="X")),
    ):
        with pytest.raises(Forbidden):
            act()
    change_search(desk, lead, kept.uid, WorkspaceChange(shared=False))
    assert names(desk, agent) == []
    with pytest.raises(NotFound):
        delete_search(desk, agent, kept.uid)
    delete_search(desk, lead, kept.uid)
    assert names(desk, lead) == []


def test_two_of_one_name_would_be_confused(desk: Helpdesk, world: World) -> None:
    agent = world.agent()
    save_search(desk, agent, "One", URGENT)
    two = save_search(desk, agent, "Two", URGENT)
    with pytest.raises(Invalid, match="One"):
        change_search(desk, agent, two.uid, WorkspaceChange(name="One"))


def test_each_person_arranges_for_themselves(desk: Helpdesk, world: World) -> None:
    user = world.user("Adam Agent")
    world.grant(user)
    agent = world.actor(user)
    kept = save_search(desk, agent, "Urgent", URGENT)
    order_workspaces(desk, agent, [kept.uid, "open"])
    choose(desk, agent, "open", ChoiceChange(sound=True, columns=("status", "updated"), sort="-created"))
    choose(desk, agent, "following", ChoiceChange(hidden=True))
    with desk.read() as session:
        mine = arrangement(session.get_one(User, user.id).preferences)
    assert mine.sorted([*STANDING, kept.uid])[:3] == [kept.uid, "open", "turn"]
    chosen = mine.of("open")
    assert (chosen.sound, chosen.notify, chosen.watched) == (True, False, True)
    assert (chosen.columns, chosen.sort) == (("status", "updated"), "-created")
    assert mine.of("following").hidden
    assert not mine.of("turn").watched
    delete_search(desk, agent, kept.uid)
    choose(desk, agent, "open", ChoiceChange(sound=False, columns=(), sort=""))
    with desk.read() as session:
        preferences = session.get_one(User, user.id).preferences["workspaces"]
    assert kept.uid not in preferences["order"]
    assert "open" not in preferences["of"]


def test_nobody_arranges_what_they_do_not_have(desk: Helpdesk, world: World) -> None:
    agent, other = world.agent(), world.agent("Bert Agent")
    kept = save_search(desk, other, "Urgent", URGENT)
    with pytest.raises(NotFound):
        choose(desk, agent, kept.uid, ChoiceChange(sound=True))
    with pytest.raises(Invalid):
        order_workspaces(desk, agent, [kept.uid])
    with pytest.raises(Invalid):
        choose(desk, agent, "open", ChoiceChange(sort="colour"))


@pytest.mark.parametrize(
    "junk",
    [None, [], {"order": "x", "of": []}, {"order": [1], "of": {"open": {"sound": "yes", "columns": [1], "sort": 3}}}],
)
def test_preferences_that_do_not_fit_do_no_harm(junk: object) -> None:
    assert not arrangement({"workspaces": junk}).of("open").watched
