"""The way out that the settings name."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from helpdesk_core.mail.smtp import SmtpTransport
from helpdesk_core.mail.threading import host
from helpdesk_core.mail.transport import FolderTransport, MemoryTransport, NullTransport, Transport
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.settings.values import MailConfig


class Outlet:
    """Gives the transport of [mail], made anew when the admin page changes it; `fixed` stands in for it in tests."""

    def __init__(self, desk: Helpdesk, fixed: Transport | None = None) -> None:
        self._desk = desk
        self._fixed = fixed
        self._made: tuple[MailConfig, Transport] | None = None

    def transport(self) -> Transport:
        """Return the transport in force."""
        if self._fixed is not None:
            return self._fixed
        with self._desk.read() as session:
            self._desk.settings.refresh(session)
        config = self._desk.settings.mail()
        if self._made is None or self._made[0] != config:
            self._made = config, make_transport(config, self._desk.config.instance, host(self._desk))
        return self._made[1]


def make_transport(config: MailConfig, instance: Path, hostname: str) -> Transport:
    """Return the transport that the settings describe.

    A folder counts from the instance folder; `hostname` is how we introduce ourselves to a mail server.
    """
    return _MAKERS[config.transport](config, instance, hostname)


def _smtp(config: MailConfig, _instance: Path, hostname: str) -> Transport:
    return SmtpTransport(
        config.host,
        config.port,
        security=config.security,
        username=config.username,
        password=config.password.reveal(),
        local_hostname=hostname,
    )


_MAKERS: Final[Mapping[str, Callable[[MailConfig, Path, str], Transport]]] = {
    "smtp": _smtp,
    "folder": lambda config, instance, _hostname: FolderTransport(instance / config.folder),
    "memory": lambda _config, _instance, _hostname: MemoryTransport(),
    "none": lambda _config, _instance, _hostname: NullTransport(),
}
