"""Playing the conversations through the very services that pages and mail use, with the clock turned back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from helpdesk_core.actor import SYSTEM, Actor
from helpdesk_core.cli.demo.files import upload
from helpdesk_core.cli.demo.people import People
from helpdesk_core.cli.demo.plan import Step, Story
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.tickets.changing import change, move
from helpdesk_core.tickets.conversation import note, reply
from helpdesk_core.tickets.inputs import Change, NewMessage, NewTicket, Requester
from helpdesk_core.tickets.linking import link
from helpdesk_core.tickets.opening import open_ticket
from helpdesk_core.tickets.people import add_participant, follow
from helpdesk_core.tickets.posting import Posted
from helpdesk_core.tickets.rearranging import merge, split
from helpdesk_core.tickets.redacting import redact
from helpdesk_core.users.accounts import deactivate_user

MANAGER: Final = "manager@example.com"


@dataclass
class Clock:
    """The clock of the helpdesk while the demo is made; each reading is later than the one before."""

    moment: datetime
    _ticks: int = 0

    def __call__(self) -> datetime:
        """Return the moment."""
        self._ticks += 1
        return self.moment.replace(microsecond=self._ticks % 1_000_000)


@dataclass
class Player:
    """Does the steps of stories; `notify` lets mails go out."""

    desk: Helpdesk
    people: People
    clock: Clock
    notify: bool = False
    opened: dict[str, list[str]] = field(default_factory=dict)
    """Ticket numbers by conversation."""

    def play(self, story: Story, step: Step) -> None:
        """Let one step happen, at its time."""
        self.clock.moment = step.at
        _PLAYS[step.kind](self, story, step)

    def leave(self, address: str, at: datetime) -> None:
        """Let a colleague go; what they wrote keeps their name."""
        self.clock.moment = at
        deactivate_user(self.desk, SYSTEM, self.people.users[address].uid)

    def actor(self, address: str, channel: str = "web") -> Actor:
        """Return somebody, acting through a channel."""
        return self.people.actors[address].through(channel)

    def customer(self, story: Story) -> Actor:
        """Return who asks; who has called answers by mail."""
        return self.actor(story.customer["address"], "web" if story.channel == "web" else "email")

    def message(self, story: Story, step: Step, status: str | None = None) -> NewMessage:
        """Return what is said in a step."""
        uploads = (upload(step.line.file, story),) if step.line.file else ()
        return NewMessage(text=story.say(step.line.text), uploads=uploads, notify=self.notify, status=status)

    def open(self, story: Story, step: Step, subject: str, text: NewMessage) -> Posted:
        """Open a ticket for the story's customer, through its channel."""
        uid = self.people.users[story.customer["address"]].uid
        new = NewTicket(
            subject=story.say(subject),
            message=text,
            department=story.thread.department,
            type=story.thread.type,
            requester=Requester(uid=uid),
        )
        if story.channel == "web":
            return open_ticket(self.desk, self.customer(story), new)
        if story.channel == "phone":
            return open_ticket(self.desk, self.actor(step.agent, "phone"), new)
        return open_ticket(self.desk, replace(SYSTEM, channel="email"), new)


def _open(player: Player, story: Story, step: Step) -> None:
    posted = player.open(story, step, story.thread.subject, player.message(story, step))
    story.number = posted.ticket.number or ""
    story.messages.append(posted.message.uid)
    player.opened.setdefault(story.thread.key, []).append(story.number)


def _take(player: Player, story: Story, step: Step) -> None:
    actor, thread = player.actor(step.agent), story.thread
    change(player.desk, actor, story.number, Change(assignee=actor.uid, priority=thread.priority, tags=thread.tags))
    if thread.priority == "urgent":
        follow(player.desk, player.actor(MANAGER), story.number)


def _begin(player: Player, story: Story, step: Step) -> None:
    _take(player, story, step)
    change(player.desk, player.actor(step.agent), story.number, Change(status="open"))


def _customer(player: Player, story: Story, step: Step) -> None:
    posted = reply(player.desk, player.customer(story), story.number, player.message(story, step))
    story.number = posted.ticket.number or story.number
    story.messages.append(posted.message.uid)


def _agent(player: Player, story: Story, step: Step) -> None:
    message = player.message(story, step, "resolved" if step.last else None)
    story.messages.append(reply(player.desk, player.actor(step.agent), story.number, message).message.uid)


def _note(player: Player, story: Story, step: Step) -> None:
    author = MANAGER if step.kind == "colleague" else step.agent
    story.messages.append(
        note(player.desk, player.actor(author), story.number, player.message(story, step)).message.uid
    )


def _close(player: Player, story: Story, step: Step) -> None:
    change(player.desk, player.actor(step.agent), story.number, Change(status="closed"))


def _expire(player: Player, story: Story, step: Step) -> None:
    change(player.desk, SYSTEM, story.number, Change(status="closed"))


def _do(player: Player, story: Story, step: Step) -> None:
    before, _, after = story.say(step.line.text).partition(": ")
    _VERBS[step.line.verb](player, story, step, before, after)


def _move(player: Player, story: Story, step: Step, department: str, text: str) -> None:
    move(player.desk, player.actor(step.agent), story.number, department, text)


def _split(player: Player, story: Story, step: Step, place: str, text: str) -> None:
    subject, _, answer = text.partition(" = ")
    actor = player.actor(step.agent)
    new = split(player.desk, actor, story.number, [story.messages[int(place) - 1]], subject)
    reply(player.desk, actor, new.number or "", NewMessage(text=answer, notify=player.notify, status="closed"))


def _twin(player: Player, story: Story, step: Step, subject: str, text: str) -> None:
    twin = player.open(story, step, subject, NewMessage(text=text, notify=player.notify))
    merge(player.desk, player.actor(step.agent), twin.ticket.number or "", story.number)


def _redact(player: Player, story: Story, step: Step, place: str, reason: str) -> None:
    redact(player.desk, player.actor(MANAGER), story.number, story.messages[int(place) - 1], reason)


def _link(player: Player, story: Story, step: Step, key: str, _text: str) -> None:
    first = player.opened[key][0]
    if first != story.number:
        link(player.desk, player.actor(step.agent), story.number, first, "related")


def _cc(player: Player, story: Story, step: Step, address: str, _text: str) -> None:
    add_participant(player.desk, player.actor(step.agent), story.number, "cc", email=address)


def _specialist(player: Player, story: Story, step: Step, address: str, _text: str) -> None:
    uid = player.people.users[address].uid
    add_participant(player.desk, player.actor(step.agent), story.number, "specialist", uid=uid)


def _hold(player: Player, story: Story, step: Step, _before: str, _after: str) -> None:
    change(player.desk, player.actor(step.agent), story.number, Change(status="on-hold"))


_PLAYS: Final[Mapping[str, Callable[[Player, Story, Step], None]]] = {
    "open": _open,
    "take": _take,
    "begin": _begin,
    "customer": _customer,
    "agent": _agent,
    "note": _note,
    "colleague": _note,
    "do": _do,
    "close": _close,
    "expire": _expire,
}
_VERBS: Final[Mapping[str, Callable[[Player, Story, Step, str, str], None]]] = {
    "move": _move,
    "split": _split,
    "twin": _twin,
    "redact": _redact,
    "link": _link,
    "cc": _cc,
    "specialist": _specialist,
    "hold": _hold,
}
