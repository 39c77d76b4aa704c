"""A worker that is stopped leaves the index soon, and the next one goes on."""

from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from helpdesk_core.api import Job
from helpdesk_core.jobs.schedule import Schedule
from helpdesk_core.testing.plugins import plugin_site
from helpdesk_search import keeping
from helpdesk_search.plugin import SearchPlugin


def test_a_stop_ends_building_and_indexing_and_the_next_worker_does_the_rest(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "BATCH", 2)
    with plugin_site("search", folder=tmp_path, url=database_url) as site:
        plugin = site.desk.plugins.plugin("search")
        assert isinstance(plugin, SearchPlugin)
        keeper = plugin.keeper
        key, jobs = ("search", "index"), {"search": [Job("index", timedelta(days=1), lambda _desk: keeper.work())]}
        site.world.ticket()
        stopped = Schedule(site.desk, jobs, "stopped", stopping=lambda: True)
        assert stopped.due() == [key]
        assert stopped.run(key)
        assert not keeper.status()["is_built"]
        assert keeper.status()["building"] is None, "nobody waits for it to be abandoned"
        assert Schedule(site.desk, jobs, "next").run(key)
        assert keeper.status()["is_built"]
        for _each in range(6):
            site.world.ticket()
        site.work()
        with site.desk.read() as session:
            waiting = len(keeper.stale.take(session, 100))
        site.clock.advance(days=2)
        asked = count(1)
        Schedule(site.desk, jobs, "stopped later", stopping=lambda: next(asked) > 1).run(key)
        assert keeper.status()["waiting"] == max(waiting - 2, 0) > 0
