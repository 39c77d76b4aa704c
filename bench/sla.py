"""Measure the plugin for service levels: policies a second, the job of every minute, events, lists, and opening.

    python bench/sla.py [COUNT …] [--database sqlite] [--name NAME]

For each COUNT (1,000, 10,000 and 100,000 by default) a new database gets that many open tickets with a running clock;
then the tick is timed with nothing due (the median of five), with 20 clocks that are over, with 20 for which a mail is
to be written, and with 20 whose priority and tags are to be changed; all four on the clock and of the processor's time.
Saving a policy that all of these tickets have, so that all clocks are looked at, is timed too, and so are the first
page of the list by the next target and the number of late tickets. Opening a ticket is timed with the plugin and
without it, in turns (the medians of 200 each, on the clock and of the processor's time; and the fastest ones), in the
request and in what the worker does after it. Prints milliseconds and, with `--name`, keeps them in
`bench/results/NAME.json`.
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
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "plugins" / "sla")]

from serving import RESULTS  # noqa: E402  (the path above comes first)
from sqlalchemy import insert, select  # noqa: E402  (as above)

from helpdesk_core.api import SYSTEM  # noqa: E402  (as above)
from helpdesk_core.api.automation import Condition  # noqa: E402  (as above)
from helpdesk_core.api.tickets import Ticket, TicketFilter, count_tickets, list_tickets  # noqa: E402  (as above)
from helpdesk_core.db.statistics import refresh_statistics  # noqa: E402  (as above)
from helpdesk_core.testing.databases import temporary_database  # noqa: E402  (as above)
from helpdesk_core.testing.plugins import PluginSite, plugin_site  # noqa: E402  (as above)
from helpdesk_sla.agreeing import PolicyDraft, save_policy  # noqa: E402  (as above)
from helpdesk_sla.keeping import bring_up  # noqa: E402  (as above)
from helpdesk_sla.models import Clock, PolicyRow, Watched  # noqa: E402  (as above)
from helpdesk_sla.policies import Policies, Policy, Properties  # noqa: E402  (as above)
from helpdesk_sla.ticking import tick  # noqa: E402  (as above)

DUE = 20
PORTION = 5000
OPENED, WARM = 200, 10


def timed(act: Callable[[], object]) -> float:
    """Return the milliseconds that it takes."""
    begin = time.perf_counter()
    act()
    return (time.perf_counter() - begin) * 1000


def measured(act: Callable[[], object]) -> tuple[float, float]:
    """Return the milliseconds that it takes, and those of the processor's time."""
    begin = time.process_time()
    took = timed(act)
    return took, (time.process_time() - begin) * 1000


def promise(site: PluginSite) -> None:
    """Make a policy for each kind of steps, chosen by a department."""
    steps = {
        "none": (),
        "mail": (("mail", "boss@example.com"),),
        "change": (("priority", "urgent"), ("tag", "late")),
    }
    targets = {"first_reply": 60, "resolution": 600}
    with site.desk.begin(SYSTEM) as tx:
        for name, wanted in steps.items():
            stored = [
                {
                    "uid": f"{name}{place}",
                    "kind": "first_reply",
                    "offset": 0,
                    "action": act,
                    "value": value,
                    "since": None,
                }
                for place, (act, value) in enumerate(wanted)
            ]
            tx.session.add(PolicyRow(name=name, targets=targets, conditions={"department": [name]}, steps=stored))
        tx.session.add(PolicyRow(name="All", position=9, targets=targets, conditions={}, steps=[]))
        tx.reference_changed()


def come_due(site: PluginSite, department: str) -> None:
    """Have some tickets whose first reply is over."""
    for _each in range(DUE):
        site.world.ticket(department=department)
    site.work()
    site.clock.advance(minutes=61)


def fill(site: PluginSite, count: int) -> None:
    """Make tickets with a clock each, by copies of one, that are due long after."""
    site.world.ticket()
    site.work()
    with site.desk.read() as session:
        template = session.execute(select(Ticket.__table__).order_by(Ticket.id).limit(1)).mappings().one()
        last = session.scalars(select(Ticket.id).order_by(Ticket.id.desc()).limit(1)).one()
        policy_id = session.scalars(select(PolicyRow.id).where(PolicyRow.name == "All")).one()
    due = site.clock.moment + timedelta(days=30)
    for start in range(0, count, PORTION):
        ids = [last + 1 + start + place for place in range(min(PORTION, count - start))]
        with site.desk.begin(SYSTEM) as tx:
            tx.session.execute(insert(Ticket), [{**template, "id": id, "number": f"b{id}"} for id in ids])
            ends = {id: due + timedelta(seconds=id) for id in ids}
            tx.session.execute(insert(Watched), [_watched(site, id, ends[id], policy_id) for id in ids])
            tx.session.execute(insert(Clock), [_clock(site, id, ends[id]) for id in ids])


def _watched(site: PluginSite, id: int, due: object, policy_id: int) -> dict[str, object]:
    at = site.clock.moment
    same = {"policy_id": policy_id, "calendar_id": None, "seq": 0, "at": at, "is_open": True, "has_reply": False}
    return {"ticket_id": id, "watched_from": at, "next_at": due, "due_at": due, **same}


def _clock(site: PluginSite, id: int, due: object) -> dict[str, object]:
    at = site.clock.moment
    return {
        "ticket_id": id,
        "kind": "resolution",
        "run": 1,
        "is_current": True,
        "state": "running",
        "started_at": at,
        "microseconds": 0,
        "since": at,
        "target": 600,
        "due_at": due,
        "steps_done": [],
    }


def measure(count: int, database: str) -> dict[str, float]:
    """Return what the tick takes with so many clocks, in milliseconds."""
    with (
        tempfile.TemporaryDirectory() as folder,
        temporary_database(database, Path(folder)) as url,
        plugin_site("sla", folder=Path(folder) / "site", url=url) as site,
    ):
        promise(site)
        fill(site, count)
        come_due(site, "warm")
        tick(site.desk)
        site.work()
        idle = statistics.median(timed(lambda: tick(site.desk)) for _round in range(5))
        busy: dict[str, float] = {}
        for kind in ("none", "mail", "change"):
            come_due(site, kind)
            with site.desk.read() as session:
                ids = session.scalars(select(Watched.ticket_id).where(Watched.next_at <= site.desk.now())).all()
            busy[f"due_{kind}_ms"], busy[f"due_{kind}_cpu_ms"] = measured(lambda: tick(site.desk))
            site.work()
            tick(site.desk)
        again = statistics.median(timed(lambda id=id: bring_up(site.desk, id)) for id in ids)  # type: ignore[misc]  # bound here
        actor = site.world.agent()
        refresh_statistics(site.desk.engine)  # as the worker does each day
        with site.desk.read() as session:

            def page() -> object:
                return list_tickets(
                    site.desk, session, actor, TicketFilter(state=("open",)), side="desk", sort="sla.next"
                )

            def late() -> object:
                return count_tickets(site.desk, session, actor, {"late": TicketFilter(x=("sla.target:breached",))})

            listed, counted = (statistics.median(timed(each) for _round in range(5)) for each in (page, late))
        with site.desk.read() as session:
            uid = session.scalars(select(PolicyRow.uid).where(PolicyRow.name == "All")).one()
        changed = PolicyDraft(name="All", targets={"first_reply": "1h", "resolution": "12h"})
        saved = timed(lambda: save_policy(site.desk, SYSTEM, changed, uid))
        _all, looked_at = measured(lambda: tick(site.desk))
    return {
        "clocks": count,
        "idle_ms": idle,
        "due": len(ids),
        **busy,
        "event_ms": again,
        "list_ms": listed,
        "late_ms": counted,
        "saved_ms": saved,
        "all_looked_at_cpu_ms": looked_at,
    }


def opening(database: str) -> dict[str, float]:
    """Return what opening a ticket takes with and without the plugin, and the worker's part of it, in milliseconds."""
    found: dict[str, list[float]] = defaultdict(list)
    with ExitStack() as stack:
        sites = {}
        for name in ("plain", "sla"):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            url = stack.enter_context(temporary_database(database, folder))
            plugins = ("sla",) if name == "sla" else ()
            sites[name] = stack.enter_context(plugin_site(*plugins, folder=folder / "site", url=url))
        with sites["sla"].desk.begin(SYSTEM) as tx:
            tx.session.add(PolicyRow(name="All", targets={"first_reply": 60, "resolution": 600}))
            tx.reference_changed()
        customers = {name: site.world.customer() for name, site in sites.items()}
        for _round in range(OPENED + WARM):
            for name, site in sites.items():
                begin = time.thread_time()
                found[name].append(timed(lambda: site.world.ticket(customers[name])))  # noqa: B023  (called at once)
                found[f"{name}_cpu"].append((time.thread_time() - begin) * 1000)
                found[f"{name}_worker"].append(timed(site.work))
    medians = {f"open_{name}_ms": statistics.median(times[WARM:]) for name, times in found.items()}
    fastest = min(found["sla"][WARM:]) - min(found["plain"][WARM:])  # what no other work on the machine held up
    return {**medians, "fastest_more_ms": fastest}


def choosing() -> float:
    """Return how many policies are tried a second."""
    policies = Policies(
        [
            Policy(
                number,
                str(number),
                {},
                conditions=(Condition("tag", "is", (f"tag{number}",)), Condition("priority", "is", ("high",))),
            )
            for number in range(50)
        ]
    )
    ticket = Properties("support", "normal", tags=frozenset({"tag49"}))
    begin, rounds = time.perf_counter(), 4000
    for _round in range(rounds):
        policies.first_fit(ticket)
    return rounds * 50 / (time.perf_counter() - begin)


def main() -> None:
    """Measure, print, keep."""
    options = argparse.ArgumentParser(description="Measure the plugin for service levels.")
    options.add_argument("counts", nargs="*", type=int, default=[1_000, 10_000, 100_000])
    options.add_argument("--database", default="sqlite", help="sqlite, postgresql or mariadb")
    options.add_argument("--name", help="of the result")
    given = options.parse_args()
    tried, opened = choosing(), opening(given.database)
    ticks = [measure(count, given.database) for count in given.counts]
    print(f"policies tried a second: {tried:,.0f}")
    print(
        f"opening a ticket: {opened['open_sla_ms']:.2f} ms with the plugin, {opened['open_plain_ms']:.2f} without, "
        f"of the processor's time {opened['open_sla_cpu_ms']:.2f} and {opened['open_plain_cpu_ms']:.2f}, "
        f"of the fastest {opened['fastest_more_ms']:.2f} more; "
        f"the worker after it: {opened['open_sla_worker_ms']:.1f} and {opened['open_plain_worker_ms']:.1f} ms"
    )
    for each in ticks:
        print(
            f"{each['clocks']:>7,} clocks: tick {each['idle_ms']:.1f} ms with nothing due, with {each['due']} due "
            f"{each['due_none_ms']:.0f} ms (of the processor's time {each['due_none_cpu_ms']:.0f}), "
            f"with a mail each {each['due_mail_ms']:.0f} ({each['due_mail_cpu_ms']:.0f}), "
            f"with two changes each {each['due_change_ms']:.0f} ({each['due_change_cpu_ms']:.0f}); "
            f"one event {each['event_ms']:.1f} ms; a page by the next target {each['list_ms']:.1f} ms, "
            f"the late ones counted {each['late_ms']:.1f} ms; a policy saved {each['saved_ms']:.0f} ms, "
            f"all clocks looked at after it {each['all_looked_at_cpu_ms'] / 1000:.1f} s of the processor's time"
        )
    if given.name:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{given.name}.json").write_text(
            json.dumps({"policies_per_second": tried, "opening": opened, "ticks": ticks}, indent=1) + "\n"
        )


if __name__ == "__main__":
    main()
