from dataclasses import replace

import pytest
from sqlalchemy import select

from helpdesk_core.errors import Invalid, RateLimited
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.site import TestClock, World
from helpdesk_core.users.attempts import forget_old, ip_key
from helpdesk_core.users.inputs import Credentials
from helpdesk_core.users.models import LoginSession, SignInAttempt, User
from helpdesk_core.users.signin import sign_in

ANNA = Credentials(address="anna@example.com", password="correct horse battery", ip="192.0.2.1")


@pytest.fixture
def anna(world: World) -> User:
    return world.user("Anna", address=ANNA.address, password=ANNA.password)


def test_guessing_from_one_place_ends_and_goes_on_after_a_while(desk: Helpdesk, anna: User, clock: TestClock) -> None:
    wrong = replace(ANNA, password="wrong password")
    for _ in range(10):
        with pytest.raises(Invalid):
            sign_in(desk, wrong)
    with pytest.raises(RateLimited) as caught:
        sign_in(desk, ANNA)
    assert 0 < caught.value.retry_after <= 15 * 60

    sign_in(desk, replace(ANNA, ip="198.51.100.7"))
    clock.advance(seconds=caught.value.retry_after + 1)
    sign_in(desk, ANNA)


def test_getting_in_forgives_the_failures_before(desk: Helpdesk, anna: User) -> None:
    for _ in range(3):
        for _ in range(9):
            with pytest.raises(Invalid):
                sign_in(desk, replace(ANNA, password="wrong password"))
        sign_in(desk, ANNA)


def test_guessing_at_many_accounts_from_one_place_ends(desk: Helpdesk) -> None:
    for number in range(100):
        with pytest.raises(Invalid):
            sign_in(desk, Credentials(address=f"a{number}@example.com", password="guess", ip=f"2001:db8::{number:x}"))
    with pytest.raises(RateLimited):
        sign_in(desk, Credentials(address="last@example.com", password="guess", ip="2001:db8::ffff"))


def test_strangers_who_guess_do_not_lock_out_whom_the_account_belongs_to(desk: Helpdesk, anna: User) -> None:
    sign_in(desk, ANNA)
    for number in range(100):
        with pytest.raises(Invalid):
            sign_in(desk, replace(ANNA, password="wrong", ip=f"198.51.100.{number}"))
    with pytest.raises(RateLimited):
        sign_in(desk, replace(ANNA, ip="203.0.113.9"))
    sign_in(desk, ANNA)


def test_old_attempts_and_sessions_are_forgotten(desk: Helpdesk, anna: User, clock: TestClock) -> None:
    sign_in(desk, ANNA)
    clock.advance(days=31)
    sign_in(desk, ANNA)
    forget_old(desk)
    with desk.read() as session:
        assert len(session.scalars(select(SignInAttempt)).all()) == 1
        assert len(session.scalars(select(LoginSession)).all()) == 1


def test_one_ipv6_customer_is_one_place() -> None:
    assert ip_key("2001:db8:1:2:3:4:5:6") == ip_key("2001:db8:1:2::1") != ip_key("2001:db8:1:3::1")
    assert ip_key("::ffff:192.0.2.1") == "192.0.2.1"
    assert ip_key("unknown") == ip_key(None) == ""
