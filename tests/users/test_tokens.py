from datetime import timedelta

import pytest

from helpdesk_core.actor import EVERYWHERE, SYSTEM
from helpdesk_core.errors import Forbidden, Invalid, NotFound
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.site import TestClock, World
from helpdesk_core.tickets.inputs import NewMessage, NewTicket
from helpdesk_core.tickets.opening import open_ticket
from helpdesk_core.users.accounts import change_user
from helpdesk_core.users.actors import SignedIn, load_actor_by_api_token
from helpdesk_core.users.recovery import set_password
from helpdesk_core.users.sessions import touch
from helpdesk_core.users.tokens import create_token, revoke_token, tokens_of


def load(desk: Helpdesk, token: str) -> SignedIn | None:
    with desk.read() as session:
        return load_actor_by_api_token(desk, session, token)


def test_a_token_without_scopes_may_what_its_owner_may(desk: Helpdesk, world: World) -> None:
    agent = world.agent()
    new = create_token(desk, agent, agent.uid or "", "my script")

    signed_in = load(desk, new.token)

    assert signed_in is not None
    assert signed_in.actor == agent.through("api")
    assert new.token.startswith("hd_")
    assert new.token not in new.row.token_hash
    assert load(desk, new.token[:-1]) is None


def test_a_scoped_token_may_no_more_than_its_scopes_and_its_owner(desk: Helpdesk, world: World) -> None:
    agent = world.agent()
    token = create_token(desk, agent, agent.uid or "", "bot", scopes=["ticket.note", "plugin.manage"]).token

    signed_in = load(desk, token)

    assert signed_in is not None
    assert signed_in.actor.grants == {"ticket.note": EVERYWHERE}
    assert signed_in.actor.limited
    assert not signed_in.actor.read_only


def test_a_reading_token_changes_nothing_not_even_the_owners_own_tickets(desk: Helpdesk, world: World) -> None:
    world.department()
    customer = world.customer()
    token = create_token(desk, customer, customer.uid or "", "dashboard", scopes=["read"]).token
    signed_in = load(desk, token)
    assert signed_in is not None
    with pytest.raises(Forbidden, match="may only read"):
        open_ticket(
            desk, signed_in.actor, NewTicket(subject="Hi", message=NewMessage(text="Hello"), department="support")
        )
    with pytest.raises(Forbidden):
        change_user(desk, signed_in.actor, customer.uid or "", name="Hacked")


def test_a_reading_token_keeps_what_only_reads(desk: Helpdesk, world: World) -> None:
    manager = world.agent("Mia", role="manager")
    token = create_token(desk, manager, manager.uid or "", "dashboard", scopes=["read"]).token
    signed_in = load(desk, token)
    assert signed_in is not None
    assert set(signed_in.actor.grants) == {"ticket.read", "user.read"}
    wider = create_token(desk, manager, manager.uid or "", "bot", scopes=["read", "ticket.note"]).token
    signed_in = load(desk, wider)
    assert signed_in is not None
    assert signed_in.actor.may("ticket.note")
    assert not signed_in.actor.read_only


def test_a_scoped_token_cannot_free_itself(desk: Helpdesk, world: World) -> None:
    owner = world.actor(world.user("Olga", is_owner=True))
    token = create_token(desk, owner, owner.uid or "", "bot", scopes=["user.manage", "ticket.read"]).token
    signed_in = load(desk, token)
    assert signed_in is not None
    with pytest.raises(Forbidden):
        create_token(desk, signed_in.actor, owner.uid or "", "wider")
    with pytest.raises(Forbidden):
        set_password(desk, signed_in.actor, owner.uid or "", "a new long password")


def test_tokens_are_made_for_oneself_only_except_by_the_system(desk: Helpdesk, world: World) -> None:
    owner, agent = world.actor(world.user("Olga", is_owner=True)), world.agent()
    with pytest.raises(Forbidden, match="only for oneself"):
        create_token(desk, owner, agent.uid or "", "spy")
    assert load(desk, create_token(desk, SYSTEM, agent.uid or "", "cli").token) is not None


def test_a_token_ends_when_it_is_over_or_revoked(desk: Helpdesk, world: World, clock: TestClock) -> None:
    agent = world.agent()
    short = create_token(desk, agent, agent.uid or "", "short", expires_at=clock.moment + timedelta(days=1))
    long = create_token(desk, agent, agent.uid or "", "long")
    clock.advance(days=2)
    assert load(desk, short.token) is None
    assert load(desk, long.token) is not None

    with desk.read() as session:
        assert [row.name for row in tokens_of(session, agent, agent.uid or "")] == ["long", "short"]
    with pytest.raises(Forbidden):
        revoke_token(desk, world.customer(), long.row.uid)
    revoke_token(desk, agent, long.row.uid)
    assert load(desk, long.token) is None
    with pytest.raises(NotFound):
        revoke_token(desk, agent, long.row.uid)


def test_when_a_token_was_last_used_is_noted(desk: Helpdesk, world: World) -> None:
    agent = world.agent()
    token = create_token(desk, agent, agent.uid or "", "bot", scopes=["read"]).token
    signed_in = load(desk, token)
    assert signed_in is not None
    touch(desk, signed_in)
    again = load(desk, token)
    assert again is not None
    assert again.token is not None
    assert again.token.last_used_at is not None


def test_what_does_not_fit_a_token_is_told(desk: Helpdesk, world: World, clock: TestClock) -> None:
    agent = world.agent()
    with pytest.raises(Invalid, match=r"ticket\.fly"):
        create_token(desk, agent, agent.uid or "", "bot", scopes=["ticket.fly"])
    with pytest.raises(Invalid, match="what uses it"):
        create_token(desk, agent, agent.uid or "", " ")
    with pytest.raises(Invalid, match="is over"):
        create_token(desk, agent, agent.uid or "", "bot", expires_at=clock.moment - timedelta(days=1))
