"""Making the demo's instance and filling it."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Final

from sqlalchemy import event, select

import helpdesk_core
from helpdesk_core.actor import SYSTEM
from helpdesk_core.app import open_helpdesk
from helpdesk_core.cli import making
from helpdesk_core.cli.demo.people import LOGINS, People, make_people
from helpdesk_core.cli.demo.plan import plan
from helpdesk_core.cli.demo.playing import Clock, Player
from helpdesk_core.cli.demo.script import Company, company, threads
from helpdesk_core.cli.hooks import demo_filling
from helpdesk_core.clock import utc_now
from helpdesk_core.errors import Conflict
from helpdesk_core.plugins.checks import Unusable, check_distribution
from helpdesk_core.plugins.discovery import discover
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.tickets.filtering import TicketFilter
from helpdesk_core.tickets.models import Ticket, TicketSeen
from helpdesk_core.tickets.searches import save_search

MARK: Final = ".demo"
"""A file that says that a folder holds a demo, and may be thrown away; it is empty until the demo is finished."""
FINISHED: Final = "A demo with sample data; `helpdesk demo --reset` makes it anew.\n"
FOUNDED: Final = timedelta(days=400)
LOUD: Final = timedelta(days=3)
"""What happened within this time before the demo was made sends mails, into files; what was earlier sends none."""


def is_finished(folder: Path) -> bool:
    """Tell whether the folder holds a finished demo."""
    mark = folder / MARK
    return mark.exists() and mark.read_text("utf-8") == FINISHED


def remove(folder: Path) -> None:
    """Throw a demo away, also one that was never finished; `Conflict` if the folder may be something else."""
    if not folder.exists():
        return
    if not (folder / MARK).exists() and any(folder.iterdir()):
        raise Conflict(f"{folder} holds something else than a demo; delete it yourself, or choose another --instance.")
    shutil.rmtree(folder)


def build(folder: Path, url: str, say: Callable[[str], object]) -> None:
    """Make a demo in a folder that is not there yet; `url` is where it will be reached."""
    firm = company()
    folder.mkdir(mode=0o700, parents=True)
    (folder / MARK).touch()
    say("Making a helpdesk with sample tickets; this takes some seconds.")
    making.make_instance(
        folder,
        {
            "site": {"url": url, "name": firm.site},
            "mail": {"transport": "folder", "from_address": "helpdesk@bluefinch.example"},
            "plugins": {"enabled": fitting_plugins()},
        },
    )
    populate(folder, firm, utc_now())
    (folder / MARK).write_text(FINISHED, encoding="utf-8")


def fitting_plugins() -> list[str]:
    """Return the installed plugins that fit this core."""
    found = []
    for plugin in discover().values():
        try:
            check_distribution(plugin, helpdesk_core.__version__)
        except Unusable:
            continue
        found.append(plugin.id)
    return found


def populate(folder: Path, firm: Company, now: datetime) -> None:
    """Fill a new instance with people and three months of tickets that end at `now`."""
    clock = Clock(now - FOUNDED)
    with _opened(folder, clock) as desk:
        desk.core_subscribers.clear()  # nobody is to get mails about what is long past
        making.fill(desk)
        player = Player(desk, make_people(desk, firm), clock)
        agenda = _agenda(firm, player, now)
        recent = next((place for place, (at, _) in enumerate(agenda) if at > now - LOUD), len(agenda))
        for _, happen in agenda[:recent]:
            happen()
    with _opened(folder, clock) as desk:
        player.desk, player.notify = desk, True
        for _, happen in agenda[recent:]:
            happen()
        clock.moment = now
        _add_searches(desk, firm, player.people)
        _mark_seen(desk, player.people, now)
        with desk.begin(SYSTEM) as tx:
            desk.hooks.within(demo_filling, tx=tx)


def _agenda(firm: Company, player: Player, now: datetime) -> list[tuple[datetime, Callable[[], object]]]:
    """Return all that happens, in the order of time: steps of the stories, and colleagues who leave."""
    agenda: list[tuple[datetime, Callable[[], object]]] = [
        (step.at, partial(player.play, story, step)) for story in plan(firm, threads(), now) for step in story.steps
    ]
    agenda += [
        (now - timedelta(days=each["left"]), partial(player.leave, each["address"], now - timedelta(days=each["left"])))
        for each in firm.agents
        if "left" in each
    ]
    return sorted(agenda, key=itemgetter(0))


def _add_searches(desk: Helpdesk, firm: Company, people: People) -> None:
    admin = people.actors["admin@example.com"]
    with desk.begin(admin):
        for each in firm.searches:
            save_search(desk, admin, each["name"], TicketFilter.of(each["query"]), shared=True)


def _mark_seen(desk: Helpdesk, people: People, now: datetime) -> None:
    """Let the accounts of the demo have read what is older than yesterday, so that lists show what is new."""
    with desk.begin(SYSTEM) as tx:
        old = select(Ticket.id, Ticket.updated_at).where(Ticket.updated_at < now - timedelta(days=1))
        for ticket_id, updated_at in tx.session.execute(old).all():
            for address in LOGINS:
                user = people.users[address]
                tx.session.add(TicketSeen(ticket_id=ticket_id, user_id=user.id, seen_at=updated_at))


@contextmanager
def _opened(folder: Path, clock: Clock) -> Iterator[Helpdesk]:
    desk = open_helpdesk(folder, clock=clock)
    try:
        if desk.engine.dialect.name == "sqlite":
            # Not to wait for the disk at each of a thousand commits: what the power takes can be made again.
            event.listen(desk.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
            desk.engine.dispose()
        yield desk
    finally:
        desk.close()
