"""Measure a search engine on a filled instance: building the index, searching, keeping up.

    python bench/search.py INSTANCE --engine whoosh|tantivy|postgresql [--rounds N] [--limit DOCUMENTS] [--name NAME]

INSTANCE is what `load.py` makes. Everything runs in this process: `page` is the whole search of the desk's page (index,
rights, facets, snippets, one page of rows), `index` the engine alone. Times are milliseconds by the clock; `cpu` is the
thread's own time, which other work on the machine changes less. With `--name` the figures are kept in
`bench/results/NAME.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

from serving import RESULTS
from sqlalchemy import select

from helpdesk_core.actor import SYSTEM
from helpdesk_core.app import open_helpdesk
from helpdesk_core.search.query import parse_query
from helpdesk_core.tickets.results import search_tickets
from helpdesk_core.users.actors import load_actor_by_user
from helpdesk_core.users.models import User
from helpdesk_search import keeping, tickets
from helpdesk_search.asking import wanted_tickets
from helpdesk_search.plugin import IndexPlugin

ENGINES = {"whoosh": "search", "postgresql": "search", "tantivy": "search_tantivy"}
BURST = 500


def timed(ask: Callable[[], Any], rounds: int) -> dict[str, float]:
    """Return p50 and p95 by the clock, and the median of CPU time, in milliseconds."""
    clock, cpu = [], []
    for _ in range(rounds):
        began, spent = time.perf_counter(), time.process_time()
        ask()
        clock.append((time.perf_counter() - began) * 1000)
        cpu.append((time.process_time() - spent) * 1000)
    ordered = sorted(clock)
    return {
        "p50": round(statistics.median(clock), 2),
        "p95": round(ordered[int(len(ordered) * 0.95) - 1], 2),
        "cpu": round(statistics.median(cpu), 2),
    }


def main() -> None:
    options = argparse.ArgumentParser(description="Measure a search engine on a filled instance.")
    options.add_argument("instance", type=Path)
    options.add_argument("--engine", choices=ENGINES, required=True)
    options.add_argument("--rounds", type=int, default=40)
    options.add_argument("--limit", type=int, help="index so many documents only")
    options.add_argument("--name", help="of the result")
    given = options.parse_args()
    plugin_id = ENGINES[given.engine]
    env = dict(os.environ) | {"HELPDESK_PLUGINS__ENABLED": json.dumps([plugin_id])}
    if plugin_id == "search":
        env["HELPDESK_PLUGINS__SEARCH__ENGINE"] = given.engine
    facts = json.loads((given.instance / "bench.json").read_text())
    desk = open_helpdesk(given.instance, env=env)
    try:
        plugin = desk.plugins.plugin(plugin_id)
        assert isinstance(plugin, IndexPlugin)
        if given.limit:
            whole = tickets.all_tickets
            keeping.all_tickets = lambda session: islice(whole(session), given.limit)  # type: ignore[attr-defined]  # only here, to stop early
        began, spent = time.perf_counter(), time.process_time()
        count = plugin.keeper.rebuild(lambda done, _all: print(f"\r{done}", end="", file=sys.stderr))
        built, cpu = time.perf_counter() - began, time.process_time() - spent
        engine = plugin.keeper.engine()
        assert engine is not None
        found: dict[str, Any] = {
            "engine": given.engine,
            "documents": count,
            "per_second": round(count / built),
            "per_cpu_second": round(count / cpu),
            "mb": round(engine.size() / 1e6, 1),
            "queries": {},
        }
        with desk.read() as session:
            user = session.scalars(select(User).where(User.primary_email == facts["owner"])).one()
            signed = load_actor_by_user(desk, session, user.id)
        assert signed is not None
        actor = signed.actor
        for name, text in questions(facts).items():
            asked = wanted_tickets(parse_query(text, now=desk.now()), SYSTEM, internal=True, newest=False, limit=1000)

            def page(text: str = text) -> int:
                with desk.read() as session:
                    return search_tickets(desk, session, actor, text, side="desk").total

            found["queries"][name] = {
                "text": text,
                "total": page(),
                "index": timed(lambda asked=asked: engine.search(asked), given.rounds),  # type: ignore[misc]  # bound here
                "page": timed(page, given.rounds),
            }
            print(name, found["queries"][name])
        with desk.begin(SYSTEM) as tx:
            plugin.keeper.stale.mark(tx, "ticket", list(islice(tickets.all_tickets(tx.session), BURST)))
        began = time.perf_counter()
        plugin.keeper.work()
        found["burst_seconds"] = round(time.perf_counter() - began, 2)
    finally:
        desk.close()
    print(json.dumps(found, indent=1, ensure_ascii=False))
    if given.name:
        RESULTS.mkdir(parents=True, exist_ok=True)
        (RESULTS / f"{given.name}.json").write_text(json.dumps(found, indent=1, ensure_ascii=False))


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
