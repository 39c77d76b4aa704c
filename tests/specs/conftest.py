"""Helpdesks in which plugins implement every hook."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from helpdesk_core.app import create_app
from helpdesk_core.hooks import Limits
from helpdesk_core.mail.transport import MemoryTransport
from helpdesk_core.testing.distributions import Distributions
from helpdesk_core.testing.plugins import PluginSite
from helpdesk_core.testing.site import TestClock, World, opened
from tests.specs.answers import harmless
from tests.specs.spying import Notes, Spy


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Distributions]:
    """Distributions on `sys.path`."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    made = Distributions(folder)
    yield made
    made.forget()


@pytest.fixture
def notes(monkeypatch: pytest.MonkeyPatch) -> Notes:
    """What the spies of this test note, who are harmless until the test has it otherwise."""
    made = Notes()
    monkeypatch.setattr(Spy, "notes", made)
    monkeypatch.setattr(Spy, "behaviour", staticmethod(harmless))
    return made


@pytest.fixture
def prepared_site(desk_url: str, tmp_path: Path) -> Iterator[Callable[..., PluginSite]]:
    """Open a helpdesk with plugins of which some may not work."""
    with ExitStack() as stack:

        def open_site(*plugin_ids: str, limits: Limits) -> PluginSite:
            clock = TestClock()
            config = {"plugins": {"enabled": list(plugin_ids)}}
            desk = stack.enter_context(opened(tmp_path / "instance", desk_url, config, clock=clock, limits=limits))
            return PluginSite(desk, create_app(desk), World(desk), clock, MemoryTransport())

        yield open_site
