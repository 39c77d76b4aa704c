"""A hook that hangs while it reads for a page costs that page, and neither the process nor the next page."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from helpdesk_core.app import create_app
from helpdesk_core.hooks import Limits, hookimpl
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.browser import Browser
from helpdesk_core.testing.site import World, opened
from helpdesk_core.web import hooks
from helpdesk_core.web.parts import Panel

SLOW = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3e7) SELECT max(i) FROM n",
    "postgresql": "SELECT pg_sleep(2)",
    "mariadb": "SELECT SLEEP(2)",
}


class Slow:
    """Reads for ever, first thing or while rows are fetched."""

    def __init__(self, desk: Helpdesk, statement: str, *, with_page: bool) -> None:
        self.desk, self.statement, self.with_page = desk, statement, with_page

    @hookimpl(hooks.page_foot)
    def foot(self) -> Panel | None:
        with self.desk.read(with_page=self.with_page) as session:
            session.execute(text(self.statement)).all()
        return None


@pytest.fixture
def hasty(desk_url: str, tmp_path: Path) -> Iterator[Helpdesk]:
    """A helpdesk that waits a third of a second for what plugins show."""
    with opened(tmp_path / "hasty", desk_url, limits=Limits(render=0.3, collect=0.3)) as desk:
        yield desk


@pytest.mark.parametrize("with_page", [False, True])
def test_the_page_is_told_to_try_again_and_the_next_one_is_there(
    hasty: Helpdesk, database_kind: str, with_page: bool
) -> None:
    world = World(hasty)
    world.department("support")
    world.agent(password="three blue lamps", address="adam@example.com")
    browser = Browser(create_app(hasty))
    browser.login("adam@example.com", "three blue lamps")
    hasty.hooks.register(Slow(hasty, SLOW[database_kind], with_page=with_page), "slow")
    began = time.monotonic()
    page = browser.get("/desk/tickets?view=open")
    assert page.status in (200, 503)
    assert time.monotonic() - began < 10
    for _ in range(4):
        assert browser.get("/desk/tickets?view=open").status == 200
    assert [breaker.plugin_id for breaker in hasty.hooks.breakers()] == ["slow"]
