"""Waiting for a database server that is away when the helpdesk starts, and saying so to whoever asks meanwhile."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from helpdesk_core.errors import Unavailable

EVERY: Final = 2.0
"""Seconds between two looks."""
REASON: Final = "The database does not answer."
SENTENCE: Final = "The helpdesk cannot reach its database just now. Try again in a moment.\n"


def wait_until_there(
    look: Callable[[], object],
    say: Callable[[str], object],
    address: tuple[str, int] | None = None,
    *,
    every: float = EVERY,
) -> None:
    """Return once `look` raises no `Unavailable` any more; other errors are raised at once.

    What is wrong is said once. Meanwhile every request at the address gets 503, with the reason at `/readyz`.
    """
    try:
        look()
        return
    except Unavailable as error:
        say(f"{error} Trying again every {every:g} seconds; Ctrl-C ends it.")
    with _answering(address):
        while True:
            time.sleep(every)
            try:
                look()
            except Unavailable:
                continue
            break
    say("The database answers.")


class _Away(BaseHTTPRequestHandler):
    """Answers that the helpdesk is not ready."""

    def do_GET(self) -> None:
        """Answer any request with 503: JSON for those that watch us, a sentence for people."""
        watched = self.path.partition("?")[0] in ("/readyz", "/healthz")
        body = json.dumps({"status": "not ready", "reason": REASON}) if watched else SENTENCE
        content = body.encode()
        self.send_response(503)
        self.send_header("Content-Type", "application/json" if watched else "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Retry-After", "5")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet: the line at the beginning has said it."""


@contextmanager
def _answering(address: tuple[str, int] | None) -> Iterator[None]:
    if address is None:
        yield
        return
    server = ThreadingHTTPServer(address, _Away)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
