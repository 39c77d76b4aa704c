"""A real SMTP server on a free port, that refuses, hangs up or is slow as a test tells it."""

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword


@dataclass
class Post:
    """What arrived, and how to answer."""

    arrived: list[tuple[str, list[str], bytes]] = field(default_factory=list)
    refuse_sender: str = ""
    refuse_recipients: dict[str, str] = field(default_factory=dict)
    refuse_data: list[str] = field(default_factory=list)
    """Answers to the next mails' content; then they are taken."""
    hang_up_after_data: int = 0
    """So many times take the mail and drop the connection without a word."""
    most_per_connection: int = 10**9
    connections: int = 0

    async def handle_EHLO(
        self, server: Any, session: Any, _envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        session.taken = getattr(session, "taken", 0)
        self.connections += 1
        return responses

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if session.taken >= self.most_per_connection:
            server.transport.close()
            return "421 Too many mails"
        if self.refuse_sender:
            return self.refuse_sender
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]) -> str:
        if address in self.refuse_recipients:
            return self.refuse_recipients[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.refuse_data:
            return self.refuse_data.pop(0)
        session.taken += 1
        self.arrived.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        if self.hang_up_after_data:
            self.hang_up_after_data -= 1
            server.transport.abort()
            await asyncio.sleep(0.05)
        return "250 OK"


@contextmanager
def smtp_server(post: Post, *, tls: tuple[Path, Path] | None = None, mode: str = "none") -> Iterator[int]:
    """Run the server, and give its port. `mode` is `none`, `starttls`, `tls` or `login` (user `u`, password `p`)."""
    context = None
    if tls is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*tls)
    options: dict[str, Any] = {"enable_SMTPUTF8": True}
    if mode == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    elif mode == "tls":
        options |= {"ssl_context": context}
    elif mode == "login":
        options |= {"auth_required": True, "auth_require_tls": False, "authenticator": _authenticate}
    controller = Controller(post, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
    good = isinstance(data, LoginPassword) and (data.login, data.password) == (b"u", b"p")
    return AuthResult(success=good, handled=good)
