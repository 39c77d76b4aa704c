"""One HTTP request within a number of seconds, from the connection to the last byte; redirects are not followed."""

import socket
import ssl
import time
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from threading import Timer
from urllib.parse import urlsplit

MAX_BYTES = 4_000_000
UPLOAD = 256 * 1024
"""Bytes of a body for which the helpdesk has a second more."""


class NoAnswer(Exception):
    """Nobody answered in time; the message says what happened."""


class UploadTooSlow(NoAnswer):
    """The time was up while files were still on their way; that says nothing about who was to answer."""


def ask(method: str, url: str, headers: "Mapping[str, str]", body: bytes | None, timeout: float) -> "tuple[int, bytes]":
    """Return the status and the content of an answer; `NoAnswer` when there is no whole one in time.

    `timeout` is in seconds; a body has a second more for each `UPLOAD` bytes.
    """
    place = urlsplit(url)
    host, port = place.hostname or "", place.port
    connection: HTTPConnection
    if place.scheme == "https":
        connection = HTTPSConnection(host, port, timeout=timeout, context=ssl.create_default_context())
    else:
        connection = HTTPConnection(host, port, timeout=timeout)
    # A socket's own limit is for each read; one who sends a byte a second is stopped by the clock on the wall.
    patience, begun, uploading = timeout + len(body or b"") / UPLOAD, time.monotonic(), False
    stop = Timer(patience, _shut, (connection,))
    stop.daemon = True
    stop.start()
    try:
        path = (place.path or "/") + (f"?{place.query}" if place.query else "")
        connection.connect()
        connection.sock.settimeout(patience)
        uploading = bool(body)
        connection.request(method, path, body, dict(headers))
        uploading = False
        response = connection.getresponse()
        content = response.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES or response.length:
            raise NoAnswer(f"{host} sent too much, or broke off in the middle of its answer.")
        return response.status, content
    except (OSError, HTTPException, ValueError) as error:
        late = isinstance(error, TimeoutError) or time.monotonic() - begun >= patience
        kind = UploadTooSlow if uploading and late else NoAnswer
        raise kind(
            f"{host} did not answer within {patience:.3g} seconds: {str(error) or type(error).__name__}"
        ) from error
    finally:
        stop.cancel()
        connection.close()


def _shut(connection: HTTPConnection) -> None:
    sock = connection.sock
    if sock is not None:
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it ended by itself
