"""Measure a search engine on a filled instance: building the index, searching, keeping up.

    python bench/search.py INSTANCE --engine core|whoosh|tantivy|postgresql [--rounds N] [--limit DOCUMENTS] [--reuse]
                           [--name NAME]

INSTANCE is what `load.py` makes; `core` is the database alone, without any index. `index` is the engine alone, `found`
the whole search (index, rights, facets, snippets, a page of rows), `page` the desk's page as a browser gets it, asked
through WSGI in this process by somebody who is signed in. Times are milliseconds: `p50` and `p95` by the clock, `cpu`
of this process, `server` of a PostgreSQL server on this machine, `least` the two together in the quickest round, which
other work on the machine changes least. `--reuse` takes the index that is there. With `--name` the figures are kept in
`bench/results/NAME.json`.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

from flask import Flask
from serving import RESULTS
from sqlalchemy import select
from werkzeug.test import create_environ

from helpdesk_core.actor import SYSTEM
from helpdesk_core.app import create_app
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.search.query import parse_query
from helpdesk_core.testing.browser import Browser
from helpdesk_core.tickets.results import search_tickets
from helpdesk_core.users.actors import load_actor_by_user
from helpdesk_core.users.models import User
from helpdesk_search import keeping, tickets
from helpdesk_search.asking import wanted_tickets
from helpdesk_search.keeping import Keeper
from helpdesk_search.plugin import IndexPlugin

ENGINES = {"core": "", "whoosh": "search", "postgresql": "search", "tantivy": "search_tantivy"}
BURST = 500
Figures = dict[str, Any]


def timed(ask: Callable[[], Any], rounds: int, server: Callable[[], float]) -> Figures:
    """Return p50 and p95 by the clock, medians of CPU time, and the least CPU time of all, in milliseconds."""
    clock, cpu, theirs = [], [], []
    for _ in range(rounds):
        served = server()
        began, spent = time.perf_counter(), time.process_time()
        ask()
        cpu.append((time.process_time() - spent) * 1000)
        clock.append((time.perf_counter() - began) * 1000)
        theirs.append(server() - served)
    ordered = sorted(clock)
    return {
        "p50": round(statistics.median(clock), 2),
        "p95": round(ordered[math.ceil(len(ordered) * 0.95) - 1], 2),
        "cpu": round(statistics.median(cpu), 2),
        "server": round(statistics.median(theirs), 2),
        "least": round(min(map(sum, zip(cpu, theirs, strict=True))), 2),
    }


def server_of(desk: Helpdesk) -> Callable[[], float]:
    """Return what tells the CPU time, in milliseconds, of all processes of the database's server for this database."""
    url = desk.engine.url
    name = f" {url.database} ".encode()
    if url.get_backend_name() != "postgresql":
        return lambda: 0.0

    def spent() -> float:
        found = 0
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                title = (folder / "cmdline").read_bytes()
                if title.startswith(b"postgres: ") and name in title:
                    found += int((folder / "schedstat").read_bytes().split()[0])
        return found / 1e6

    return spent


def main() -> None:
    options = argparse.ArgumentParser(description="Measure a search engine on a filled instance.")
    options.add_argument("instance", type=Path)
    options.add_argument("--engine", choices=ENGINES, required=True)
    options.add_argument("--rounds", type=int, default=40)
    options.add_argument("--limit", type=int, help="index so many documents only")
    options.add_argument("--reuse", action="store_true", help="take the index that is there")
    options.add_argument("--name", help="of the result")
    given = options.parse_args()
    plugin_id = ENGINES[given.engine]
    env = dict(os.environ) | {"HELPDESK_PLUGINS__ENABLED": json.dumps([plugin_id] if plugin_id else [])}
    if plugin_id == "search":
        env["HELPDESK_PLUGINS__SEARCH__ENGINE"] = given.engine
    facts = json.loads((given.instance / "bench.json").read_text())
    if given.limit:
        whole = tickets.all_tickets
        keeping.all_tickets = lambda session: islice(whole(session), given.limit)  # type: ignore[attr-defined]  # only here, to stop early
    app = create_app(given.instance, env=env)
    desk: Helpdesk = app.extensions["helpdesk"]
    found: Figures = {"engine": given.engine, "messages": facts["messages"], "tickets": facts["tickets"]}
    try:
        plugin = desk.plugins.plugin(plugin_id) if plugin_id else None
        keeper = plugin.keeper if isinstance(plugin, IndexPlugin) else None
        if keeper is not None:
            found |= built(keeper, reuse=given.reuse)
        found["queries"] = asked(app, facts, keeper, given.rounds)
        if keeper is not None:
            found["burst_seconds"] = burst(desk, keeper)
    finally:
        desk.close()
    print(json.dumps(found, indent=1, ensure_ascii=False))
    if given.name:
        RESULTS.mkdir(parents=True, exist_ok=True)
        (RESULTS / f"{given.name}.json").write_text(json.dumps(found, indent=1, ensure_ascii=False))


def built(keeper: Keeper, *, reuse: bool) -> Figures:
    """Build the index, unless the one that is there is taken; return its figures."""
    figures: Figures = {}
    if not reuse:
        began, spent = time.perf_counter(), time.process_time()
        count = keeper.rebuild(lambda done, _all: print(f"\r{done}", end="", file=sys.stderr))
        clock, cpu = time.perf_counter() - began, time.process_time() - spent
        figures = {"per_second": round(count / clock), "per_cpu_second": round(count / cpu), "seconds": round(clock)}
    engine = keeper.engine()
    assert engine is not None
    return figures | {"documents": engine.count(), "mb": round(engine.size() / 1e6, 1)}


def asked(app: Flask, facts: Figures, keeper: Keeper | None, rounds: int) -> Figures:
    """Ask every kind of question, and return the figures of each."""
    desk: Helpdesk = app.extensions["helpdesk"]
    browser = Browser(app)
    browser.login(facts["owner"], facts["password"])
    cookies = "; ".join(f"{each.key}={each.value}" for each in browser.client._cookies.values())
    with desk.read() as session:
        user = session.scalars(select(User).where(User.primary_email == facts["owner"])).one()
        signed = load_actor_by_user(desk, session, user.id)
    assert signed is not None
    actor, figures, statuses, server = signed.actor, Figures(), list[str](), server_of(desk)
    for name, text in questions(facts).items():
        wanted = wanted_tickets(parse_query(text, now=desk.now()), SYSTEM, internal=True, newest=False, limit=1000)

        def search(text: str = text) -> int:
            with desk.read() as session:
                return search_tickets(desk, session, actor, text, side="desk").total

        environ = create_environ("/desk/search", query_string={"q": text}, headers={"Cookie": cookies})

        def page(environ: Figures = environ) -> None:
            answer = app.wsgi_app(dict(environ), lambda status, *_: statuses.append(status))
            assert b"".join(answer)
            assert statuses.pop() == "200 OK"

        figures[name] = {"text": text, "total": search()}
        if keeper is not None and (engine := keeper.engine()):
            figures[name]["index"] = timed(lambda ask=engine.search, what=wanted: ask(what), rounds, server)  # type: ignore[misc]  # bound here
        figures[name] |= {"found": timed(search, rounds, server), "page": timed(page, rounds, server)}
        print(name, figures[name])
    return figures


def burst(desk: Helpdesk, keeper: Keeper) -> float:
    """Return after how many seconds of work everything is found, when many tickets have changed at once."""
    with desk.begin(SYSTEM) as tx:
        keeper.stale.mark(tx, "ticket", list(islice(tickets.all_tickets(tx.session), BURST)))
    began = time.perf_counter()
    while keeper.status()["waiting"]:
        keeper.work()
    return round(time.perf_counter() - began, 2)


def questions(facts: dict[str, Any]) -> dict[str, str]:
    """Return what is asked for, by kind."""
    words = {name: probe["word"] for name, probe in facts["probes"].items()}
    return {
        "very common word": words["frequent_en"],
        "common word": words["mid_en"],
        "common word, Cyrillic": words["mid_ru"],
        "rare word": words["rare"],
        "absent word": words["absent"],
        "phrase": f'"{words["frequent_en"]} {words["mid_en"]}"',
        "field and word": f"state:open {words['mid_en']}",
    }


if __name__ == "__main__":
    main()
