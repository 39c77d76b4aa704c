"""`helpdesk webhooks …`: looking at endpoints and their log, trying one, sending again."""

import json
from collections.abc import Sequence

import click

from helpdesk_core.api import SYSTEM, Helpdesk

from . import endpoints, log

BY_COMMAND = SYSTEM.through("cli")


def commands(desk: Helpdesk) -> Sequence[click.Command]:
    """Return the commands, working on that helpdesk."""

    @click.command("list")
    def list_() -> None:
        """List the endpoints and how they do."""
        with desk.read() as session:
            for row in endpoints.all_endpoints(session):
                state = row.off_because or ("on" if row.is_active else "off")
                click.echo(f"{row.uid}  {state:8}  {row.failures:4} failures  {row.name}  {row.url}")

    @click.command()
    @click.argument("endpoint")
    def trial(endpoint: str) -> int:
        """Send ENDPOINT (its id) a trial event; exit code 1 if it did not take it."""
        outcome = log.try_out(desk, BY_COMMAND, endpoint)
        click.echo(f"{outcome.status or '-'}  {outcome.milliseconds} ms  {outcome.problem or 'taken'}")
        return 0 if outcome.ok else 1

    @click.command("log")
    @click.option("--endpoint", default="", help="Only of the endpoint with that id.")
    @click.option("--state", type=click.Choice(log.STATES), help="Only deliveries in that state.")
    @click.option("--limit", default=50, show_default=True, help="How many, the newest first.")
    @click.option("--json", "as_json", is_flag=True, help="Print a JSON line for each.")
    def log_(endpoint: str, state: str | None, limit: int, as_json: bool) -> None:
        """List deliveries, the newest first."""
        with desk.read() as session:
            for row in log.deliveries(session, endpoint=endpoint, state=state or "", limit=limit):
                at, to = row.created_at.isoformat(timespec="seconds"), row.endpoint.name
                if as_json:
                    fields = {"id": row.uid, "at": at, "state": row.state, "type": row.type, "tries": row.tries}
                    click.echo(json.dumps(fields | {"endpoint": row.endpoint.uid}))
                else:
                    click.echo(f"{row.uid}  {at}  {row.state:9}  {row.tries} tries  {row.type}  {to}")

    @click.command()
    @click.argument("delivery", required=False)
    @click.option("--failed-of", metavar="ENDPOINT", help="All that was given up of the endpoint with that id.")
    def replay(delivery: str | None, failed_of: str | None) -> None:
        """Let DELIVERY (its id) go out again, or all that was given up of an endpoint."""
        if (delivery is None) == (failed_of is None):
            raise click.UsageError("Name a delivery, or give --failed-of ENDPOINT.")
        if delivery is not None:
            log.send_again(desk, BY_COMMAND, delivery)
            click.echo("It goes out again.")
        else:
            click.echo(f"{log.send_failed_again(desk, BY_COMMAND, failed_of or '')} go out again.")

    return [list_, trial, log_, replay]
