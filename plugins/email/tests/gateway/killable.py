"""A process that receives mails until a test kills it: `killable.py INSTANCE WHERE FILE…`.

It waits for the file INSTANCE/go, and prints a mail's name when it has been taken over, as a mail server would be
told. `WHERE` names the step at which it kills itself, once, without a word; `nowhere` for not at all.
"""

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from helpdesk_core.api.tickets import open_ticket
from helpdesk_core.app import open_helpdesk
from helpdesk_email import filing, processing, receiving
from helpdesk_email.archive import Archive
from helpdesk_email.receiving import Gateway
from helpdesk_email.storing import Envelope


def die(*_arguments: Any, **_options: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def die_after(function: Any) -> Any:
    def run(*arguments: Any, **options: Any) -> Any:
        function(*arguments, **options)
        die()

    return run


def arm(where: str) -> None:
    """Put the kill at its place."""
    if where == "before the bytes":
        Archive.put = die  # type: ignore[method-assign]  # the point is to die there
    elif where == "after the bytes":
        Archive.put = die_after(Archive.put)  # type: ignore[method-assign]  # as above
    elif where == "after the row":
        Gateway.store = die_after(Gateway.store)  # type: ignore[method-assign]  # as above
    elif where == "while reading":
        setattr(receiving, "prepare", die)  # noqa: B010 - it is there under an imported name
    elif where == "while creating":
        setattr(filing, "open_ticket", die_after(open_ticket))  # noqa: B010 - as above
    elif where == "before the commit":
        setattr(processing, "end", die_after(processing.end))  # noqa: B010 - as above
    elif where == "after the commit":
        Gateway.process = die_after(Gateway.process)  # type: ignore[method-assign]  # as above


if __name__ == "__main__":
    instance = Path(sys.argv[1])
    desk = open_helpdesk(instance, env=os.environ)
    gateway = desk.plugins.plugin("email").gateway  # type: ignore[attr-defined]  # it is that plugin
    arm(sys.argv[2])
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while not (instance / "go").exists():
        time.sleep(0.01)
    for name in sys.argv[3:]:
        gateway.receive(Path(name).read_bytes(), Envelope(recipients=("support@example.com",)))
        sys.stdout.write(f"{name}\n")
        sys.stdout.flush()
