"""Installed plugins for tests of conditions."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from helpdesk_core.testing.distributions import Distributions


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Distributions]:
    """A folder of installed plugins."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    made = Distributions(folder)
    yield made
    made.forget()
