"""Measure the plugin for rules: rules asked a second, the job of every minute, previews, and opening.

    python bench/rules.py [COUNT …] [--database sqlite] [--name NAME]

For each COUNT (1,000, 10,000 and 100,000 by default) a new database gets that many tickets that wait for their
customers since some weeks, and three rules on time. Timed are the first look at all tickets, the job of every minute
with nothing due (the median of five), the same with 20 tickets that have come of age, the look at all tickets of every
hour, and the preview of a rule. Opening is timed with ten rules on new tickets, of which one applies, and without the
plugin, in turns (medians of 100 each), in the request and in what the worker does after it. All of it ends within some
minutes. Prints milliseconds and, with `--name`, keeps them in `bench/results/NAME.json`.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "plugins" / "rules")]

from serving import RESULTS  # noqa: E402  (the path above comes first)
from sqlalchemy import insert, select, update  # noqa: E402  (as above)

from helpdesk_core.api import SYSTEM  # noqa: E402  (as above)
from helpdesk_core.api.automation import Condition, Known  # noqa: E402  (as above)
from helpdesk_core.api.tickets import Message, NewMessage, Ticket, reply  # noqa: E402  (as above)
from helpdesk_core.db.statistics import refresh_statistics  # noqa: E402  (as above)
from helpdesk_core.testing.databases import temporary_database  # noqa: E402  (as above)
from helpdesk_core.testing.plugins import PluginSite, plugin_site  # noqa: E402  (as above)
from helpdesk_rules.keeping import save_rule  # noqa: E402  (as above)
from helpdesk_rules.looking import preview  # noqa: E402  (as above)
from helpdesk_rules.rules import CUSTOMER, OPENED, TIME, Act, Rule, all_rules  # noqa: E402  (as above)
from helpdesk_rules.running import judge  # noqa: E402  (as above)
from helpdesk_rules.timing import tick  # noqa: E402  (as above)

DUE = 20
PORTION = 5000
OPENED_EACH, WARM = 100, 10
WAITING = (Condition("state", "is", ("waiting",)), Condition("waiting_on", "is", ("customer",)))
TIMED = (
    Rule(
        name="Nag",
        triggers=(TIME,),
        conditions=(*WAITING, Condition("last_agent_at", "over", ("60d",))),
        actions=(Act("tag", "old"),),
    ),
    Rule(
        name="Close",
        triggers=(TIME,),
        conditions=(*WAITING, Condition("last_agent_at", "over", ("2d",)), Condition("tag", "is", ("old",))),
        actions=(Act("close"),),
    ),
    Rule(
        name="Forgotten",
        triggers=(TIME,),
        conditions=(Condition("state", "is", ("new",)), Condition("created_at", "over", ("365d",))),
        actions=(Act("priority", "high"),),
    ),
)


def timed(act: Callable[[], object]) -> float:
    """Return the milliseconds that it takes."""
    begin = time.perf_counter()
    act()
    return (time.perf_counter() - begin) * 1000


def fill(site: PluginSite, count: int) -> None:
    """Make tickets that wait for their customers since 20 to 40 days, by copies of one."""
    agent = site.world.agent()
    number = site.world.ticket().ticket.number or ""
    reply(site.desk, agent, number, NewMessage(text="Which one?", status="waiting"))
    site.work()
    with site.desk.read() as session:
        ticket = dict(session.execute(select(Ticket.__table__)).mappings().one())
        message = dict(session.execute(select(Message.__table__).order_by(Message.id.desc()).limit(1)).mappings().one())
    for name in ("id", "number", "uid"):
        ticket.pop(name, None)
        message.pop(name, None)
    for start in range(1, count, PORTION):
        ids = [ticket_id + 1 for ticket_id in range(start, min(start + PORTION, count))]
        since = {id: _since(site, id) for id in ids}
        with site.desk.begin(SYSTEM) as tx:
            tx.session.execute(insert(Ticket), [_ticket(ticket, id, since[id]) for id in ids])
            tx.session.execute(insert(Message), [{**message, "ticket_id": id, "created_at": since[id]} for id in ids])
    refresh_statistics(site.desk.engine)  # as the worker does each day


def _since(site: PluginSite, id: int) -> datetime:
    return site.clock.moment - timedelta(days=20, seconds=id * 15)


def _ticket(template: dict[str, object], id: int, at: datetime) -> dict[str, object]:
    return {**template, "id": id, "number": f"b{id}", "created_at": at, "updated_at": at, "last_agent_at": at}


def measure(count: int, database: str) -> dict[str, float]:
    """Return what the job of every minute takes with so many tickets, in milliseconds."""
    with (
        tempfile.TemporaryDirectory() as folder,
        temporary_database(database, Path(folder)) as url,
        plugin_site("rules", folder=Path(folder) / "site", url=url) as site,
    ):
        fill(site, count)
        for rule in TIMED:
            save_rule(site.desk, SYSTEM, rule)
        first = timed(lambda: tick(site.desk))
        idle = statistics.median(timed(lambda: tick(site.desk)) for _round in range(5))
        with site.desk.begin(SYSTEM) as tx:  # they come of age within the next minute
            come = site.clock.moment - timedelta(days=60) + timedelta(seconds=30)
            tx.session.execute(update(Ticket).where(Ticket.id.between(2, DUE + 1)).values(last_agent_at=come))
        site.clock.advance(minutes=1)
        fired: list[int] = []
        due = timed(lambda: fired.append(tick(site.desk)))
        site.clock.advance(minutes=61)
        hourly = timed(lambda: tick(site.desk))
        with site.desk.read() as session:
            rule = all_rules(site.desk, session)[0]
        shown = timed(lambda: preview(site.desk, SYSTEM, rule))
    times = {"first_ms": first, "idle_ms": idle, "due_ms": due, "hourly_ms": hourly, "preview_ms": shown}
    return {"tickets": count, "due": fired[0], **times}


def opening(database: str) -> dict[str, float]:
    """Return what opening a ticket takes with and without the plugin, and the worker's part of it, in milliseconds."""
    found: dict[str, list[float]] = defaultdict(list)
    with ExitStack() as stack:
        sites = {}
        for name in ("plain", "rules"):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            url = stack.enter_context(temporary_database(database, folder))
            plugins = ("rules",) if name == "rules" else ()
            sites[name] = stack.enter_context(plugin_site(*plugins, folder=folder / "site", url=url))
        for place in range(10):
            save_rule(sites["rules"].desk, SYSTEM, _subject_rule(place, "down" if place == 9 else f"word{place}"))
        customers = {name: site.world.customer() for name, site in sites.items()}
        for _round in range(OPENED_EACH + WARM):
            for name, site in sites.items():
                begin = time.thread_time()
                act = lambda: site.world.ticket(customers[name], subject="It is down")  # noqa: B023, E731  (called at once)
                found[name].append(timed(act))
                found[f"{name}_cpu"].append((time.thread_time() - begin) * 1000)
                found[f"{name}_worker"].append(timed(site.work))
    return {f"open_{name}_ms": statistics.median(times[WARM:]) for name, times in found.items()}


def _subject_rule(place: int, word: str) -> Rule:
    conditions = (Condition("subject", "has", (word,)), Condition("priority", "is", ("normal",)))
    actions = (Act("tag", f"tag{place}"),)
    return Rule(name=f"Rule {place}", triggers=(OPENED, CUSTOMER), conditions=conditions, actions=actions)


def asking() -> float:
    """Return how many rules are asked a second, once the facts of the ticket are known."""
    with tempfile.TemporaryDirectory() as folder, plugin_site("rules", folder=Path(folder) / "site") as site:
        rules = [_subject_rule(place, f"word{place}") for place in range(50)]
        known = Known({"subject": ("It is down",), "priority": ("normal",)})
        begin, rounds = time.perf_counter(), 40
        for _round in range(rounds):
            for rule in rules:
                judge(site.desk, rule, known)
        return rounds * len(rules) / (time.perf_counter() - begin)


def main() -> None:
    """Measure, print, keep."""
    options = argparse.ArgumentParser(description="Measure the plugin for rules.")
    options.add_argument("counts", nargs="*", type=int, default=[1_000, 10_000, 100_000])
    options.add_argument("--database", default="sqlite", help="sqlite, postgresql or mariadb")
    options.add_argument("--name", help="of the result")
    given = options.parse_args()
    asked, opened = asking(), opening(given.database)
    print(f"rules asked a second: {asked:,.0f}")
    print(
        f"opening a ticket: {opened['open_rules_ms']:.2f} ms with ten rules, {opened['open_plain_ms']:.2f} without, "
        f"of the processor's time {opened['open_rules_cpu_ms']:.2f} and {opened['open_plain_cpu_ms']:.2f}; "
        f"the worker after it: {opened['open_rules_worker_ms']:.1f} and {opened['open_plain_worker_ms']:.1f} ms",
        flush=True,
    )
    ticks = []
    for count in given.counts:
        each = measure(count, given.database)
        ticks.append(each)
        print(
            f"{count:>7,} tickets: tick {each['idle_ms']:.1f} ms with nothing due, {each['due_ms']:.0f} ms with "
            f"{each['due']:.0f} done; all looked at {each['first_ms']:.0f} ms first, {each['hourly_ms']:.0f} ms each "
            f"hour; a preview {each['preview_ms']:.0f} ms",
            flush=True,
        )
    if given.name:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{given.name}.json").write_text(
            json.dumps({"rules_per_second": asked, "opening": opened, "ticks": ticks}, indent=1) + "\n"
        )


if __name__ == "__main__":
    main()
