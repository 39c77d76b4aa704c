"""Commands that plugins add: `helpdesk <plugin id> …`."""

import pytest

from helpdesk_core.testing.distributions import Distributions
from tests.cli.commands import Run

HEAD = """
import click
from helpdesk_core.api import SYSTEM, Refused
from helpdesk_core.api.hooks import cli_commands
"""
BODY = '''
title = "Hello"
summary = "Greets."

@hookimpl(cli_commands)
def commands(self):
    @click.command()
    @click.argument("who")
    def greet(who: str) -> int:
        """Greet somebody."""
        click.echo(f"Hello {who} from {self.desk.config.site.name}")
        return 7

    @click.command()
    def fail() -> None:
        """Fail."""
        raise Refused("Not today.")

    return [greet, fail]
'''


@pytest.fixture
def hello(desk: Run, installed: Distributions) -> Run:
    installed.add("hello", BODY, head=HEAD + "from helpdesk_core.api import hookimpl")
    assert desk("plugins", "enable", "hello").code == 0
    return desk


def test_a_plugin_answers_to_its_id(hello: Run) -> None:
    done = hello("hello", "greet", "Ann")
    assert (done.code, done.out, done.err) == (7, "Hello Ann from Helpdesk\n", "")


def test_its_errors_are_one_line_too(hello: Run) -> None:
    done = hello("hello", "fail")
    assert (done.code, done.complaint) == (1, "helpdesk: Not today.")
    assert hello("hello", "sing").code == 2


def test_the_help_shows_it(hello: Run) -> None:
    assert "  hello        Hello: Greets." in hello("--help").out
    said = hello("hello", "--help").out
    assert "Greets." in said
    assert "greet  Greet somebody." in said


def test_a_disabled_plugin_has_no_commands(hello: Run) -> None:
    hello("plugins", "disable", "hello")
    done = hello("hello", "greet", "Ann")
    assert (done.code, done.complaint) == (2, "helpdesk: No such command 'hello'. See: helpdesk --help")


def test_safe_mode_and_broken_plugins_say_so(hello: Run, installed: Distributions) -> None:
    assert "safe mode" in hello("--safe-mode", "hello", "greet", "Ann").complaint
    installed.forget()
    installed.add("hello", head="raise OSError('lost')")
    done = hello("hello", "greet", "Ann")
    assert done.code == 75
    assert "lost" in done.err.splitlines()[-1]
    assert hello("--help").code == 0


def test_a_plugin_whose_package_is_being_replaced_is_to_be_tried_again(hello: Run, installed: Distributions) -> None:
    """A mail server that pipes to a plugin keeps what exit code 75 refuses, and bounces what any other does."""
    installed.remove("hello")
    installed.forget()
    done = hello("hello", "greet", "Ann")
    assert done.code == 75
    assert "hello is enabled, and its package is not there" in done.err.splitlines()[-1]
