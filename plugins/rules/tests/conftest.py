"""The helpdesk that scenarios take place in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from helpdesk_core.testing.plugins import PluginSite, plugin_site
from helpdesk_core.testing.prepared import Databases


@pytest.fixture
def site(tmp_path: Path, databases: Databases) -> Iterator[PluginSite]:
    """A helpdesk with the plugin, on each database; it is a Monday, nine o'clock UTC."""
    with plugin_site("rules", folder=tmp_path, databases=databases) as opened:
        yield opened
