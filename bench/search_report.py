"""Write the figures of `search.py` as one table of all engines into the README of the search plugin.

    python bench/search_report.py

Takes `bench/results/search-*.json`, each of one engine and one number of messages (`search.py --name search-…`), and
keeps them in `bench/search.json`; without them the table is written from what is kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from report import machine
from serving import BENCH, RESULTS

KEPT = BENCH / "search.json"
README = BENCH.parent / "plugins" / "search" / "README.md"
BEGIN, END = "<!-- figures: bench/search_report.py writes from here -->\n", "<!-- figures: to here -->\n"
ENGINES = {"core": "none", "whoosh": "Whoosh", "tantivy": "tantivy", "postgresql": "PostgreSQL"}
KINDS = ("very common word", "common word", "rare word", "absent word", "phrase", "field and word")
HEAD = ("engine", "messages", "documents a CPU second", "MB", "burst found after", "", *KINDS)
LAYERS = {"index": "engine", "page": "page"}


def main() -> None:
    """Keep the figures, and write the table between its marks."""
    if found := [json.loads(file.read_text("utf-8")) for file in sorted(RESULTS.glob("search-*.json"))]:
        KEPT.write_text(json.dumps({"machine": machine(), "figures": found}, indent=1) + "\n", "utf-8")
    kept = json.loads(KEPT.read_text("utf-8"))
    before, begin, rest = README.read_text("utf-8").partition(BEGIN)
    assert begin, f"{README} has lost the mark where its figures begin"
    text = "\n".join([f"Measured on {kept['machine']}.", "", *table(kept["figures"])])
    README.write_text(f"{before}{BEGIN}\n{text}\n\n{END}{rest.partition(END)[2]}", "utf-8")


def table(figures: list[dict[str, Any]]) -> Iterator[str]:
    """Return the lines of the table: for each engine and size a line of the engine alone, and one of the page."""
    yield "| " + " | ".join(HEAD) + " |"
    yield "|---" * len(HEAD) + "|"
    for each in sorted(figures, key=lambda each: (each["messages"], list(ENGINES).index(each["engine"]))):
        about = [
            ENGINES[each["engine"]],
            f"{each['messages']:,}",
            f"{each['per_cpu_second']:,}" if "per_cpu_second" in each else "",
            f"{each['mb']:,.0f}" if "mb" in each else "",
            f"{each['burst_seconds']:.1f} s" if "burst_seconds" in each else "at once",
        ]
        for layer, name in LAYERS.items():
            timed = [each["queries"][kind].get(layer) for kind in KINDS]
            if any(timed):
                yield "| " + " | ".join([*about, name, *map(cell, timed)]) + " |"
                about = [""] * len(about)


def cell(timed: dict[str, float] | None) -> str:
    """Return p50 / p95 by the clock, and the least CPU time of a round."""
    return f"{short(timed['p50'])} / {short(timed['p95'])}, {short(timed['least'])}" if timed else ""


def short(value: float) -> str:
    return f"{value:.1f}" if value < 10 else f"{value:.0f}"


if __name__ == "__main__":
    main()
