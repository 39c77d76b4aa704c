"""`helpdesk` itself: its words, each imported only when it is used, and those that plugins add."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, Final

import click

import helpdesk_core
from helpdesk_core.cli.context import Cli
from helpdesk_core.cli.logs import log_to_stderr, logging_put_back
from helpdesk_core.cli.outcome import EXIT_CODES, code_for, complain

COMMANDS: Final[Mapping[str, str]] = {
    "init": "starting:init",
    "demo": "starting:demo",
    "serve": "running:serve",
    "worker": "running:worker",
    "check": "checking:check",
    "config": "checking:config",
    "plugins": "plugins:plugins",
    "db": "database:db",
    "users": "users:users",
    "permissions": "users:permissions",
    "themes": "themes:themes",
    "hooks": "catalogue:hooks",
    "audit": "checking:audit",
}
"""Word and place of each command, in the order of the help."""

HELP: Final = """\
A helpdesk: tickets, departments and people; plugins bring the rest.

Begin with "helpdesk init", or look around with "helpdesk demo".
"""


class Lazy(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return core's words, then the plugins that add some."""
        return [*COMMANDS, *_plugin_words(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return core's command of that name, else what the enabled plugin of that name adds."""
        if cmd_name in COMMANDS:
            module, _, name = COMMANDS[cmd_name].partition(":")
            command: click.Command = getattr(import_module(f"helpdesk_core.cli.{module}"), name)
            return command
        return _plugin_group(ctx, cmd_name)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Say what the exit codes mean."""
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(int(code)), text) for code, text in EXIT_CODES.items()])


@click.group(cls=Lazy, help=HELP, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--instance",
    metavar="DIR",
    is_eager=True,
    help="The instance folder; else HELPDESK_INSTANCE says it, else it is ./instance.",
)
@click.option("--safe-mode", is_flag=True, is_eager=True, help="Load no plugin, whatever is enabled.")
@click.option("-v", "--verbose", is_flag=True, help="Print what is logged, with tracebacks.")
@click.version_option(helpdesk_core.__version__, prog_name="helpdesk", message="%(prog)s %(version)s")
@click.pass_context
def helpdesk(ctx: click.Context, instance: str | None, safe_mode: bool, verbose: bool) -> None:
    """Pick the instance that the commands work on."""
    log_to_stderr(verbose=verbose)
    ctx.obj = Cli(instance, safe_mode=safe_mode)


def run(arguments: Sequence[str] | None) -> int:
    """Run the command and return the exit code; whatever goes wrong is one line on standard error.

    Only several mistakes of one configuration have a line each.
    """
    try:
        with logging_put_back():
            words = list(arguments) if arguments is not None else None
            result: Any = helpdesk.main(words, prog_name="helpdesk", standalone_mode=False)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.ClickException as error:
        complain(_with_help(error))
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        complain("stopped.")
        return 130
    except Exception as error:
        code, text = code_for(error)
        if code is None:
            raise
        for line in text.splitlines():
            complain(line)
        return int(code)
    return result if type(result) is int else 0


def _with_help(error: click.ClickException) -> str:
    text = error.format_message()
    if isinstance(error, click.UsageError) and error.ctx is not None:
        return f"{text} See: {error.ctx.command_path} --help"
    return text


def _cli(ctx: click.Context) -> Cli:
    """Return what the options before the command say; they have been read, though not handed over yet."""
    given: str | None = ctx.params.get("instance")
    return Cli(given, safe_mode=bool(ctx.params.get("safe_mode")))


def _plugin_words(ctx: click.Context) -> list[str]:
    """Return the plugins with commands, for the help; the help must not fail for what is wrong with an instance."""
    cli = _cli(ctx)
    if not cli.exists:
        return []
    from helpdesk_core.cli.extensions import words

    try:
        return words(cli)
    except Exception as error:  # noqa: BLE001 - help is most needed when something is broken
        complain(f"the plugins could not be asked for their commands: {code_for(error)[1]}")
        return []


def _plugin_group(ctx: click.Context, word: str) -> click.Command | None:
    cli = _cli(ctx)
    if not cli.exists and not entry_points(group="helpdesk.plugins", name=word):
        return None
    from helpdesk_core.cli.extensions import group

    return group(cli, word)
