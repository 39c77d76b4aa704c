"""What the admin page stores is what the helpdesk goes by."""

from collections.abc import Mapping
from typing import Any

import pytest

from helpdesk_core.actor import ANONYMOUS, SYSTEM
from helpdesk_core.attachments.inputs import Upload
from helpdesk_core.attachments.service import check
from helpdesk_core.errors import Forbidden, Invalid, TooLarge
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.testing.site import World
from helpdesk_core.users.accounts import sign_up
from helpdesk_core.users.models import User
from helpdesk_core.users.sessions import begin_session


def save(desk: Helpdesk, **values: Any) -> Mapping[str, Any]:
    with desk.begin(SYSTEM) as tx:
        desk.settings.save(tx.session, "core.site", values, None)
    with desk.read() as session:
        desk.settings.refresh(session)
    return desk.settings.effective("core.site").values


def test_ticket_numbers_follow_the_page(desk: Helpdesk, world: World) -> None:
    save(desk, ticket_number="T-{id}")
    ticket = world.ticket().ticket
    assert ticket.number == f"T-{10_000 + ticket.id}"


def test_limits_of_attachments_follow_the_page(desk: Helpdesk, world: World) -> None:
    save(desk, attachment_max_mb="1", attachment_forbidden_types="tex")
    customer = world.customer()
    with pytest.raises(TooLarge):
        check(desk, customer, Upload(name="a.txt", content=b"x" * 1_100_000))
    with pytest.raises(Invalid):
        check(desk, customer, Upload(name="a.tex", content=b"x"))


def test_registration_follows_the_page(desk: Helpdesk) -> None:
    save(desk, signup="closed")
    with pytest.raises(Forbidden):
        sign_up(desk, ANONYMOUS, "Ann", "ann@example.com", ip=None)


def test_sessions_last_as_long_as_the_page_says(desk: Helpdesk, world: World) -> None:
    save(desk, session_days="3")
    user_id = world.customer().user_id
    with desk.begin(SYSTEM) as tx:
        begun = begin_session(tx, tx.session.get_one(User, user_id), method="password", device="").signed_in.session
        assert begun is not None
        assert (begun.expires_at - tx.now).days == 3
