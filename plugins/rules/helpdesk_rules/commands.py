"""`helpdesk rules …`: rules as files, and what they would do."""

import json
from collections.abc import Sequence
from pathlib import Path

import click

from helpdesk_core.api import SYSTEM, Helpdesk
from helpdesk_core.api.errors import Invalid
from helpdesk_core.api.tickets import find_ticket

from .looking import dry_run, verdicts_of_ticket
from .rules import OPENED, TRIGGERS, all_rules
from .running import details_of
from .transfer import exported, import_rules

CLI = SYSTEM.through("cli")


def commands(desk: Helpdesk) -> Sequence[click.Command]:
    """Return the commands, working on that helpdesk."""

    @click.command("list")
    @click.option("--json", "as_json", is_flag=True, help="One JSON object.")
    def list_(as_json: bool) -> None:
        """List the rules in their order."""
        with desk.read() as session:
            rules = all_rules(desk, session)
        if as_json:
            click.echo(json.dumps({"rules": [each.as_dict() for each in rules]}, ensure_ascii=False))
            return
        for place, each in enumerate(rules, start=1):
            state = "" if each.is_active else "  (not in use)"
            click.echo(f"{place:>3}  {each.name}  [{', '.join(each.triggers)}]{state}")

    @click.command("export")
    @click.option("--format", "form", type=click.Choice(["toml", "json"]), default="toml", help="As what.")
    def export(form: str) -> None:
        """Print all rules."""
        click.echo(exported(desk, CLI, form), nl=False)

    @click.command("import")
    @click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
    def import_(file: Path) -> int:
        """Take in the rules of FILE (TOML or JSON), all or none. Exit code 1: it cannot be used."""
        try:
            made, changed = import_rules(desk, CLI, file.read_text("utf-8"))
        except Invalid as error:
            for text in (text for texts in error.problems.values() for text in texts):
                click.echo(text, err=True)
            return 1
        click.echo(f"{made} new, {changed} changed.")
        return 0

    @click.command("try")
    @click.argument("number")
    @click.option("--on", "trigger", type=click.Choice(list(TRIGGERS)), default=OPENED, help="What would happen.")
    def try_(number: str, trigger: str) -> None:
        """Say what rules would do to a ticket, and why; nothing is kept. One JSON line a rule."""
        for each in dry_run(desk, CLI, number, trigger):
            line = {"rule": each.rule.name, "outcome": each.outcome, **details_of(desk, each)}
            click.echo(json.dumps(line, ensure_ascii=False))

    @click.command("log")
    @click.argument("number")
    def log(number: str) -> None:
        """Say what rules did to a ticket, and why, the newest first. One JSON line a rule."""
        with desk.read() as session:
            found = verdicts_of_ticket(session, find_ticket(session, CLI, number, "desk"))
            for each in found:
                line = {"at": each.at.isoformat(), "on": each.trigger, "rule": each.rule_name, "outcome": each.outcome}
                click.echo(json.dumps({**line, **each.details}, ensure_ascii=False))

    return [list_, export, import_, try_, log]
