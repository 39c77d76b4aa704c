from collections.abc import Callable

import pytest
from sqlalchemy import select

from helpdesk_core.actor import SYSTEM
from helpdesk_core.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from helpdesk_core.events.models import EventRow
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.site import World
from helpdesk_core.tickets import kinds, workflow
from helpdesk_core.tickets.models import Priority, Status, TicketType
from helpdesk_core.tickets.vocabulary import Vocabulary, vocabulary
from helpdesk_core.tickets.workflow import StatusDraft


def words(desk: Helpdesk) -> Vocabulary:
    with desk.read() as session:
        return vocabulary(desk, session)


def recorded(desk: Helpdesk) -> list[tuple[str, str, str]]:
    with desk.read() as session:
        rows = session.scalars(select(EventRow).where(EventRow.type == "workflow.changed").order_by(EventRow.id))
        return [(row.data["subject"], row.data["key"], row.data["what"]) for row in rows]


def test_a_status_is_made_last_with_a_key_of_its_name(desk: Helpdesk) -> None:
    made = workflow.create_status(
        desk, SYSTEM, StatusDraft(name=" Waiting  for parts ", state="waiting", turn="nobody")
    )
    again = workflow.create_status(desk, SYSTEM, StatusDraft(name="Waiting for parts", state="waiting", turn="us"))
    assert (made.key, made.name, again.key) == ("waiting-for-parts", "Waiting for parts", "waiting-for-parts-2")
    assert list(words(desk).statuses)[-2:] == [made.key, again.key]
    assert recorded(desk) == [("status", made.key, "created"), ("status", again.key, "created")]


def test_what_does_not_fit_a_status_is_told_all_at_once(desk: Helpdesk) -> None:
    with pytest.raises(Invalid) as caught:
        workflow.create_status(desk, SYSTEM, StatusDraft(name=" ", state="lost", turn="them", key="No Key"))
    assert set(caught.value.problems) == {"name", "state", "turn", "key"}
    with pytest.raises(Invalid, match="already"):
        workflow.create_status(desk, SYSTEM, StatusDraft(name="X", state="open", turn="us", key="open"))


def test_a_status_is_renamed_in_use_but_keeps_its_meaning(desk: Helpdesk, world: World) -> None:
    world.ticket()
    renamed = workflow.change_status(desk, SYSTEM, "new", StatusDraft(name="Unread", state="new", turn="us"))
    assert renamed.name == "Unread"
    with pytest.raises(Refused, match="Make another status"):
        workflow.change_status(desk, SYSTEM, "new", StatusDraft(name="Unread", state="new", turn="nobody"))
    workflow.change_status(desk, SYSTEM, "on-hold", StatusDraft(name="Parked", state="open", turn="us"))
    assert words(desk).status("on-hold").state == "open"


@pytest.mark.parametrize("take_away", [workflow.deactivate_status, workflow.delete_status])
@pytest.mark.parametrize("key", ["new", "open", "closed"])
def test_a_state_that_tickets_need_keeps_an_active_status(
    desk: Helpdesk, key: str, take_away: Callable[..., object]
) -> None:
    with pytest.raises(Refused, match="last active status"):
        take_away(desk, SYSTEM, key)
    workflow.create_status(desk, SYSTEM, StatusDraft(name="Other", state=key, turn="nobody"))
    take_away(desk, SYSTEM, key)
    assert words(desk).in_state(key).name == "Other"


def test_the_last_status_of_a_state_cannot_move_to_another_state(desk: Helpdesk) -> None:
    with pytest.raises(Refused, match="last active status"):
        workflow.change_status(desk, SYSTEM, "open", StatusDraft(name="Open", state="waiting", turn="us"))


def test_resolved_may_go_entirely(desk: Helpdesk) -> None:
    workflow.delete_status(desk, SYSTEM, "resolved")
    with pytest.raises(NotFound):
        workflow.delete_status(desk, SYSTEM, "resolved")


def test_a_status_in_use_is_deactivated_not_deleted(desk: Helpdesk, world: World) -> None:
    world.ticket()
    workflow.create_status(desk, SYSTEM, StatusDraft(name="Fresh", state="new", turn="us"))
    with pytest.raises(Refused, match="Deactivate it instead"):
        workflow.delete_status(desk, SYSTEM, "new")
    workflow.deactivate_status(desk, SYSTEM, "new")
    assert words(desk).in_state("new").name == "Fresh"
    assert workflow.reactivate_status(desk, SYSTEM, "new").is_active


def test_the_first_status_of_a_state_is_the_one_tickets_get(desk: Helpdesk) -> None:
    before = list(words(desk).statuses)
    with pytest.raises(Conflict):
        workflow.reorder_statuses(desk, SYSTEM, before[:-1])
    workflow.reorder_statuses(desk, SYSTEM, before[::-1])
    assert list(words(desk).statuses) == before[::-1]
    assert words(desk).in_state("waiting").key == "on-hold"


def test_steps_are_limited_and_freed_again(desk: Helpdesk) -> None:
    workflow.set_transitions(desk, SYSTEM, {"new": ["open", "new"], "open": ["closed"]})
    known = words(desk)
    assert known.may_follow(known.status("new"), known.status("open"))
    assert not known.may_follow(known.status("new"), known.status("closed"))
    assert known.may_follow(known.status("waiting"), known.status("closed"))
    workflow.set_transitions(desk, SYSTEM, {"open": ["closed", "waiting"]})
    known = words(desk)
    assert known.may_follow(known.status("new"), known.status("closed"))
    assert known.may_follow(known.status("open"), known.status("waiting"))
    with pytest.raises(Invalid, match="no status"):
        workflow.set_transitions(desk, SYSTEM, {"open": ["gone"]})
    assert recorded(desk) == [("status", "", "steps")] * 2


def test_types_are_made_renamed_ordered_and_taken_out_of_use(desk: Helpdesk, world: World) -> None:
    made = kinds.create_type(desk, SYSTEM, "Störung im Netz")
    assert made.key == "storung-im-netz"
    kinds.rename_type(desk, SYSTEM, made.key, "Netz")
    kinds.reorder_types(desk, SYSTEM, [made.key, "question", "request", "fault"])
    assert next(iter(words(desk).types.values())).name == "Netz"
    world.ticket(type="question")
    with pytest.raises(Refused, match="Deactivate"):
        kinds.delete_type(desk, SYSTEM, "question")
    assert not kinds.deactivate_type(desk, SYSTEM, "question").is_active
    assert kinds.reactivate_type(desk, SYSTEM, "question").is_active
    kinds.delete_type(desk, SYSTEM, "fault")
    assert "fault" not in words(desk).types
    with pytest.raises(Conflict):
        kinds.reorder_types(desk, SYSTEM, ["question"])
    with pytest.raises(Invalid):
        kinds.create_type(desk, SYSTEM, " ", "request")


def test_one_priority_is_the_default_and_stays(desk: Helpdesk, world: World) -> None:
    world.ticket()
    assert kinds.set_default_priority(desk, SYSTEM, "high").is_default
    assert words(desk).priority(None).key == "high"
    assert [each.key for each in words(desk).priorities.values() if each.is_default] == ["high"]
    with pytest.raises(Refused, match="default"):
        kinds.delete_priority(desk, SYSTEM, "high")
    with pytest.raises(Refused, match="Tickets have"):
        kinds.delete_priority(desk, SYSTEM, "normal")
    kinds.delete_priority(desk, SYSTEM, "low")
    assert "low" not in words(desk).priorities


def test_priorities_are_ordered_by_level(desk: Helpdesk) -> None:
    made = kinds.create_priority(desk, SYSTEM, "On fire")
    assert (made.key, made.level) == ("on-fire", 50)
    kinds.rename_priority(desk, SYSTEM, "low", "Whenever")
    kinds.reorder_priorities(desk, SYSTEM, ["on-fire", "low", "normal", "high", "urgent"])
    assert [(each.name, each.level) for each in words(desk).priorities.values()][:2] == [
        ("On fire", 10),
        ("Whenever", 20),
    ]


def test_only_who_may_change_settings_may_change_the_workflow(desk: Helpdesk, world: World) -> None:
    agent = world.agent(role="manager")
    draft = StatusDraft(name="X", state="open", turn="us")
    for refused in (
        lambda: workflow.create_status(desk, agent, draft),
        lambda: workflow.change_status(desk, agent, "open", draft),
        lambda: workflow.deactivate_status(desk, agent, "on-hold"),
        lambda: workflow.reactivate_status(desk, agent, "on-hold"),
        lambda: workflow.delete_status(desk, agent, "resolved"),
        lambda: workflow.reorder_statuses(desk, agent, list(words(desk).statuses)),
        lambda: workflow.set_transitions(desk, agent, {"new": ["open"]}),
        lambda: kinds.create_type(desk, agent, "X"),
        lambda: kinds.delete_type(desk, agent, "fault"),
        lambda: kinds.deactivate_type(desk, agent, "fault"),
        lambda: kinds.create_priority(desk, agent, "X"),
        lambda: kinds.set_default_priority(desk, agent, "low"),
        lambda: kinds.delete_priority(desk, agent, "low"),
    ):
        with pytest.raises(Forbidden, match=r"settings\.manage"):
            refused()
    assert recorded(desk) == []
    with desk.read() as session:
        assert len(session.scalars(select(Status)).all()) == 6
        assert len(session.scalars(select(TicketType)).all()) == 3
        assert len(session.scalars(select(Priority)).all()) == 4
