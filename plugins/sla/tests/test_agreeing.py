"""What is asked of a policy when it is saved."""

import pytest

from helpdesk_core.api import SYSTEM, Actor
from helpdesk_core.api.errors import Invalid
from helpdesk_core.api.users import deactivate_user
from helpdesk_core.testing.plugins import PluginSite
from helpdesk_sla.agreeing import PolicyDraft, all_policies, save_policy

TO_ANN = "at resolution: assign ann@example.com"


def save(
    site: PluginSite, uid: str | None = None, *, steps: str = TO_ANN, name: str = "Gold", used: bool = True
) -> str:
    typed = PolicyDraft(name=name, is_active=used, targets={"resolution": "8h"}, steps=steps)
    return save_policy(site.desk, SYSTEM, typed, uid)


@pytest.fixture
def ann(site: PluginSite) -> Actor:
    """An agent to whom a step assigns."""
    return site.world.agent("Ann", address="ann@example.com")


def test_a_policy_can_be_changed_and_taken_out_of_use_although_somebody_named_has_left(
    site: PluginSite, ann: Actor
) -> None:
    uid = save(site)
    deactivate_user(site.desk, SYSTEM, ann.uid or "")
    save(site, uid, name="Golden")
    save(site, uid, steps=f"{TO_ANN}\nat resolution: tag late")
    save(site, uid, name="Old", used=False)
    with site.desk.read() as session:
        [row] = all_policies(session)
        assert (row.name, row.is_active, [each["value"] for each in row.steps]) == ("Old", False, ["ann@example.com"])


def test_whom_a_step_assigns_to_is_asked_where_it_begins_to_count(site: PluginSite, ann: Actor) -> None:
    used, unused = save(site), save(site, used=False)
    deactivate_user(site.desk, SYSTEM, ann.uid or "")
    changed = "1h after resolution: assign ann@example.com"
    for uid, steps in ((None, TO_ANN), (used, changed), (unused, TO_ANN)):
        with pytest.raises(Invalid) as error:
            save(site, uid, steps=steps)
        said = "Line 1: Nobody who works tickets has the address “ann@example.com”."
        assert [str(each) for each in error.value.problems["steps"]] == [said]
    save(site, unused, steps=changed, used=False)
