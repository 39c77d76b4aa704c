"""A helpdesk, the systems that have a shell for it, and browsers."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Page

from tests import conftest as shared
from tests.browsers import PATIENCE

from . import Link, Shell
from .desks import Desk
from .djangocms import DjangoCms
from .staging import Stage, Visit
from .wagtail import Wagtail
from .wordpress import WordPress

chromium = shared.chromium
SHELLS: tuple[type[Shell], ...] = (WordPress, Wagtail, DjangoCms)


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A helpdesk that serves, for tests that need no shell."""
    made = Desk(tmp_path_factory.mktemp("desk") / "instance")
    made.make()
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="session", params=SHELLS, ids=lambda shell: shell.name)
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A site with the shell and a helpdesk that serves, once for all tests of the shell.

    One helpdesk for all of them would take the visitors of this machine for one who asks too much.
    """
    kind: type[Shell] = request.param
    kind.require()
    desk = Desk(tmp_path_factory.mktemp("desk") / "instance")
    shell = kind(tmp_path_factory.mktemp(kind.name))
    try:
        desk.make()
        desk.start()
        link = desk.link(shell, kind.name, "--staff")
        shell.start(link)
        yield Stage(desk, shell, link)
    finally:
        shell.stop()
        desk.stop()


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Visit]:
    """Return a function that opens a window of its own, which knows nobody: `visit(scripts=False)`."""
    with ExitStack() as opened:

        def open_window(*, scripts: bool = True, width: int = 1280) -> Page:
            context = chromium.new_context(
                java_script_enabled=scripts, locale="en-GB", viewport={"width": width, "height": 860}
            )
            opened.callback(context.close)
            context.set_default_timeout(PATIENCE)
            return context.new_page()

        yield open_window


@pytest.fixture
def relink(stage: Stage) -> Iterator[Callable[[Link], None]]:
    """Return what links the site anew for one test."""
    yield stage.shell.configure
    stage.shell.configure(stage.link)
