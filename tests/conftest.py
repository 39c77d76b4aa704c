"""Fixtures of core's own tests; those that plugins share are in `helpdesk_core/testing/fixtures.py`."""

from collections.abc import Iterator
from typing import TYPE_CHECKING
from zlib import crc32

import pytest

from helpdesk_core.testing.databases import chosen_databases
from helpdesk_core.testing.require import require_command
from tests.browsers import ARGUMENTS, PATIENCE

if TYPE_CHECKING:
    from playwright.sync_api import Browser


# No longer than a module: while Playwright runs, nothing else in its thread can have an event loop.
@pytest.fixture(scope="module")
def chromium() -> "Iterator[Browser]":
    """Debian's Chromium, one for the tests of a module; each closes the windows that it opened."""
    path = require_command("chromium", mend="apt-get install chromium")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run each test of pages as people see them on one of the chosen databases, which its name decides.

    They show what scripts, styles and markup do, and take long; what happens in the database, others show on each.
    """
    elsewhere = [item for item in items if _is_of_looks(item) and _database(item) not in (None, _chosen_for(item))]
    if elsewhere:
        config.hook.pytest_deselected(items=elsewhere)
        left_out = set(elsewhere)
        items[:] = [item for item in items if item not in left_out]


def _is_of_looks(item: pytest.Item) -> bool:
    return item.path.parent.name == "journeys" or "chromium" in getattr(item, "fixturenames", ())


def _database(item: pytest.Item) -> str | None:
    callspec = getattr(item, "callspec", None)
    kind: str | None = callspec.params.get("database_kind") if callspec else None
    return kind


def _chosen_for(item: pytest.Item) -> str:
    kinds = chosen_databases()
    name = f"{item.path.name}::{getattr(item, 'originalname', item.name)}"
    return kinds[crc32(name.encode()) % len(kinds)]
