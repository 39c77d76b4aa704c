"""Small specs, one per style, and what the tests of hooks share."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from helpdesk_core.hooks import Hooks, Limits, hookspec

QUICK = Limits(
    collect=0.15, render=0.15, within=0.15, pick=0.15, refine=0.15, veto=0.15, after=0.15, startup=0.15, slow=0.05
)
"""Deadlines short enough to wait for."""


@dataclass(frozen=True)
class Ticket:
    subject: str = "Server down"


class Opened:
    pass


class OpenedByMail(Opened):
    pass


class Closed:
    pass


@dataclass
class Tx:
    """A unit of work in memory: rows, and savepoints that take them back."""

    rows: list[str] = field(default_factory=list)
    story: list[str] = field(default_factory=list)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        before = list(self.rows)
        self.story.append("begin")
        try:
            yield
        except BaseException:
            self.rows[:] = before
            self.story.append("rollback")
            raise
        self.story.append("release")


@hookspec.collect(since="0.1")
def actions(ticket: Ticket, actor: str) -> list[str]:
    """Offer actions on a ticket."""


@hookspec.collect(since="0.1", when="startup")
def channels() -> list[str]:
    """Name the channels that a plugin brings."""


@hookspec.pick(since="0.1")
def route(subject: str) -> int | None:
    """Choose a department by subject."""


@hookspec.refine(since="0.1", refines="body")
def refine_body(ticket: Ticket, body: str) -> str:
    """Change a message before it is stored."""


@hookspec.veto(since="0.1")
def check_reply(body: str) -> list[str]:
    """Object to a reply."""


@hookspec.veto(since="0.1", fail_closed=True)
def check_sign_in(address: str) -> list[str]:
    """Object to a sign-in."""


@hookspec.within(since="0.1")
def on_opening(tx: Tx, ticket: Ticket) -> None:
    """Write beside a new ticket."""


@hookspec.after(since="0.1", event=Opened)
def opened(event: Opened) -> None:
    """Learn of a new ticket."""


@hookspec.after(since="0.1", any_event=True)
def anything(event: object) -> None:
    """Learn of everything."""


@hookspec.render(since="0.1")
def panel(ticket: Ticket) -> str | None:
    """Show something beside a ticket."""


def hooks_of(*plugins: object, limits: Limits = QUICK) -> Hooks:
    """Return hooks with plugins registered as `p1`, `p2`, … in that order."""
    hooks = Hooks(limits=limits)
    for number, plugin in enumerate(plugins, 1):
        hooks.register(plugin, f"p{number}")
    return hooks
