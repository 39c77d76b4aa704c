"""Accounts, roles and tokens from the command line, and why somebody sees a ticket."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from helpdesk_core.app import open_helpdesk
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.site import World
from helpdesk_core.users.accounts import find_by_address
from helpdesk_core.users.actors import load_actor_by_api_token
from helpdesk_core.users.inputs import Credentials
from helpdesk_core.users.signin import sign_in
from tests.cli.commands import PASSWORD, Run


@pytest.fixture
def opened(instance: Path) -> Iterator[Helpdesk]:
    desk = open_helpdesk(instance, env={})
    desk.password_memory_kib = 8
    yield desk
    desk.close()


def test_an_account_is_made_with_role_and_password(desk: Run, opened: Helpdesk) -> None:
    words = ["--role", "agent", "--department", "support", "--name", "Zoë", "--locale", "de", "--password-stdin"]
    assert desk("users", "create", "zoe@example.com", *words, stdin=PASSWORD).out == "zoe@example.com: made\n"
    assert desk("users", "role", "zoe@example.com").out == "zoe@example.com: agent in support\n"
    assert sign_in(opened, Credentials(address="zoe@example.com", password=PASSWORD)).token
    with opened.read() as session:
        user = find_by_address(session, "zoe@example.com")
    assert user is not None
    assert (user.name, user.locale) == ("Zoë", "de")


def test_a_password_can_be_set(desk: Run, opened: Helpdesk) -> None:
    done = desk("users", "password", "admin@example.com", "--stdin", stdin="another long passphrase\n")
    assert done.code == 0
    assert sign_in(opened, Credentials(address="admin@example.com", password="another long passphrase")).token


def test_roles_are_given_shown_and_taken(desk: Run) -> None:
    desk("users", "create", "zoe@example.com")
    assert desk("users", "role", "zoe@example.com").out == "zoe@example.com: no role\n"
    assert desk("users", "role", "zoe@example.com", "manager").out == "zoe@example.com: manager\n"
    desk("users", "role", "zoe@example.com", "owner")
    held = [{"role": "owner", "department": None}, {"role": "manager", "department": None}]
    assert desk("users", "role", "zoe@example.com", "--json").json == held
    desk("users", "role", "zoe@example.com", "owner", "--remove")
    assert desk("users", "role", "zoe@example.com", "manager", "--remove").out == "zoe@example.com: no role\n"
    last = desk("users", "role", "admin@example.com", "owner", "--remove")
    assert (last.code, "last owner" in last.complaint) == (1, True)


def test_a_token_is_printed_alone_and_limited_as_asked(desk: Run, opened: Helpdesk) -> None:
    token = desk("users", "token", "admin@example.com", "--scope", "read", "--days", "3").out.strip()
    with opened.read() as session:
        signed_in = load_actor_by_api_token(opened, session, token)
    assert signed_in is not None
    assert signed_in.actor.read_only
    assert signed_in.token is not None
    assert signed_in.token.expires_at is not None


def test_why_somebody_sees_a_ticket_or_does_not(desk: Run, opened: Helpdesk) -> None:
    world = World(opened)
    number = world.ticket().ticket.number or ""
    desk("users", "create", "ann@example.com", "--role", "agent", "--department", "support")
    desk("users", "create", "bob@example.com")
    seen, hidden = (desk("permissions", "explain", who, f"#{number}") for who in ("ann@example.com", "bob@example.com"))
    assert seen.out.startswith("Sees the ticket on the desk")
    assert hidden.out.startswith("Does not see the ticket: it answers 404.")
    found = desk("permissions", "explain", "ann@example.com", number, "--json").json
    assert (found["desk"], found["portal"]) == (True, False)
    assert {"role", "requester"} <= {rule["name"] for rule in found["rules"]}


@pytest.mark.parametrize(
    ("words", "stdin", "code", "said"),
    [
        (["users", "role", "nobody@example.com"], "", 1, "helpdesk users create nobody@example.com"),
        (["users", "token", "no address"], "", 1, "no address"),
        (["users", "role", "admin@example.com", "chief"], "", 1, "There is no role “chief”"),
        (["users", "role", "admin@example.com", "agent", "--department", "x"], "", 1, "There is no department “x”"),
        (["users", "create", "admin@example.com"], "", 1, "belongs to another account"),
        (["users", "create", "a@example.com", "--password-stdin"], "short", 1, "10 or more"),
        (["users", "password", "admin@example.com"], "", 2, "--stdin"),
        (["users", "token", "admin@example.com", "--scope", "everything"], "", 1, "There is no permission everything"),
        (["permissions", "explain", "admin@example.com", "999"], "", 1, "There is no ticket #999"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_does_not_fit_is_said_in_one_line(desk: Run, words: list[str], stdin: str, code: int, said: str) -> None:
    done = desk(*words, stdin=stdin)
    assert done.code == code
    assert said in done.complaint


def test_an_account_whose_role_does_not_exist_is_not_half_made(desk: Run, opened: Helpdesk) -> None:
    assert desk("users", "create", "zoe@example.com", "--role", "chief").code == 1
    with opened.read() as session:
        assert find_by_address(session, "zoe@example.com") is None
