"""The servers of departments, as ways out that core sends by."""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlsplit

from helpdesk_core.api import Helpdesk
from helpdesk_core.api.errors import Refused
from helpdesk_core.api.mail import OutgoingMail, SmtpTransport, Transport, TransportDown

from .departments import mail_of, password_of
from .models import DepartmentMail

TRIAL_SECONDS = 15.0
MEND = "Check the department's server under “Ways out for mail”."


class Servers:
    """Gives the way out of a department: the same object until it is changed, so that mails share a connection."""

    def __init__(self, desk: Helpdesk) -> None:
        self._desk = desk
        self._made: Mapping[int, tuple[datetime, Transport]] = {}

    def of(self, mail: OutgoingMail) -> Transport | None:
        """Return the way out for a mail; None for the site's."""
        if mail.department_id is None:
            return None
        with self._desk.read() as session:
            row = mail_of(session, mail.department_id)
        if row is None or not row.host:
            return None
        made = self._made.get(row.department_id)
        if made is None or made[0] != row.changed_at:
            made = row.changed_at, server_of(self._desk, row)
            self._made = {**self._made, row.department_id: made}
        return made[1]


def server_of(desk: Helpdesk, row: DepartmentMail, *, timeout: float = 30.0) -> SmtpTransport:
    """Return the server that is set for a department."""
    return SmtpTransport(
        row.host,
        row.port,
        security=row.security,
        username=row.username,
        password=password_of(desk, row),
        timeout=timeout,
        local_hostname=urlsplit(desk.settings.site().url).hostname,
        mend=MEND,
        falls_back=row.falls_back,
    )


def try_server(desk: Helpdesk, row: DepartmentMail) -> None:
    """Connect, encrypt and sign in, as for a mail; `Refused` with what goes wrong."""
    try:
        with server_of(desk, row, timeout=TRIAL_SECONDS).connect():
            pass
    except TransportDown as error:
        raise Refused(str(error)) from error
