"""The servers of departments, as ways out that core sends by."""

import logging
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from urllib.parse import urlsplit

from helpdesk_core.api import Helpdesk
from helpdesk_core.api.errors import HelpdeskError, Refused
from helpdesk_core.api.mail import Connection, OutgoingMail, SmtpTransport, Transport, TransportDown

from ..sentences import words_of
from .departments import mail_of, password_of
from .models import DepartmentMail
from .outages import Watched, note_tested, try_those_down

log = logging.getLogger(__name__)
TRIAL_SECONDS = 15.0
MEND = "Check the department's server under “Ways out for mail”."


class Closed(Transport):
    """A way out that cannot be opened for now, and says why: its mail waits, and leaves by no other."""

    def __init__(self, why: str) -> None:
        self._why = why

    def connect(self) -> AbstractContextManager[Connection]:
        """Raise `TransportDown`."""
        raise TransportDown(self._why)


class Servers:
    """Gives the way out of a department: the same object until it is changed, so that mails share a connection."""

    def __init__(self, desk: Helpdesk) -> None:
        self._desk = desk
        self._made: Mapping[int, tuple[datetime, Transport]] = {}

    def of(self, mail: OutgoingMail) -> Transport | None:
        """Return the way out for a mail; None for the site's.

        It never raises, since mail would leave by the site's way out then, which may not send for the department.
        """
        if mail.department_id is None:
            return None
        try:
            return self._of(mail.department_id)
        except HelpdeskError as error:
            return Closed(f"{error} {MEND}")
        except Exception as error:
            log.exception("The way out of the department %s cannot be told", mail.department_id)
            return Closed(f"The department's server cannot be told ({type(error).__name__}). {MEND}")

    def try_those_down(self) -> None:
        """Try the servers that are down and due, so that it is soon known when one is well."""
        try_those_down(self._desk, self._for_trial)

    def _for_trial(self, row: DepartmentMail) -> Transport:
        return Watched(self._desk, row, server_of(self._desk, row, timeout=TRIAL_SECONDS))

    def _of(self, department_id: int) -> Transport | None:
        with self._desk.read() as session:
            row = mail_of(session, department_id)
        if row is None or not row.host:
            return None
        made = self._made.get(row.department_id)
        if made is None or made[0] != row.changed_at:
            made = row.changed_at, Watched(self._desk, row, server_of(self._desk, row))
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
    """Connect, encrypt and sign in, as for a mail, whenever it was tried last; `Refused` with what goes wrong."""
    try:
        with server_of(desk, row, timeout=TRIAL_SECONDS).connect():
            pass
    except TransportDown as error:
        raise Refused(words_of(error)) from error
    note_tested(desk, row)
