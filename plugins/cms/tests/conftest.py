"""What the tests of this plugin share: a helpdesk with a site, and a browser."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from helpdesk_cms import sites
from helpdesk_cms.sites import SiteDraft
from helpdesk_core.testing.plugins import plugin_site
from helpdesk_core.testing.prepared import Databases
from tests.conftest import chromium

from .worlds import Sites

__all__ = ["chromium"]

LOOPBACK = "127.0.0.0/8"


@pytest.fixture
def open_world(tmp_path: Path, databases: Databases) -> Iterator[Callable[..., Sites]]:
    """Return what opens a helpdesk with one site, `main`; other plugins may be named."""
    with ExitStack() as stack:

        def make(*plugins: str, **draft: Any) -> Sites:
            settings = {"cms": {"allowed": [LOOPBACK]}}
            site = stack.enter_context(
                plugin_site("cms", *plugins, folder=tmp_path, settings=settings, databases=databases)
            )
            site.world.department("support")
            owner = site.world.actor(site.world.user("Olga Owner", is_owner=True))
            given = {"key": "main", "name": "Main", "origins": ["https://www.example.com"], **draft}
            return Sites(site, owner, sites.make(site.desk, owner, SiteDraft(**given)))

        yield make


@pytest.fixture
def world(open_world: Callable[..., Sites]) -> Sites:
    """A helpdesk with one site."""
    return open_world()
