"""What every test with a real browser needs: an application that is served, and where Chromium is."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Final

from flask import Flask
from werkzeug.serving import make_server

ARGUMENTS: Final = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
)
PATIENCE: Final = 60_000
"""Milliseconds a browser may take for one step on a busy machine; a page asks for news every few seconds."""


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """Serve an application on a free port of this machine, and yield its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
