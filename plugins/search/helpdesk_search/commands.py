"""`helpdesk search …`: how the index stands, and building it anew."""

import json
from collections.abc import Sequence

import click

from .keeping import Keeper


def commands(keeper: Keeper) -> Sequence[click.Command]:
    """Return the commands, working on that index."""

    @click.command()
    @click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    def status(as_json: bool) -> int:
        """Say how many documents are indexed, and how far behind the index is. Exit code 1: there is no index."""
        found = keeper.status()
        if as_json:
            click.echo(json.dumps(found))
        else:
            built = (
                f"{found['documents']} documents, {found['bytes'] / 1e6:.1f} MB"
                if found["is_built"]
                else "no index yet"
            )
            click.echo(f"Index:    {built}")
            behind = f" (the first for {found['behind_seconds']} s)" if found["waiting"] else ""
            click.echo(f"Waiting:  {found['waiting']} changes{behind}")
            if found["lacking_words"]:
                click.echo(f"Again:    {found['lacking_words']} tickets lack the words of a plugin that failed")
            if found["building"]:
                click.echo(f"Building: {found['building']['done']} documents since {found['building']['since']}")
            if found["error"]:
                click.echo(f"Error:    {found['error']}")
        return 0 if found["is_built"] else 1

    @click.command()
    def rebuild() -> None:
        """Build the index anew, beside the one in use, and put it in its place."""

        def progress(done: int, _all: int | None) -> None:
            click.echo(f"\r{done} documents", nl=False, err=True)

        count = keeper.rebuild(progress)
        click.echo(err=True)
        click.echo(f"{count} documents are indexed.")

    return [status, rebuild]
