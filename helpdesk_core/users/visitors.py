"""Visitors: people without an account, of whom only an address is known that nobody has proved."""

from sqlalchemy import select

from helpdesk_core.errors import Invalid
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.texts import lazy as _l
from helpdesk_core.users.addresses import normalise
from helpdesk_core.users.attempts import count_attempt
from helpdesk_core.users.models import EmailAddress, User
from helpdesk_core.users.staff import is_staff


def check_visitor(desk: Helpdesk, address: str, ip: str | None) -> None:
    """Raise `RateLimited` for a visitor who asks too much, and `Invalid` for one who types the address of staff.

    What they write is confirmed by mail to an address that may be anybody's, and stored as of whom it belongs to.
    Without an `ip` only the address counts.
    """
    normal = normalise(address)
    count_attempt(desk, "ticket", normal, ip)
    staff = select(User.id).join(User.emails).where(EmailAddress.address == normal, is_staff())
    with desk.read() as reading:
        if reading.scalar(staff) is not None:
            raise Invalid({"email": [_l("Sign in to write from this address.")]})
