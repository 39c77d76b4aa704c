"""Measure what plugins cost: the same pages with none, and with twelve that fill every slot and row hook.

    python bench/plugins.py INSTANCE [--only NAME,...] [--n1 100] [--rounds 5] [--name NAME]

The twelve are made for this, in a folder of their own. Two ways of filling are measured: `shared` (each hook is filled
by one of the twelve, in turn) and `all` (each hook by all twelve, so that a page grows by dozens of panels).
Three servers answer in turn, round by round, and the quietest round of each counts.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pages import ask, look_inside, plan, targets
from serving import RESULTS, helpdesk

from helpdesk_core.testing.distributions import Distributions
from helpdesk_core.web.slots import SLOTS

COUNT = 12
BOUND = 1.15
PAGES = ("list of open tickets", "ticket of five messages", "portal: my tickets", "API: list of open tickets")
HEAD = """
from collections.abc import Mapping, Sequence
from typing import Any

from helpdesk_core.api.hooks import *
from helpdesk_core.api.hooks import hookimpl
from helpdesk_core.api.tickets import Message, Ticket
from helpdesk_core.api.web import Column, Link, Panel, TicketAction
"""
ROWS = {
    "ticket_columns": """
        def ticket_columns(self) -> Sequence[Column]:
            return [Column(key="a", label="A")]
    """,
    "ticket_column_values": """
        def ticket_column_values(self, ticket_ids: Sequence[int]) -> Mapping[int, Mapping[str, str]]:
            return {each: {"a": "yes"} for each in ticket_ids}
    """,
    "message_parts": """
        def message_parts(self, messages: Sequence[Message]) -> Mapping[int, Panel]:
            return {messages[0].id: Panel(template="ID/panel.html", context={"words": "read"})}
    """,
    "ticket_extras": """
        def ticket_extras(self, ticket_ids: Sequence[int]) -> Mapping[int, Any]:
            return {each: {"a": 1} for each in ticket_ids}
    """,
    "ticket_actions": """
        def ticket_actions(self, ticket: Ticket) -> Sequence[TicketAction]:
            return [TicketAction(label="Act", href=f"/desk/x/ID/{ticket.number}")]
    """,
    "desk_links": """
        def desk_links(self) -> Sequence[Link]:
            return [Link(label="More", href="/desk/x/ID/")]
    """,
    "portal_links": """
        def portal_links(self) -> Sequence[Link]:
            return [Link(label="More", href="/x/ID/")]
    """,
}
SLOT = """
def NAME(self) -> Panel | None:
    return Panel(template="ID/panel.html", TITLE context={"words": "something to know"})
"""
PANEL = "<p>{{ words }} {{ _('Status') }} <b>ID</b></p>\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("instance", type=Path)
    parser.add_argument("--only", default="", help="parts of names, comma separated")
    parser.add_argument("--n1", default="100", help="requests in a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--quiet-wait", default="0", help="seconds to wait, before each, for others to let the machine be"
    )
    parser.add_argument("--name", default="plugins", help="of the result")
    options = parser.parse_args()
    instance = options.instance.resolve()
    notes = json.loads((instance / "bench.json").read_text("utf-8"))
    wanted = [each for each in targets(notes) if each.name in PAGES and any(map(each.name.count, parts(options.only)))]
    heads, _, _ = look_inside(instance, notes, [])
    asking = SimpleNamespace(n1=options.n1, secs="0", quiet_wait=options.quiet_wait)
    rows: list[dict[str, Any]] = []
    print("| page | none: CPU ms | p50 ms | shared: CPU | p50 | times | all: CPU | p50 | times |\n" + "|---" * 9 + "|")
    with ExitStack() as stack:
        servers = {}
        for way in ("none", "shared", "all"):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            ids = list(install(folder, way))
            env = {
                "HELPDESK_PLUGINS__ENABLED": json.dumps(ids),
                "HELPDESK_PLUGINS__ON_ERROR": "stop",
                "HELPDESK_WORKER__ENABLED_IN_SERVE": "false",
            }
            servers[way] = stack.enter_context(helpdesk(instance, env=env, path=[folder]))
        for each in wanted:
            best: dict[str, dict[str, Any]] = {}
            for _round in range(options.rounds):
                for way, server in servers.items():
                    row = ask(server, plan(each, heads, notes), asking)
                    if way not in best or row["cpu_ms"] < best[way]["cpu_ms"]:
                        best[way] = row
            rows.append({"name": each.name, **best})
            print(line(rows[-1]), flush=True)
    RESULTS.mkdir(exist_ok=True)
    found = {"tickets": notes["tickets"], "when": time.strftime("%Y-%m-%d %H:%M", time.gmtime()), "rows": rows}
    (RESULTS / f"{options.name}.json").write_text(json.dumps(found, indent=1), "utf-8")


def parts(only: str) -> list[str]:
    return only.split(",") if only else [""]


def install(folder: Path, way: str) -> Iterator[str]:
    """Make the plugins in a folder, and return their ids."""
    hooks = [*ROWS, *(spec.name for spec in SLOTS.values())]
    made = Distributions(folder)
    for position in range(0 if way == "none" else COUNT):
        plugin_id = f"bench{position}"
        # What gives a column also gives its values.
        mine = [name for turn, name in enumerate(hooks) if way == "all" or max(turn - 1, 0) % COUNT == position]
        body = "".join(f"\n@hookimpl({name})\n{source(name)}" for name in mine) or "pass"
        package = made.add(plugin_id, body.replace("ID", plugin_id), head=HEAD)
        templates = package / "templates" / plugin_id
        templates.mkdir(parents=True)
        (templates / "panel.html").write_text(PANEL.replace("ID", plugin_id), "utf-8")
        yield plugin_id


def source(name: str) -> str:
    from textwrap import dedent

    if name in ROWS:
        return dedent(ROWS[name])
    title = 'title="Something",' if name.endswith(("sidebar", "home", "new")) else ""
    return SLOT.replace("NAME", name).replace("TITLE", title)


def line(row: dict[str, Any]) -> str:
    none = row["none"]
    cells = [row["name"], f"{none['cpu_ms']:.1f}", f"{none['p50_ms']:.1f}"]
    for way in ("shared", "all"):
        times = row[way]["cpu_ms"] / none["cpu_ms"]
        missed = " (!)" if way == "shared" and times > BOUND else ""
        cells += [f"{row[way]['cpu_ms']:.1f}", f"{row[way]['p50_ms']:.1f}", f"{times:.2f}{missed}"]
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
