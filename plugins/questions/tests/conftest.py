"""A helpdesk that asks what a hosting company asks."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from helpdesk_core.api import Actor
from helpdesk_core.testing.plugins import PluginSite, plugin_site
from helpdesk_core.testing.prepared import Databases
from helpdesk_questions import samples, transfer


@dataclass
class Asking:
    """A helpdesk with questions, who writes them, and a customer."""

    site: PluginSite
    owner: Actor
    carla: Actor

    def take_in(self, toml: str) -> None:
        """Take in sets of questions."""
        transfer.take_in(self.site.desk, self.owner, toml)


@pytest.fixture
def asking(tmp_path: Path, databases: Databases) -> Iterator[Asking]:
    """A helpdesk with the sets of the demo."""
    with plugin_site("questions", folder=tmp_path, databases=databases) as site:
        for key in ("support", "billing", "sales"):
            site.world.department(key)
        owner = site.world.actor(site.world.user("Olga Owner", is_owner=True))
        kept = Asking(site, owner, site.world.customer("Carla Klein", address="carla@example.com"))
        kept.take_in(samples.FILE.read_text("utf-8"))
        yield kept
