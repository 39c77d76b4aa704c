"""One HTTP request within a number of seconds, from the connection to the last byte; redirects are not followed."""

import socket
import ssl
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from threading import Timer
from urllib.parse import urlsplit

MAX_BYTES = 4_000_000


class NoAnswer(Exception):
    """Nobody answered in time; the message says what happened."""


def ask(method: str, url: str, headers: "Mapping[str, str]", body: bytes | None, timeout: float) -> "tuple[int, bytes]":
    """Return the status and the content of an answer; `NoAnswer` when there is no whole one in time."""
    place = urlsplit(url)
    host, port = place.hostname or "", place.port
    connection: HTTPConnection
    if place.scheme == "https":
        connection = HTTPSConnection(host, port, timeout=timeout, context=ssl.create_default_context())
    else:
        connection = HTTPConnection(host, port, timeout=timeout)
    # A socket's own limit is for each read; one who sends a byte a second is stopped by the clock on the wall.
    stop = Timer(timeout, _shut, (connection,))
    stop.daemon = True
    stop.start()
    try:
        path = (place.path or "/") + (f"?{place.query}" if place.query else "")
        connection.request(method, path, body, dict(headers))
        response = connection.getresponse()
        content = response.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES or response.length:
            raise NoAnswer(f"{host} sent too much, or broke off in the middle of its answer.")
        return response.status, content
    except (OSError, HTTPException, ValueError) as error:
        raise NoAnswer(f"{host} did not answer within {timeout:g} seconds: {error or type(error).__name__}") from error
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
