"""Measure pages of an instance that `load.py` has filled: latency, throughput, SQL, CPU, memory, and the floor.

    python bench/pages.py INSTANCE [--only NAME,...] [--n1 100] [--secs 8] [--name NAME]

Starts `helpdesk serve` on a free port, and beside it the floor (see floor.py); asks both for each page in turn, round
by round, with `http_bench.py` of the measuring tools, and keeps the quietest round of each. Prints a Markdown table and
keeps the figures in `bench/results/NAME.json`. The first answer is timed at starts of their own.
"""

from __future__ import annotations

import argparse
import json
import pickle
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Flask
from floor import Recipe, recorded
from serving import RESULTS, Server, helpdesk, memory, running, tool

from helpdesk_core.actor import SYSTEM
from helpdesk_core.app import create_app
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.users.accounts import find_by_address
from helpdesk_core.users.sessions import begin_session

Row = dict[str, Any]
ALONE = {"HELPDESK_WORKER__ENABLED_IN_SERVE": "false"}
"""For pages that only read: the jobs that a filled instance still has to do (a search's index) are not theirs."""
COLUMNS = (
    *("page", "p50 ms", "p95 ms", "/s, 8 at once", "SQL", "CPU ms", "kB"),
    *("floor p50", "floor CPU", "times the floor", "noise"),
)


@dataclass(frozen=True)
class Target:
    """Something to ask for; `who` is a login of `bench.json`, or a token of it. Only pages have a floor."""

    name: str
    path: str
    who: str = "owner"
    ids: list[str] = field(default_factory=list)
    post: Row = field(default_factory=dict)


def targets(notes: Row) -> list[Target]:
    department, probes = "dep2", notes["probes"]
    form = {"subject": "It does not work {n}", "body": "Since this morning.", "department": department}
    ticket = {"subject": "It does not work {n}", "department": department, "message": {"body_text": "Since today."}}
    return [
        Target("list of open tickets", "/desk/tickets?view=open"),
        Target("the same, an agent of three departments", "/desk/tickets?view=open", "agent"),
        Target("filtered by department and status", f"/desk/tickets?department={department}&status=open"),
        Target("ticket of five messages", "/desk/tickets/{id}", ids=notes["five"]),
        Target("portal: my tickets", "/tickets", "customer"),
        Target("API: list of open tickets", "/api/v1/tickets?state=open&limit=50", "token"),
        Target("API: open a ticket", "/api/v1/tickets", "token", post={"json": ticket, "status": [201]}),
        Target(
            "portal: open a ticket",
            "/tickets/new",
            "opener",
            post={"form_from": "/tickets/new", "form_id": "new-ticket", "fields": form, "status": [302, 303]},
        ),
        Target("search without plugin, rare word", f"/desk/tickets?q={probes['rare']['word']}"),
        Target("search without plugin, common word", f"/desk/tickets?q={probes['frequent_en']['word']}"),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("instance", type=Path)
    parser.add_argument("--only", default="", help="parts of names, comma separated")
    parser.add_argument("--n1", default="100", help="requests at concurrency 1")
    parser.add_argument("--secs", default="8", help="seconds at concurrency 8")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--starts", type=int, default=1, help="how often the start is timed")
    parser.add_argument(
        "--quiet-wait", default="0", help="seconds to wait, before each, for others to let the machine be"
    )
    parser.add_argument("--name", help="of the result; the instance's folder by default")
    options = parser.parse_args()
    instance = options.instance.resolve()
    notes = json.loads((instance / "bench.json").read_text("utf-8"))
    wanted = [
        each
        for each in targets(notes)
        if not options.only or any(part in each.name for part in options.only.split(","))
    ]
    heads, recipes, url = look_inside(instance, notes, wanted)
    rows: list[Row] = []
    started_in = sorted(start(instance) for _ in range(options.starts))
    print("| " + " | ".join(COLUMNS) + " |\n" + "|---" * len(COLUMNS) + "|")
    held: dict[str, int] = {}
    with floor(url, recipes) as below:
        for env, some in (
            (ALONE, [each for each in wanted if not each.post]),
            ({}, [each for each in wanted if each.post]),
        ):
            if not some:
                continue
            with helpdesk(instance, env=env) as server:
                for each in some:
                    asked = plan(each, heads, notes)
                    rows.append(measured(each, (server, below), asked, recipes.get(each.name), options))
                    print(line(rows[-1]), flush=True)
                held = held or memory(server.pid)
    about = {"started_in": round(started_in[len(started_in) // 2], 2), "memory": held}
    print(
        f"\nUp after {about['started_in']} s; a worker process takes {held['pss']} MiB, {held['own']} of them its own."
    )
    RESULTS.mkdir(exist_ok=True)
    found = {"tickets": notes["tickets"], "database": url.split(":")[0].split("+")[0], "plugins": notes["plugins"]}
    result = {**found, "when": time.strftime("%Y-%m-%d %H:%M", time.gmtime()), **about, "rows": rows}
    (RESULTS / f"{options.name or instance.name}.json").write_text(json.dumps(result, indent=1), "utf-8")


def start(instance: Path) -> float:
    """Start the server and stop it again; return the seconds until it first answered."""
    with helpdesk(instance) as server:
        return server.started_in


def measured(
    target: Target, servers: tuple[Server, Server], wanted: Row, recipe: Recipe | None, options: argparse.Namespace
) -> Row:
    """Ask for a page and for its floor in turn, and return the quietest round of each."""
    server, below = servers
    rounds, floors = [], []
    bare = {"targets": [{"name": target.name, "path": f"/{quote(target.name)}"}]}
    for _round in range(options.rounds):
        rounds.append(ask(server, wanted, options))
        if recipe:
            floors.append(ask(below, bare, options))
    row = quietest(rounds)
    row["sql"] = recipe.queries if recipe else None
    if floors:
        row["floor"] = quietest(floors)
    return row


def quietest(rounds: list[Row]) -> Row:
    """Return the round with the shortest latency, with the highest throughput of all rounds."""
    best = min(rounds, key=lambda row: row["p50_ms"])
    return best | {"load": max((row["load"] for row in rounds), key=lambda load: load["rps"])}


def look_inside(instance: Path, notes: Row, wanted: list[Target]) -> tuple[dict[str, Row], dict[str, Recipe], str]:
    """Return headers for each login, what each page costs at least, and the database's address."""
    app = create_app(instance)
    desk: Helpdesk = app.extensions["helpdesk"]
    try:
        heads: dict[str, Row] = {
            who: {"cookies": f"hd_session={session(desk, notes[who])}"}
            for who in ("owner", "agent", "customer", "opener")
        }
        heads["token"] = {"headers": {"Authorization": f"Bearer {notes['token']}"}}
        recipes = {each.name: recipe(app, desk, each, heads[each.who]) for each in wanted if not each.post}
        return heads, recipes, desk.engine.url.render_as_string(hide_password=False)
    finally:
        desk.close()


def session(desk: Helpdesk, address: str) -> str:
    """Sign somebody in, as a browser, and return the cookie."""
    with desk.begin(SYSTEM) as tx:
        user = find_by_address(tx.session, address)
        assert user is not None
        return begin_session(tx, user, method="password", device="bench").token


def recipe(app: Flask, desk: Helpdesk, target: Target, head: Row) -> Recipe:
    """Ask for a page inside this process, thrice so that everything is warm, and note the last time."""
    path = target.path.replace("{id}", target.ids[0] if target.ids else "")
    headers = {"Cookie": head["cookies"]} if "cookies" in head else head["headers"]
    client = app.test_client(use_cookies=False)
    for _ in range(3):
        with recorded(desk.engine) as found:
            answer = client.get(path, headers=headers)
            assert answer.status_code == 200, f"{path}: {answer.status}"
    found.size, found.kind = len(answer.data), answer.content_type
    return found


def plan(target: Target, heads: dict[str, Row], notes: Row) -> Row:
    spec: Row = {"name": target.name, "path": target.path, "ids": target.ids, **target.post}
    if target.post:
        spec["method"] = "POST"
    return {**heads[target.who], "targets": [spec]}


def ask(server: Server, wanted: Row, options: argparse.Namespace) -> Row:
    """Have the tool ask a server for one thing, and return its figures."""
    wanted = {**wanted, "base": server.base, "pids": f"echo {server.pid}"}
    with tempfile.TemporaryDirectory() as folder:
        plan_file, out = Path(folder, "plan.json"), Path(folder, "out.json")
        plan_file.write_text(json.dumps(wanted), "utf-8")
        command = [sys.executable, tool("http_bench.py"), str(plan_file), "--n1", options.n1, "--secs", options.secs]
        command += ["--quiet-wait", options.quiet_wait]
        subprocess.run([*command, "--no-wrk", "--out", str(out)], check=True, stdout=subprocess.DEVNULL)
        row: Row = json.loads(out.read_text("utf-8"))["rows"][0]
    if "error" in row:
        sys.exit(f"{row['name']}: {row['error']}")
    return row


def floor(url: str, recipes: dict[str, Recipe]) -> Any:
    """Start the floor; the file with its recipes is gone when this process ends."""
    folder = tempfile.mkdtemp()
    file = Path(folder, "floor.pickle")
    file.write_bytes(pickle.dumps((url, recipes | {"ready": Recipe(size=2)})))
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--blocking-threads", "8", "--no-ws"]
    env = {"HELPDESK_BENCH_FLOOR": str(file)}
    return running([*command, "--working-dir", str(Path(__file__).parent), "floor:app", "--port"], "/ready", env=env)


def line(row: Row) -> str:
    """Return a line of the table: the page, its floor, and how many times the floor it is."""
    below = row.get("floor")
    load = row["load"]
    cells = [
        row["name"],
        f"{row['p50_ms']:.1f}",
        f"{row['p95_ms']:.1f}",
        f"{load['rps']:.1f}",
        str(row["sql"] if row["sql"] is not None else ""),
        f"{row['cpu_ms']:.1f}",
        f"{row['bytes'] / 1000:.0f}",
        f"{below['p50_ms']:.1f}" if below else "",
        f"{below['cpu_ms']:.1f}" if below else "",
        f"{row['p50_ms'] / below['p50_ms']:.1f}" if below else "",
        f"{row['noise']:.0%}",
    ]
    return "| " + " | ".join(cells) + " |" + (f" {load['errors']} errors" if load["errors"] else "")


if __name__ == "__main__":
    main()
