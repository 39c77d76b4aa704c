"""Core calls every hook it offers, with what the hook's signature says."""

from pathlib import Path

import pytest

from helpdesk_core.cli.demo import build
from helpdesk_core.testing.distributions import Distributions
from helpdesk_core.testing.plugins import plugin_site
from tests.specs import walking
from tests.specs.spying import SPECS, Notes, install


@pytest.fixture
def walked(installed: Distributions, notes: Notes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Notes:
    """What a spy has noted during a walk through the whole product."""
    install(installed, "spy")
    with plugin_site("spy", folder=tmp_path / "site") as site:
        site.mail = walking.Post()
        who = walking.cast(site)
        number = walking.customers_part(site, who)
        assert "Spied" in walking.signed_in(site.app, who.customer).get("/answers/spied").words
        walking.agents_part(site, who, number)
        walking.mail_arrives(site, who)
        walking.admins_part(site, who)
        own = site.world.ticket(site.world.actor(who.owner)).ticket.number or ""
        statuses = walking.every_page(site, who.owner, own)
        assert {path: status for path, status in statuses.items() if status >= 400} == {}
        site.work()
    monkeypatch.setattr(build, "threads", list)
    walking.small_demo(tmp_path / "demo", "spy")
    assert walking.command_line(tmp_path / "demo", "spy", "look") == 0
    return notes


def test_every_hook_is_called_and_with_what_its_signature_says(walked: Notes) -> None:
    assert SPECS.keys() - walked.hooks == set(), "core never calls these"
    assert walked.misfits == []
