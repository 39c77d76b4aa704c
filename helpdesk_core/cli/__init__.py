"""The `helpdesk` command."""

import os
from collections.abc import Sequence

from helpdesk_core.privacy import PRIVATE


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with these words (those of the process by default) and return its exit code.

    What it writes is for the user that runs it only.
    """
    os.umask(PRIVATE)
    from helpdesk_core.cli.root import run

    return run(arguments)
