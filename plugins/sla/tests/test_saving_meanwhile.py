"""A policy that is saved in the very moment in which clocks catch up: no ticket keeps what was agreed before."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import update

from helpdesk_core.api import SYSTEM
from helpdesk_core.api.tickets import move
from helpdesk_core.testing.plugins import PluginSite
from helpdesk_sla import agreeing, keeping
from helpdesk_sla.agreeing import PolicyDraft, all_policies, save_policy
from helpdesk_sla.keeping import bring_up
from helpdesk_sla.models import Watched
from helpdesk_sla.ticking import tick

from .sla_scenes import clocks, ticket_id, watched

HOLD_UP = 0.5
"""Seconds that somebody who does not have to wait for the other one has to get done."""
CatchUp = Callable[[PluginSite, str], Any]


def agree(site: PluginSite, hours: int) -> None:
    """Promise something of tickets for sales, or change what is promised of them."""
    with site.desk.read() as session:
        uid = next((each.uid for each in all_policies(session)), None)
    typed = PolicyDraft(name="Sales", conditions={"department": ["sales"]}, targets={"resolution": f"{hours}h"})
    save_policy(site.desk, SYSTEM, typed, uid)


def new_ticket(site: PluginSite) -> str:
    return site.world.ticket(department="sales").ticket.number or ""


def moved_ticket(site: PluginSite) -> str:
    """Return a ticket that no policy fitted until now."""
    number = site.world.ticket(department="abuse").ticket.number or ""
    site.work()
    assert watched(site, number).policy_id is None
    move(site.desk, SYSTEM, number, "sales")
    return number


def looked_at_ticket(site: PluginSite) -> str:
    """Return one that has moved too, and is to be looked at by the job of every minute."""
    number = moved_ticket(site)
    with site.desk.begin(SYSTEM) as tx:
        tx.session.execute(update(Watched).values(edited_at=tx.now))
    return number


def hear_of(site: PluginSite, number: str) -> None:
    bring_up(site.desk, ticket_id(site, number))


def look_at(site: PluginSite, _number: str) -> None:
    tick(site.desk)


WAYS = pytest.mark.parametrize(
    ("ticket", "catch_up"),
    [(new_ticket, hear_of), (moved_ticket, hear_of), (looked_at_ticket, look_at)],
)


@pytest.fixture
def sales(site: PluginSite) -> PluginSite:
    """A helpdesk that promises to resolve tickets for sales within eight hours."""
    site.world.department("sales")
    site.world.department("abuse")
    agree(site, 8)
    return site


class Meanwhile:
    """Somebody else, on a connection of their own, who begins in the middle of a function."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, module: Any, name: str, *, before: bool) -> None:
        self.act: Callable[[], object] | None = None
        self._threads: list[threading.Thread] = []
        found = getattr(module, name)

        def interrupted(*given: Any, **named: Any) -> Any:
            if before:
                self._begin()
            done = found(*given, **named)
            if not before:
                self._begin()
            return done

        monkeypatch.setattr(module, name, interrupted)

    def _begin(self) -> None:
        act, self.act = self.act, None
        if act is not None:
            self._threads.append(threading.Thread(target=act))
            self._threads[0].start()
            self._threads[0].join(HOLD_UP)

    def end(self) -> None:
        """Wait until they are done, which they began to be."""
        [thread] = self._threads
        thread.join(60)
        assert not thread.is_alive()


def stands_by(site: PluginSite, number: str) -> int | None:
    """Return the hours of the target after the next minute, in which nothing is heard of the ticket."""
    tick(site.desk)
    minutes = clocks(site, number)["resolution"].target
    return minutes and minutes // 60


@WAYS
def test_what_is_saved_while_clocks_catch_up_with_what_was_agreed_before_counts(
    sales: PluginSite, monkeypatch: pytest.MonkeyPatch, ticket: Callable[[PluginSite], str], catch_up: CatchUp
) -> None:
    number = ticket(sales)
    meanwhile = Meanwhile(monkeypatch, keeping, "_run_through", before=True)
    meanwhile.act = lambda: agree(sales, 2)
    catch_up(sales, number)
    meanwhile.end()
    assert stands_by(sales, number) == 2


@WAYS
def test_clocks_that_catch_up_before_what_is_saved_is_committed_go_by_it(
    sales: PluginSite, monkeypatch: pytest.MonkeyPatch, ticket: Callable[[PluginSite], str], catch_up: CatchUp
) -> None:
    number = ticket(sales)
    meanwhile = Meanwhile(monkeypatch, agreeing, "look_again", before=False)
    meanwhile.act = lambda: catch_up(sales, number)
    agree(sales, 2)
    meanwhile.end()
    assert stands_by(sales, number) == 2


def test_a_ticket_that_nobody_saved_in_between_is_looked_at_once(sales: PluginSite) -> None:
    number = new_ticket(sales)
    hear_of(sales, number)
    assert watched(sales, number).edited_at is None
    assert tick(sales.desk) == 0
