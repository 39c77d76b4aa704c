"""Processes of a server that end with it, also when it is killed and can tell them nothing."""

import os
import signal
import threading
import time
from typing import Final

PARENT: Final = "HELPDESK_SERVED_BY"
"""The environment variable in which a server says who it is."""
LOOK_SECONDS: Final = 1.0
GRACE_SECONDS: Final = 30.0
"""How long requests in flight have, as when the server is told to stop."""


def adopt() -> None:
    """Have the processes that this one starts end when it is gone."""
    os.environ[PARENT] = str(os.getpid())


def end_with_parent() -> None:
    """In a process that such a server started: end as soon as it is gone. Elsewhere, nothing."""
    if os.environ.get(PARENT) == str(os.getppid()):
        threading.Thread(target=_watch, args=(os.getppid(),), name="helpdesk-orphan", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)
