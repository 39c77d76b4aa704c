"""What a test needs from the machine: skip when it is missing, or fail where it has to be there.

A test that wants a browser, a database server or a mail server says so:

    browser = require_command("chromium", mend="apt-get install chromium")

Without it the test is skipped, and says why. The environment variable `HELPDESK_REQUIRE`, a list of names divided by
commas or the word `all`, turns the skip into a failure; a build server sets it so that nothing is left out unseen.
"""

import os
import shutil
import socket

import pytest


def require(name: str, present: bool, *, mend: str) -> None:
    """Go on if what the test needs is `present`; else skip the test, or fail it where `HELPDESK_REQUIRE` names it.

    `name` is the short name for `HELPDESK_REQUIRE`, such as `chromium`; `mend` tells the reader how to get it.
    """
    if present:
        return
    demanded = {word.strip() for word in os.environ.get("HELPDESK_REQUIRE", "").split(",")}
    if demanded & {"all", name}:
        pytest.fail(f"HELPDESK_REQUIRE demands {name}, which is missing: {mend}", pytrace=False)
    pytest.skip(f"{name} is missing: {mend}")


def require_command(name: str, *, mend: str) -> str:
    """Return the path of the command `name`; skip or fail the test if it is not installed."""
    path = shutil.which(name)
    require(name, path is not None, mend=mend)
    return path or ""


def require_server(name: str, host: str, port: int, *, mend: str) -> None:
    """Go on if something accepts TCP connections at `host` and `port` within two seconds; else skip or fail."""
    try:
        socket.create_connection((host, port), timeout=2).close()
    except OSError:
        require(name, False, mend=mend)
