from collections.abc import Iterator
from typing import Any

import pytest

from helpdesk_core.runtime import Helpdesk
from tests.events.bare import Open, Watch, bare_desk


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def opened(database_url: str, watch: Watch) -> Iterator[Open]:
    desks = []

    def open_it(**parts: Any) -> Helpdesk:
        desks.append(bare_desk(database_url, clock=watch, **parts))
        return desks[-1]

    yield open_it
    for desk in desks:
        desk.close()
