from datetime import timedelta

import pytest

from helpdesk_core.actor import SYSTEM
from helpdesk_core.errors import Forbidden, NotFound
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.site import TestClock, World
from helpdesk_core.users.actors import SignedIn, load_actor_by_session
from helpdesk_core.users.inputs import Credentials
from helpdesk_core.users.models import User
from helpdesk_core.users.sessions import NewSession, revoke_session, revoke_sessions, sessions_of, sign_out, touch
from helpdesk_core.users.signin import open_session


def begin(desk: Helpdesk, user: User, device: str = "Firefox") -> NewSession:
    return open_session(desk, user.uid, Credentials(address="", device=device), method="link")


def load(desk: Helpdesk, token: str) -> SignedIn | None:
    with desk.read() as session:
        return load_actor_by_session(desk, session, token)


def test_people_see_where_they_are_signed_in_and_end_it(desk: Helpdesk, world: World, clock: TestClock) -> None:
    user = world.user("Anna")
    old = begin(desk, user, "Old phone")
    clock.advance(minutes=1)
    new = begin(desk, user, "  New\n phone ")
    actor = world.actor(user)

    with desk.read() as session:
        rows = sessions_of(desk, session, actor, user.uid)
    assert [row.device for row in rows] == ["New phone", "Old phone"]

    revoke_session(desk, actor, rows[1].uid)
    assert load(desk, old.token) is None
    assert load(desk, new.token) is not None
    with pytest.raises(NotFound):
        revoke_session(desk, actor, rows[1].uid)


def test_nobody_ends_or_sees_the_sessions_of_others(desk: Helpdesk, world: World) -> None:
    user, stranger = world.user("Anna"), world.customer("Eve")
    signed_in = begin(desk, user).signed_in
    assert signed_in.session is not None
    with pytest.raises(Forbidden):
        revoke_session(desk, stranger, signed_in.session.uid)
    with desk.read() as session, pytest.raises(Forbidden):
        sessions_of(desk, session, stranger, user.uid)


def test_signing_out_everywhere_else_keeps_this_browser(desk: Helpdesk, world: World) -> None:
    user = world.user("Anna")
    here, there = begin(desk, user), begin(desk, user)
    revoke_sessions(desk, world.actor(user), user.uid, keep=here.signed_in.session)
    assert load(desk, here.token) is not None
    assert load(desk, there.token) is None


def test_signing_out_ends_the_session_for_good(desk: Helpdesk, world: World) -> None:
    token = begin(desk, world.user("Anna")).token
    sign_out(desk, token)
    sign_out(desk, token)
    assert load(desk, token) is None


def test_a_session_ends_when_nobody_comes_back(desk: Helpdesk, world: World, clock: TestClock) -> None:
    token = begin(desk, world.user("Anna")).token
    clock.advance(days=13)
    signed_in = load(desk, token)
    assert signed_in is not None
    touch(desk, signed_in)
    clock.advance(days=13)
    assert load(desk, token) is not None
    clock.advance(days=2)
    assert load(desk, token) is None


def test_a_session_does_not_live_for_ever(desk: Helpdesk, world: World, clock: TestClock) -> None:
    token = begin(desk, world.user("Anna")).token
    for _ in range(45):
        signed_in = load(desk, token)
        if signed_in is None:
            break
        touch(desk, signed_in)
        clock.advance(days=10)
    assert load(desk, token) is None


def test_a_visit_is_noted_every_few_minutes_only(desk: Helpdesk, world: World, clock: TestClock) -> None:
    new = begin(desk, world.user("Anna"))
    began = new.signed_in.session
    assert began is not None
    clock.advance(minutes=4)
    touch(desk, new.signed_in)
    loaded = load(desk, new.token)
    assert loaded is not None
    assert loaded.session is not None
    assert loaded.session.last_used_at == began.last_used_at
    clock.advance(minutes=2)
    touch(desk, loaded)
    again = load(desk, new.token)
    assert again is not None
    assert again.session is not None
    assert again.session.last_used_at - began.last_used_at >= timedelta(minutes=6)
    assert again.user.last_seen_at is not None
    assert again.user.last_seen_at >= again.session.last_used_at


def test_the_system_may_sign_anybody_out(desk: Helpdesk, world: World) -> None:
    user = world.user("Anna")
    token = begin(desk, user).token
    revoke_sessions(desk, SYSTEM, user.uid)
    assert load(desk, token) is None
