"""A helpdesk with the plugin enabled, and a ticket that an agent has answered."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from helpdesk_core.testing.plugins import PluginSite, plugin_site
from helpdesk_core.testing.prepared import Databases

from .scenes import Scene, another

Opener = Callable[..., PluginSite]


@pytest.fixture
def open_site(tmp_path: Path, databases: Databases) -> Iterator[Opener]:
    """Return what opens a helpdesk with settings of the plugin."""
    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(
            plugin_site("ratings", folder=tmp_path, settings={"ratings": settings}, databases=databases)
        )


@pytest.fixture
def scene(open_site: Opener) -> Callable[..., Scene]:
    """Return what makes a scene, in a helpdesk with these settings."""

    def make(**settings: Any) -> Scene:
        site = open_site(**settings)
        customer = site.world.customer()
        return another(site, customer, site.world.agent("Ann Agent", "support"))

    return make
