"""Making a helpdesk: `helpdesk init`, and `helpdesk demo` to look around."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from helpdesk_core.cli.context import Cli, WholeNumber, pass_cli
from helpdesk_core.errors import HelpdeskError

OPTIONS: Final = {
    "site.url": "--site-url",
    "site.name": "--site-name",
    "database.url": "--database",
    "plugins.enabled": "--plugins",
}


@click.command()
@click.option("--site-url", metavar="URL", help="Where customers reach the helpdesk: https://help.example.com")
@click.option("--site-name", metavar="NAME", help="What the helpdesk is called.")
@click.option("--admin-email", metavar="ADDRESS", help="The address of the first account, which may do everything.")
@click.option("--admin-name", metavar="NAME", help="That person's name.")
@click.option("--admin-password-stdin", is_flag=True, help="Read that account's password from standard input.")
@click.option("--database", metavar="URL", help="sqlite:///helpdesk.db (the default), postgresql://… or mariadb://…")
@click.option("--plugins", metavar="A,B", help="Plugins to enable from the beginning.")
@pass_cli
def init(
    cli: Cli,
    site_url: str | None,
    site_name: str | None,
    admin_email: str | None,
    admin_name: str | None,
    admin_password_stdin: bool,
    database: str | None,
    plugins: str | None,
) -> None:
    """Make a helpdesk: configuration, secret key, database, and the first account.

    Asks for what the options leave open, if there is somebody to ask. An existing helpdesk is never overwritten.
    """
    from helpdesk_core.cli import making
    from helpdesk_core.users.addresses import clean_name, name_from_address, normalise

    making.check_free(cli.folder)
    asking = sys.stdin.isatty() and not admin_password_stdin

    def ask(question: str, default: str | None, check: Callable[[str], object]) -> Any:
        if not asking:
            return default
        return click.prompt(question, default=default, value_proc=_checked(check), prompt_suffix=" ")

    def fits(section: str, key: str) -> Callable[[str], object]:
        return lambda given: making.check_answers({section: {key: given}}, {})

    site_url = site_url or ask("Where do customers reach the helpdesk?", "http://localhost:8000", fits("site", "url"))
    site_name = site_name or ask("What is it called?", "Helpdesk", fits("site", "name"))
    database = database or ask("Which database?", "sqlite:///helpdesk.db", fits("database", "url"))
    if plugins is None:
        plugins = ask("Which plugins (a,b)?", "", lambda given: making.check_plugins(_ids(given)))
    admin_email = admin_email or ask("Your mail address?", None, normalise)
    if not admin_email:
        raise click.UsageError("Whose is the first account? Give --admin-email ADDRESS.")
    making.check_address(admin_email)
    admin_name = admin_name or ask("What is your name?", name_from_address(admin_email), clean_name)
    password = _password(asking, admin_password_stdin, admin_email, admin_name or "")

    enabled = _ids(plugins or "")
    answers: dict[str, dict[str, Any]] = {
        "site": {"url": site_url, "name": site_name},
        "database": {"url": database},
        "plugins": {"enabled": enabled},
    }
    making.check_answers(answers, OPTIONS)
    making.check_plugins(enabled)
    owner = making.check_owner(making.Owner(address=admin_email, password=password, name=admin_name or ""))
    made = making.make_instance(cli.folder, answers)
    making.begin(cli.folder, owner)
    for line in made:
        click.echo(line)
    click.echo(f"{owner.address}: the first account")
    click.echo(f"\nNow begin: helpdesk {_which(cli)}serve")


def _ids(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]


def _checked(check: Callable[[str], object]) -> Callable[[str], str]:
    """Return what lets an answer pass, or says in one line why it does not do, so that it is asked for again."""

    def take(given: str) -> str:
        try:
            check(given)
        except HelpdeskError as error:
            raise click.UsageError(" ".join(str(error).split())) from None
        return given

    return take


def _password(asking: bool, from_stdin: bool, address: str, name: str) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if asking:
        from helpdesk_core.cli import making

        fits = _checked(lambda given: making.check_owner(making.Owner(address=address, password=given, name=name)))
        asked = "A password for that account"
        given: str = click.prompt(asked, hide_input=True, confirmation_prompt=True, value_proc=fits)
        return given
    raise click.UsageError("Give the password of the first account on standard input: --admin-password-stdin.")


def _which(cli: Cli) -> str:
    """Return the option that picks this instance again, if one is needed."""
    return f"--instance {cli.given} " if cli.given and cli.given != os.environ.get("HELPDESK_INSTANCE") else ""


@click.command()
@click.option(
    "--port",
    type=WholeNumber(1, 65535),
    default=8000,
    show_default=True,
    help="Where to listen, on this machine only.",
)
@click.option(
    "--instance", "folder", metavar="DIR", type=click.Path(path_type=Path), help="Where to keep it; ./demo by default."
)
@click.option("--reset", is_flag=True, help="Throw an earlier demo away and make it anew.")
@click.option("--no-serve", is_flag=True, help="Make it, and do not start the server.")
@pass_cli
def demo(cli: Cli, port: int, folder: Path | None, reset: bool, no_serve: bool) -> None:
    """Look around in a helpdesk with sample tickets; nothing is sent to anybody.

    The first start makes it, later ones find it as you left it.
    """
    from helpdesk_core.cli.demo import build
    from helpdesk_core.cli.demo.people import LOGINS, PASSWORD
    from helpdesk_core.cli.serve import check_port, serve

    folder = (folder or Path(cli.given or "demo")).resolve()
    url = f"http://127.0.0.1:{port}"
    if not no_serve:
        check_port("127.0.0.1", port)
    if reset or not build.is_finished(folder):
        build.remove(folder)
        build.build(folder, url, click.echo)
    click.echo(f"\n  {url}          the portal\n  {url}/desk     the desk\n  {url}/admin    the admin area\n")
    for address, who in LOGINS.items():
        click.echo(f"  {address:<22} {who}")
    click.echo(f"\n  The password of each is: {PASSWORD}\n  Mails are written to files in {folder / 'mail'}.")
    if not no_serve:
        os.environ.setdefault("HELPDESK_SITE__URL", url)  # the port may be another than when it was made
        click.echo("  Ctrl-C ends it.\n")
        serve(folder, "127.0.0.1", port)
