"""Where plugins take part in the command line."""

from collections.abc import Sequence

import click

from helpdesk_core.hooks import hookspec
from helpdesk_core.runtime import Transaction


@hookspec.collect(since="0.1", when="startup")
def cli_commands() -> Sequence[click.Command]:
    """Return the commands of `helpdesk <plugin id> …`, each under its own name.

    Make them in this method, so that they can use `self.desk`, and act as `SYSTEM.through("cli")`. Called only for
    `helpdesk <plugin id> …` and `helpdesk --help`, never by the web server. A `HelpdeskError` that a command raises is
    printed as one line; a whole number that a command returns is the exit code.
    """


@hookspec.within(since="0.1", deadline=20.0)
def demo_filling(tx: Transaction) -> None:
    """Add the plugin's own sample data to `helpdesk demo`, once its people and tickets are there.

    Departments and people are those that the demo brings; look them up instead of counting on ids. An error leaves the
    plugin's part out, and the demo is made all the same.
    """
