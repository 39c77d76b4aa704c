"""`helpdesk serve` and `helpdesk worker`: what runs until it is told to stop."""

import os
import signal
import threading

import click

from helpdesk_core.cli.context import Cli, WholeNumber, pass_cli
from helpdesk_core.cli.logs import log_for_a_service


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option("--port", type=WholeNumber(1, 65535), default=8000, show_default=True, help="The port to listen at.")
@click.option(
    "--workers", type=WholeNumber(1, 256), default=1, show_default=True, help="Processes. One is right for SQLite."
)
@click.option("--threads", type=WholeNumber(1, 1024), default=8, show_default=True, help="Threads of each process.")
@click.option("--access-log", is_flag=True, help="Print a line for each request.")
@pass_cli
def serve(cli: Cli, host: str, port: int, workers: int, threads: int, access_log: bool) -> None:
    """Serve pages and API, and do the work behind the scenes.

    Follows changes of the configuration by itself. SIGTERM ends it when the requests in flight are answered.
    """
    from helpdesk_core.cli import serve as server

    folder = cli.existing()
    server.check_port(host, port)
    _wait_for_database(cli, (host, port))
    _choose_mode(cli)
    log_for_a_service()
    click.echo(f"http://{host}:{port}  (instance {folder}; Ctrl-C ends it)")
    server.serve(folder, host, port, workers=workers, threads=threads, access_log=access_log)


@click.command()
@click.option("--once", is_flag=True, help="Do what is due now, and end.")
@pass_cli
def worker(cli: Cli, once: bool) -> None:
    """Send mail, tell plugins of events and run jobs, beside or instead of the web server's own threads.

    Any number of them may run. Follows changes of the configuration by itself.
    """
    from helpdesk_core.app import create_app, make_worker
    from helpdesk_core.web.switch import Switch

    if once:
        with cli.desk() as desk:
            done = make_worker(desk).run_once()
            click.echo(f"{done} {'thing' if done == 1 else 'things'} done")
            return
    _wait_for_database(cli)
    log_for_a_service()
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    switch = Switch(cli.folder, lambda folder: create_app(folder, safe_mode=cli.safe_mode), make_worker)
    click.echo(f"at work (instance {cli.folder}; Ctrl-C ends it)")
    stopped.wait()
    switch.close()


def _wait_for_database(cli: Cli, address: tuple[str, int] | None = None) -> None:
    """Say in one line what is wrong with configuration or tables; a database server that is away is waited for."""
    from helpdesk_core.cli.outcome import complain
    from helpdesk_core.cli.waiting import wait_until_there

    def look() -> None:
        with cli.desk(plugins=False):
            pass

    if cli.config().database.url.startswith("sqlite"):
        look()  # a file that cannot be opened does not come back by itself
    else:
        wait_until_there(look, complain, address)


def _choose_mode(cli: Cli) -> None:
    """Let the processes of the server, which read the environment only, know of --safe-mode."""
    if cli.safe_mode:
        os.environ["HELPDESK_SAFE_MODE"] = "1"
