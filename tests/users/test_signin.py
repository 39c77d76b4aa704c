import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from argon2 import extract_parameters
from sqlalchemy import select

from helpdesk_core.actor import SYSTEM
from helpdesk_core.errors import Invalid, Refused
from helpdesk_core.hooks import Limits, hookimpl
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.site import World, opened
from helpdesk_core.users import hooks
from helpdesk_core.users.accounts import create_user, deactivate_user, find_user
from helpdesk_core.users.actors import load_actor_by_session
from helpdesk_core.users.inputs import Credentials, Identity, UserDraft
from helpdesk_core.users.models import LoginSession, User
from helpdesk_core.users.passwords import _hasher, _nobodys_hash, check_password, hash_password, password_fits
from helpdesk_core.users.signin import open_session, sign_in

PASSWORD = "correct horse battery"
ANNA = Credentials(address="anna@example.com", password=PASSWORD, ip="192.0.2.1", device="Firefox on Linux")


class Raising:
    @hookimpl(hooks.authenticate)
    def authenticate(self, credentials: Credentials) -> Identity | None:
        raise RuntimeError("the directory is away")

    @hookimpl(hooks.sign_in_check)
    def check(self) -> Sequence[str]:
        raise RuntimeError("the second factor is away")


class Hanging:
    def __init__(self) -> None:
        self.released = threading.Event()

    @hookimpl(hooks.authenticate)
    def authenticate(self, credentials: Credentials) -> Identity | None:
        self.released.wait(60)
        return None

    @hookimpl(hooks.sign_in_check)
    def check(self) -> Sequence[str]:
        self.released.wait(60)
        return []


class Refusing:
    @hookimpl(hooks.authenticate)
    def authenticate(self, credentials: Credentials) -> Identity | None:
        return Identity(address="eve@example.com", method="directory")

    @hookimpl(hooks.sign_in_check)
    def check(self) -> Sequence[str]:
        return ["Nobody gets in today."]


class Directory:
    """Knows one person that the core does not."""

    @hookimpl(hooks.authenticate)
    def authenticate(self, credentials: Credentials) -> Identity | None:
        if (credentials.address, credentials.password) == ("dora", "from the directory"):
            return Identity(address="dora@example.com", name="Dora", method="directory")
        return None


class SecondFactor:
    @hookimpl(hooks.sign_in_check)
    def check(self, user: User, method: str, credentials: Credentials) -> Sequence[str]:
        return [] if credentials.fields.get("code") == "123456" else ["Type the code that your phone shows."]


@pytest.fixture
def anna(world: World) -> User:
    return world.user("Anna", address=ANNA.address, password=PASSWORD)


@pytest.fixture
def owner(world: World) -> User:
    return world.user("Olga", address="olga@example.com", password=PASSWORD, is_owner=True)


OLGA = replace(ANNA, address="olga@example.com")


def test_the_right_password_begins_a_session(desk: Helpdesk, anna: User) -> None:
    new = sign_in(desk, ANNA)

    assert new.signed_in.actor.user_id == anna.id
    with desk.read() as session:
        loaded = load_actor_by_session(desk, session, new.token)
        assert loaded is not None
        assert loaded.actor == new.signed_in.actor
        (row,) = session.scalars(select(LoginSession)).all()
    assert row.device == "Firefox on Linux"
    assert new.token not in (row.token_hash, row.uid)


def test_address_and_password_may_be_typed_in_another_form(desk: Helpdesk, world: World) -> None:
    world.user("Öykü", address="o@example.com", password="Schöner \u212bngström")
    sign_in(desk, Credentials(address=" O@Example.com", password="Scho\u0308ner \u00c5ngström"))


@pytest.mark.parametrize("address", ["anna@example.com", "nobody@example.com", "no address", ""])
def test_what_does_not_fit_is_answered_alike_for_known_and_unknown(desk: Helpdesk, anna: User, address: str) -> None:
    with pytest.raises(Invalid, match="do not fit together"):
        sign_in(desk, Credentials(address=address, password="wrong password"))


def test_an_unknown_address_costs_as_much_as_a_known_one(desk: Helpdesk) -> None:
    real, nobodys = hash_password(desk, PASSWORD), _nobodys_hash(_hasher(desk))
    assert extract_parameters(real) == extract_parameters(nobodys)
    desk.password_memory_kib = 131_072
    started = time.process_time()
    assert not password_fits(desk, PASSWORD, None)
    assert time.process_time() - started > 0.02


def test_nobodys_hash_fits_no_password(desk: Helpdesk) -> None:
    assert not password_fits(desk, "", None)
    assert not password_fits(desk, PASSWORD, None)
    assert not password_fits(desk, PASSWORD, "not a hash")


def test_a_deactivated_person_does_not_get_in(desk: Helpdesk, anna: User) -> None:
    deactivate_user(desk, SYSTEM, anna.uid)
    with pytest.raises(Invalid, match="deactivated"):
        sign_in(desk, ANNA)


def test_an_address_that_was_never_proved_does_not_let_in(desk: Helpdesk) -> None:
    create_user(desk, SYSTEM, UserDraft(name="Anna"), ANNA.address, password=PASSWORD, is_verified=False)
    with pytest.raises(Invalid, match="Follow the link"):
        sign_in(desk, ANNA)


@pytest.mark.parametrize("plugin", [Raising, Hanging, Refusing])
def test_an_owner_gets_in_with_the_core_password_whatever_a_plugin_does(
    desk: Helpdesk, owner: User, plugin: type[Raising | Hanging | Refusing]
) -> None:
    broken = plugin()
    desk.hooks.register(broken, "broken")
    started = time.monotonic()
    for _ in range(7):  # more often than it takes to open a breaker
        assert sign_in(desk, OLGA).signed_in.actor.user_id == owner.id
    assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    ("plugin", "reason"), [(Raising, "cannot be checked"), (Hanging, "cannot be checked"), (Refusing, "Nobody gets in")]
)
def test_a_check_that_fails_keeps_everybody_else_out(
    desk_url: str, tmp_path: Path, plugin: type[Raising | Hanging | Refusing], reason: str
) -> None:
    with opened(tmp_path / "strict", desk_url, limits=Limits(veto=0.2)) as desk:
        World(desk).user("Anna", address=ANNA.address, password=PASSWORD)
        broken = plugin()
        desk.hooks.register(broken, "broken")
        with pytest.raises(Refused, match=reason):
            sign_in(desk, ANNA)
        with desk.read() as session:
            assert session.scalars(select(LoginSession)).all() == []
        if isinstance(broken, Hanging):
            broken.released.set()


def test_who_is_refused_by_a_plugin_can_still_sign_in_after_it_is_mended(desk: Helpdesk, anna: User) -> None:
    desk.hooks.register(Refusing(), "broken")
    with pytest.raises(Refused):
        sign_in(desk, ANNA)
    desk.hooks.unregister("broken")
    sign_in(desk, ANNA)


def test_a_plugin_vouches_for_somebody_the_core_does_not_know(desk: Helpdesk) -> None:
    desk.hooks.register(Directory(), "directory")

    new = sign_in(desk, Credentials(address="dora", password="from the directory"))

    assert (new.signed_in.user.name, new.signed_in.actor.email) == ("Dora", "dora@example.com")
    with desk.read() as session:
        assert find_user(session, new.signed_in.user.uid).emails[0].verified_at is not None
    with pytest.raises(Invalid):
        sign_in(desk, Credentials(address="dora", password="wrong"))


def test_a_failing_directory_is_passed_over_for_the_next_one(desk: Helpdesk) -> None:
    class Away:
        @hookimpl(hooks.authenticate)
        def authenticate(self) -> Identity | None:
            raise RuntimeError("the directory is away")

    desk.hooks.register(Away(), "away")
    desk.hooks.register(Directory(), "directory")
    assert sign_in(desk, Credentials(address="dora", password="from the directory")).signed_in.user.name == "Dora"


def test_a_plugin_cannot_pass_for_an_owners_core_password(desk: Helpdesk, owner: User) -> None:
    class Forging:
        @hookimpl(hooks.authenticate)
        def authenticate(self) -> Identity | None:
            return Identity(address=OLGA.address, method="password")

    desk.hooks.register(Forging(), "forging")
    desk.hooks.register(SecondFactor(), "factor")
    with pytest.raises(Refused, match="code"):
        sign_in(desk, replace(OLGA, password="anything at all"))


def test_a_second_factor_reads_its_own_field_of_the_form(desk: Helpdesk, anna: User) -> None:
    desk.hooks.register(SecondFactor(), "factor")
    with pytest.raises(Refused, match="code that your phone shows"):
        sign_in(desk, ANNA)
    sign_in(desk, replace(ANNA, fields={"code": "123456"}))


def test_other_ways_to_sign_in_are_checked_as_well(desk: Helpdesk, owner: User) -> None:
    assert open_session(desk, owner.uid, OLGA, method="oidc").signed_in.actor.user_id == owner.id
    desk.hooks.register(Refusing(), "broken")
    with pytest.raises(Refused):
        open_session(desk, owner.uid, OLGA, method="oidc")


def test_a_hash_of_another_cost_is_renewed_when_its_owner_signs_in(desk: Helpdesk, anna: User) -> None:
    desk.password_memory_kib = 16
    sign_in(desk, ANNA)
    with desk.read() as session:
        renewed = find_user(session, anna.uid).password_hash
    assert renewed is not None
    assert extract_parameters(renewed).memory_cost == 16
    sign_in(desk, ANNA)


@pytest.mark.parametrize(
    ("password", "mend"),
    [
        ("short", "use 10 or more"),
        ("x" * 1001, "use 1000 or fewer"),
        ("ababababababab", "repeats"),
        ("Anna.Petrova", "your name or address"),
    ],
)
def test_a_poor_password_is_refused_with_what_to_do(password: str, mend: str) -> None:
    with pytest.raises(Invalid, match=mend):
        check_password(password, "anna.petrova", "anna@example.com")
