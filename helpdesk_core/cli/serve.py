"""Serving an instance with granian: processes with one application each, behind one port."""

import os
import socket
from pathlib import Path
from typing import Final

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from helpdesk_core.app import create_app, open_helpdesk
from helpdesk_core.errors import HelpdeskError
from helpdesk_core.orphans import adopt

TARGET: Final = "helpdesk_core.wsgi:application"
DRAIN_SECONDS: Final = 30
"""How long requests in flight may take once the server is told to stop."""


class CannotServe(HelpdeskError):
    """The server cannot be started; the message names the mend."""

    code = "cannot-serve"


def serve(
    instance: Path,
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    workers: int = 1,
    threads: int = 8,
    access_log: bool = False,
) -> None:
    """Serve the instance until SIGINT or SIGTERM; requests in flight are answered first.

    `threads` is per process. ConfigError if the instance cannot be opened, CannotServe if the port is taken.
    """
    check_port(host, port)
    desk = open_helpdesk(instance)
    try:
        create_app(desk)  # what is wrong is said here once, not by every process
    finally:
        desk.close()
    os.environ["HELPDESK_INSTANCE"] = str(instance)
    adopt()
    Granian(
        TARGET,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=threads,
        respawn_failed_workers=True,
        workers_kill_timeout=DRAIN_SECONDS,
        websockets=False,
        log_level=LogLevels.error,
        log_access=access_log,
    ).serve()


def check_port(host: str, port: int) -> None:
    """CannotServe, with the mend, if nobody can listen there; granian alone would share a port with another one."""
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except PermissionError:
        raise CannotServe(f"Port {port} may be used by root only; choose one above 1023 with --port.") from None
    except OSError as error:
        raise CannotServe(
            f"Nothing can listen on {host} port {port} ({error.strerror}): stop what uses it, or choose another --port."
        ) from None
