"""`helpdesk cms sites …`: making, listing, rotating and removing sites."""

import json
import sys
from collections.abc import Sequence
from typing import Any

import click

from helpdesk_core.api import SYSTEM, Helpdesk

from . import sites
from .sites import NewKey, SiteDraft

BY_COMMAND = SYSTEM.through("cli")


def commands(desk: Helpdesk) -> Sequence[click.Command]:
    """Return the commands, working on that helpdesk."""

    @click.group("sites")
    def group() -> None:
        """Sites that show the helpdesk in their pages."""

    @group.command("add")
    @click.argument("key")
    @click.option("--name", required=True, help="What people call it.")
    @click.option("--origin", "origins", multiple=True, help="Scheme, host and port of its pages; may be repeated.")
    @click.option("--url", default="", help="Its address.")
    @click.option("--department", default="", help="Key of the department that new tickets go to at first.")
    @click.option("--comments", "comment_department", default="", help="Key of the department for comments.")
    @click.option("--logout-url", default="", help="Where people are logged out there.")
    @click.option("--answers-url", default="", help="Where answers to comments are sent.")
    @click.option("--staff", is_flag=True, help="Let staff come from there; whoever runs the site could be them.")
    @click.option("--role", "roles", multiple=True, help="THEIRS=OURS or THEIRS=OURS@DEPARTMENT; may be repeated.")
    @click.option("--secret-stdin", is_flag=True, help="Read the secret instead of making one.")
    @click.option("--json", "as_json", is_flag=True, help="For programs.")
    def add(
        key: str, name: str, origins: tuple[str, ...], roles: tuple[str, ...], secret_stdin: bool, as_json: bool,
        staff: bool, **fields: Any,
    ) -> None:  # fmt: skip
        """Add a site, and print its key, the id of its secret and the secret."""
        draft = SiteDraft(
            key=key, name=name, origins=origins, staff=staff, roles=[_role(each) for each in roles], **fields
        )
        _print(sites.make(desk, BY_COMMAND, draft, _secret(secret_stdin)), as_json)

    @group.command("list")
    @click.option("--json", "as_json", is_flag=True, help="One line of JSON a site.")
    def show(as_json: bool) -> None:
        """List the sites."""
        with desk.read() as session:
            rows = sites.all_sites(session)
        for row in rows:
            told: dict[str, Any] = {
                "key": row.key, "name": row.name, "origins": row.origins, "active": row.is_active, "staff": row.staff,
                "kids": sorted(sites.kids(desk, row)),
            }  # fmt: skip
            state = "on" if row.is_active else "off"
            line = f"{row.key:<20} {state:<4} {row.name}  {' '.join(row.origins)}"
            click.echo(json.dumps(told) if as_json else line)

    @group.command("rotate")
    @click.argument("key")
    @click.option("--secret-stdin", is_flag=True, help="Read the secret instead of making one.")
    @click.option("--json", "as_json", is_flag=True, help="For programs.")
    def rotate(key: str, secret_stdin: bool, as_json: bool) -> None:
        """Add a secret beside the one in use, and print it; the one before that ends."""
        _print(sites.rotate(desk, BY_COMMAND, key, _secret(secret_stdin)), as_json)

    @group.command("remove")
    @click.argument("key")
    def remove(key: str) -> None:
        """Remove a site; accounts and tickets that came from there stay."""
        sites.remove(desk, BY_COMMAND, key)
        click.echo(f"The site {key} is gone.")

    return [group]


def _secret(from_stdin: bool) -> str | None:
    return sys.stdin.readline().strip() if from_stdin else None


def _role(text: str) -> list[str]:
    theirs, _equals, ours = text.partition("=")
    ours, _at, department = ours.partition("@")
    return [theirs, ours, department]


def _print(made: NewKey, as_json: bool) -> None:
    told = {"key": made.site.key, "kid": made.kid, "secret": made.secret}
    click.echo(json.dumps(told) if as_json else "\n".join(f"{name}: {value}" for name, value in told.items()))
