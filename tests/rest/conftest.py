"""The API of a helpdesk, and people who use it through tokens."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from helpdesk_core.actor import SYSTEM, Actor
from helpdesk_core.app import create_app
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.distributions import Distributions
from helpdesk_core.testing.site import World
from helpdesk_core.users.tokens import create_token
from tests.rest.callers import As, Caller


@pytest.fixture
def app(desk: Helpdesk) -> Flask:
    return create_app(desk)


@pytest.fixture
def as_(app: Flask, desk: Helpdesk) -> As:
    """Return a caller for an actor, whose token may be limited to scopes; for nobody, one without a token."""

    def caller(actor: Actor | None, *scopes: str) -> Caller:
        if actor is None:
            return Caller(app, None)
        return Caller(app, create_token(desk, SYSTEM, actor.uid or "", "test", scopes=scopes).token)

    return caller


@pytest.fixture
def admin(world: World) -> Actor:
    return world.actor(world.user("Ada Admin", is_owner=True))


@pytest.fixture
def agent(world: World) -> Actor:
    return world.agent()


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Distributions]:
    """Distributions on `sys.path`."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    made = Distributions(folder)
    yield made
    made.forget()
