"""The `helpdesk` command."""

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with these words (those of the process by default) and return its exit code."""
    from helpdesk_core.cli.root import run

    return run(arguments)
