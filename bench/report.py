"""Write the figures of `bench/results/` into `bench/results.json` and, as tables, into README.md.

    python bench/report.py

`run.py` does so at its end. Without `bench/results/`, the tables are written from `bench/results.json` as it stands.
"""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
from pathlib import Path
from typing import Any

from serving import BENCH, RESULTS

Row = dict[str, Any]
KEPT = BENCH / "results.json"
README = BENCH / "README.md"
BEGIN, END = "<!-- figures: report.py writes from here -->\n", "<!-- figures: to here -->\n"
LIST, FILTERED, TICKET = "list of open tickets", "filtered by department and status", "ticket of five messages"
OPENED = "portal: open a ticket"
MANY = 100_000
PEERS: dict[str, dict[str, float]] = {
    "django-helpdesk 2.6.1": {LIST: 580, FILTERED: 198, TICKET: 86, OPENED: 25},
    "Request Tracker 5.0.3": {LIST: 678, FILTERED: 703, TICKET: 314, OPENED: 207},
    "osTicket 1.18.1": {LIST: 497, FILTERED: 129, TICKET: 43, OPENED: 65},
}
"""Milliseconds at concurrency 1 with the same 100,000 tickets, as the measuring tools give them."""
GOALS = {LIST: 30, TICKET: 4}
PLUGINS_BOUND = 1.15
COLUMNS = ("page", "p50 ms", "p95 ms", "/s, 8 at once", "SQL", "CPU ms", "kB", "floor p50", "floor CPU",
           "times the floor (CPU)", "noise")  # fmt: skip
MAILS_GOAL = 100


def main() -> None:
    if RESULTS.exists():
        found = {file.stem: json.loads(file.read_text("utf-8")) for file in sorted(RESULTS.glob("*.json"))}
        KEPT.write_text(json.dumps({"machine": machine(), "figures": thinned(found)}, indent=1) + "\n", "utf-8")
    kept = json.loads(KEPT.read_text("utf-8"))
    before, _, rest = README.read_text("utf-8").partition(BEGIN)
    text = "\n".join(tables(kept["machine"], kept["figures"]))
    README.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}", "utf-8")


def machine() -> str:
    """Describe the machine: cores, processor, memory, system, versions."""
    cpu = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text("utf-8"))
    memory = re.search(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text("utf-8"))
    parts = [f"{os.cpu_count()} cores ({cpu[1] if cpu else platform.processor()})"]
    if memory:
        parts.append(f"{int(memory[1]) / 2**20:.0f} GiB")
    parts += [platform.platform(terse=True), f"Python {platform.python_version()}"]
    for program, label, version in (("psql", "PostgreSQL", r"[\d.]+"), ("mariadb", "MariaDB", r"[\d.]+(?=-MariaDB)")):
        try:
            said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
        except OSError:
            continue
        found = re.search(version, said)
        parts += [f"{label} {found[0]}"] if found else []
    return ", ".join(parts)


def thinned(found: dict[str, Row]) -> dict[str, Row]:
    """Return the results with rounded figures and without what no table shows."""
    for result in found.values():
        if isinstance(result, list):
            continue
        for row in result.get("rows", ()):
            for each in filter(None, (row, row.get("floor"), row.get("none"), row.get("shared"), row.get("all"))):
                if "load" in each:
                    each["load"] = {"rps": round(each["load"]["rps"], 1), "errors": each["load"]["errors"]}
                for key in {"status", "n", "max_ms", "min_ms", "form_p50_ms"} & each.keys():
                    del each[key]
                for key in ("p50_ms", "p95_ms"):
                    if key in each:
                        each[key] = round(each[key], 2)
    return found


def tables(where: str, figures: dict[str, Row]) -> list[str]:
    pages = sorted(
        (each for name, each in figures.items() if name.startswith("pages-")),
        key=lambda each: (each["tickets"], each["database"] != "sqlite"),
    )
    lines = [f"Measured on {pages[0]['when'][:10]}, {where}.", "", *goals(pages, figures)]
    for each in pages:
        lines += ["", *instance(each)]
    return lines


def goals(pages: list[Row], figures: dict[str, Row]) -> list[str]:
    """Compare with the peers and with what is wanted."""
    lines = ["### Against the goals", "", "| what | wanted | measured |", "|---|---|---|"]
    for each in (page for page in pages if page["tickets"] == MANY):
        for name, row in ((row["name"], row) for row in each["rows"]):
            if name in PEERS["osTicket 1.18.1"]:
                wanted = f"{GOALS[name]} times faster than peers" if name in GOALS else "faster than peers"
                times = ", ".join(
                    f"{known[name] / row['p50_ms']:.1f} × {peer.rpartition(' ')[0]}" for peer, known in PEERS.items()
                )
                seen = f"{row['p50_ms']:.1f} ms ({row['cpu_ms']:.1f} of CPU; noise {row['noise']:.0%}): {times}"
                lines.append(f"| {name}, {each['database']} | {wanted} | {seen} |")
    most = max((row["sql"] or 0, row["name"]) for each in pages for row in each["rows"] if "search" not in row["name"])
    lines.append(f"| SQL queries a page | at most 8 | at most {most[0]} ({most[1]}) |")
    of_plugins = [each for name, each in figures.items() if name.startswith("plugins")]
    for each in sorted(of_plugins, key=lambda each: -int(each["tickets"])):
        for row in each["rows"]:
            times = row["shared"]["cpu_ms"] / row["none"]["cpu_ms"]
            every = row["all"]["cpu_ms"] / row["none"]["cpu_ms"]
            lines.append(
                f"| twelve plugins, {each['tickets']:,} tickets, {row['name']} | at most {PLUGINS_BOUND} times | "
                f"{times:.2f} times (each hook filled by one), {every:.2f} (by all twelve); "
                f"{row['none']['cpu_ms']:.1f} ms of CPU with none |"
            )
    for name, runs in figures.items():
        if name.startswith("mail-"):
            lines += map(_mails, runs)
    return lines


def _mails(run: Row) -> str:
    what = f"mails of 5 kB, {run['database']}, processes: {run['processes']}"
    by_clock, by_cpu = (
        f"{run['per_second']:.0f} a second by the clock",
        f"{run['per_second_of_a_core']:.0f} by CPU time",
    )
    return f"| {what} | {MAILS_GOAL} a second on one core | {by_clock}, {by_cpu} of a core |"


def instance(each: Row) -> list[str]:
    """Return the table of one instance."""
    held = each["memory"]
    lines = [
        f"### {each['tickets']:,} tickets on {each['database']}",
        "",
        f"With {', '.join(each['plugins']) or 'no plugin'}: first answer {each['started_in']:.2f} s after the start. "
        f"After all this a worker process holds {held['pss']} MiB, of which {held['own']} are its own and the rest "
        "pages of files that the system shares or drops.",
        "",
        "| " + " | ".join(COLUMNS) + " |",
        "|---" * len(COLUMNS) + "|",
    ]
    for row in each["rows"]:
        floor = row.get("floor")
        cells = [row["name"], f"{row['p50_ms']:.1f}", f"{row['p95_ms']:.1f}", f"{row['load']['rps']:.0f}"]
        cells += ["" if row["sql"] is None else str(row["sql"]), f"{row['cpu_ms']:.1f}", f"{row['bytes'] / 1000:.0f}"]
        if floor:
            cells += [f"{floor['p50_ms']:.1f}", f"{floor['cpu_ms']:.1f}"]
            cells.append(f"{row['p50_ms'] / floor['p50_ms']:.1f} ({row['cpu_ms'] / max(floor['cpu_ms'], 0.1):.1f})")
        else:
            cells += ["", "", ""]
        lines.append("| " + " | ".join([*cells, f"{row['noise']:.0%}"]) + " |")
    return lines


if __name__ == "__main__":
    main()
