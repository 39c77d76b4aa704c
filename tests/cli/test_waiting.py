"""Starting while the database server is away."""

import json
import threading
import urllib.error
import urllib.request

import pytest

from helpdesk_core.cli.waiting import wait_until_there
from helpdesk_core.errors import ConfigError, Unavailable
from tests.web.test_serving import free_port

AWAY = "The database postgresql://db/helpdesk does not answer: refused."


def asked(port: int, path: str) -> tuple[int, str]:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30)
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    raise AssertionError("answered as if all were well")


def test_it_waits_says_so_once_and_tells_those_who_ask() -> None:
    port, said, back = free_port(), list[str](), threading.Event()
    looked = threading.Semaphore(0)

    def look() -> None:
        looked.release()
        if not back.is_set():
            raise Unavailable(AWAY)

    waiting = threading.Thread(
        target=wait_until_there, args=(look, said.append, ("127.0.0.1", port)), kwargs={"every": 0.1}
    )
    waiting.start()
    for _look in range(3):
        assert looked.acquire(timeout=30)
    code, text = asked(port, "/readyz")
    assert (code, json.loads(text)) == (503, {"status": "not ready", "reason": "The database does not answer."})
    assert asked(port, "/tickets") == (
        503,
        "The helpdesk cannot reach its database just now. Try again in a moment.\n",
    )
    back.set()
    waiting.join(30)
    assert not waiting.is_alive()
    assert said == [
        f"{AWAY} Trying again every 0.1 seconds; Ctrl-C ends it.",
        "The database answers.",
    ]
    with pytest.raises(OSError, match="refused"):  # the port is free for the helpdesk itself
        urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=30)


def test_what_waiting_does_not_mend_is_raised_at_once() -> None:
    def look() -> None:
        raise ConfigError("There is no secret key.")

    with pytest.raises(ConfigError):
        wait_until_there(look, print)
