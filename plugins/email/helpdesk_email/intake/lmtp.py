"""A server for LMTP (RFC 2033): a mail server hands over, and is answered only when the bytes are safe.

One answer for each recipient. What cannot be stored now is answered with 451, so that the mail server keeps it.
"""

import asyncio
import logging
import os
import re
import signal
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from helpdesk_core.api import Helpdesk
from helpdesk_core.api.errors import Unavailable

from ..receiving import Gateway
from ..senders import normal
from ..storing import Envelope as MailEnvelope

log = logging.getLogger(__name__)

MEGABYTE: Final = 1024 * 1024
MOST_RECIPIENTS: Final = 100
SILENCE: Final = 300.0
"""Seconds after which a client that says nothing is hung up on (RFC 5321, 4.5.3.2.7)."""

NULL_SENDER: Final = "<>"
_PATH: Final = re.compile(r"\s*<([^<>\s]*)>(.*)", re.DOTALL)
_REFUSED_DATA: Final = ("500 Line too long", "552 Error: Too much mail data")


class Handler:
    """Stores what is handed over; becoming tickets is the business of another thread."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self._processing = ThreadPoolExecutor(1, thread_name_prefix="lmtp-process")

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a recipient; whether a department has the address is for the routing to say, so that nothing is lost."""
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients; send the mail again for the others"
        if normal(address) is None:
            return "553 5.1.3 This is not a mail address"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Store the mail and answer for every recipient."""
        content = envelope.original_content or b""
        given = MailEnvelope(
            sender=None if envelope.mail_from == NULL_SENDER else envelope.mail_from,
            recipients=tuple(envelope.rcpt_tos),
            source="lmtp",
        )
        try:
            ids = await asyncio.to_thread(self.gateway.store, [(content, given)])
        except Unavailable as error:
            log.warning("A mail was not taken: %s", error)
            answer = "451 4.3.0 The mail could not be stored now; send it again later"
        except Exception:
            log.exception("A mail was not taken")
            answer = "451 4.3.0 The mail could not be stored now; send it again later"
        else:
            answer = "250 2.0.0 Stored"
            with suppress(RuntimeError):  # while closing; the worker finishes what is stored
                self._processing.submit(self.gateway.process_all, ids)
        return "\r\n".join(answer for _each in envelope.rcpt_tos)

    def close(self) -> None:
        """Finish what was taken."""
        self._processing.shutdown()


class Server(LMTP):
    """The library's server, made fit for real mail: long lines, any address, and one answer for each recipient."""

    line_length_limit = 64 * MEGABYTE

    async def push(self, status: Any) -> None:
        """Answer once for each recipient also where the library refuses the data by itself (RFC 2033, 4.2)."""
        if isinstance(status, str) and status.startswith(_REFUSED_DATA) and self.envelope is not None:
            status = "\r\n".join([status] * max(1, len(self.envelope.rcpt_tos)))
        await super().push(status)

    @staticmethod
    def _getaddr(arg: str) -> tuple[str | None, str | None]:
        """Read an address as loosely as mail servers do: what they have accepted must not be lost here."""
        found = _PATH.match(arg or "")
        return (found[1] or NULL_SENDER, found[2]) if found else (None, None)


def serve(
    desk: Helpdesk, gateway: Gateway, *, host: str, port: int, socket: Path | None, ready: Callable[[str], None]
) -> None:
    """Serve until the process gets SIGTERM or SIGINT; `ready` is told the address once it listens."""

    async def main() -> None:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        async with serving(desk, gateway, host=host, port=port, socket=socket) as address:
            ready(address)
            await stop.wait()

    asyncio.run(main())


@asynccontextmanager
async def serving(desk: Helpdesk, gateway: Gateway, *, host: str, port: int, socket: Path | None) -> AsyncIterator[str]:
    """Serve inside the block, which gets the address; at its end, finish what was taken. OSError if it is in use."""
    loop, handler = asyncio.get_running_loop(), Handler(gateway)
    limit = int(desk.settings.effective("email").values["max_size_mb"]) * MEGABYTE

    def make() -> Server:
        options: dict[str, Any] = {"data_size_limit": limit, "enable_SMTPUTF8": True, "timeout": SILENCE}
        return Server(handler, hostname="helpdesk", ident="LMTP", loop=loop, **options)

    if socket is None:
        server = await loop.create_server(make, host, port)
        bound = server.sockets[0].getsockname()
        address = f"{bound[0]}:{bound[1]}"
    else:
        socket.unlink(missing_ok=True)
        before = os.umask(0o117)  # for its user and group, such as the mail server's
        try:
            server = await loop.create_unix_server(make, str(socket))
        finally:
            os.umask(before)
        address = str(socket)
    try:
        yield address
    finally:
        server.close()
        await server.wait_closed()
        await asyncio.to_thread(handler.close)
        if socket is not None:
            socket.unlink(missing_ok=True)
