"""When what happens: the conversations, laid out over the three months that end now."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from helpdesk_core.cli.demo.script import Company, Line, Thread

DAYS: Final = 90
RECENT: Final = 1.6
"""How much fuller the last days are than the first ones; 1 is evenly."""
CHANNELS: Final = ("email", "email", "email", "web", "web", "web", "phone")
OPENS, CLOSES = 8, 18
"""Office hours, in UTC: the company sits in Europe."""
UNFINISHED: Final = timedelta(days=24)
"""Half of the conversations that began within this time have come to a halt in between, so that there is work to do."""


@dataclass(frozen=True)
class Step:
    """Something that happens to a ticket at a moment; `last` ends the conversation."""

    at: datetime
    kind: str
    line: Line
    agent: str
    last: bool = False


@dataclass
class Story:
    """One ticket's life: who asks, who answers, and the steps in order. The number is known once it is opened."""

    thread: Thread
    customer: dict[str, Any]
    channel: str
    facts: dict[str, str]
    steps: list[Step] = field(default_factory=list)
    number: str = ""
    messages: list[str] = field(default_factory=list)

    def say(self, text: str) -> str:
        """Return the text with this story's facts in their places."""
        return text.format_map(self.facts)


def plan(company: Company, threads: Sequence[Thread], now: datetime, seed: int = 1) -> list[Story]:
    """Return all stories; steps that would lie in the future are left out, so that recent tickets are unfinished."""
    uses = [(thread, use) for thread in threads for use in range(thread.times)]
    random.Random(seed).shuffle(uses)  # noqa: S311 - the same demo every time
    stories = []
    for place, (thread, use) in enumerate(uses):
        chance = random.Random(f"{seed} {thread.key} {use}")  # noqa: S311 - as above
        age = timedelta(days=thread.cluster or DAYS * ((place + 0.5) / len(uses)) ** RECENT)
        opened = _evening(now - age, chance)
        if thread.cluster:
            opened = (now - age).replace(hour=10, minute=2) + timedelta(minutes=7 * use)
        story = Story(thread, _customer(company, thread, use, chance), thread.channel or chance.choice(CHANNELS), {})
        story.facts = _facts(story, use, chance)
        story.steps = [step for step in _steps(company, story, opened, now, chance) if step.at <= now]
        stories.append(story)
    return stories


def _steps(company: Company, story: Story, opened: datetime, now: datetime, chance: random.Random) -> list[Step]:
    lines, department = story.thread.lines, story.thread.department
    halted = not story.thread.cluster and now - opened < UNFINISHED and chance.random() < 0.6
    if halted:
        answered = next(place for place, line in enumerate(lines) if line.kind == "agent")
        lines = lines[: chance.choice((1, *range(answered + 1, len(lines) + 1)))]
    agent = _agent(company, story.thread, department, (now - opened).days, chance)
    ends = max(place for place, line in enumerate(lines) if line.kind != "do" or line.verb == "hold")
    urgent = story.thread.priority == "urgent"
    steps = [Step(opened, "open", lines[0], agent)]
    at, taken = opened, False
    for place, line in enumerate(lines[1:], start=1):
        at = _next(at, line, chance, urgent=urgent, first=not taken)
        if not taken and line.kind != "customer" and line.verb != "twin":
            steps.append(Step(at - timedelta(minutes=3), "take", line, agent))
            taken = True
        steps.append(Step(at, line.kind, line, agent, last=place == ends and not halted))
        if line.verb == "move":
            department = line.text.partition(":")[0]
            agent = _agent(company, story.thread, department, (now - at).days, chance)
            steps.append(Step(at + timedelta(minutes=20), "take", line, agent))
            at += timedelta(minutes=25)
    last = lines[ends]
    if halted:
        begun = Step(_office(at + timedelta(minutes=40)), "begin", lines[0], agent)
        return steps if len(lines) > 1 else [*steps, begun]
    if last.kind == "customer" and len(lines) > 1:
        at = _office(at + timedelta(minutes=chance.randint(15, 240)))
        steps.append(Step(at, "close", last, agent))
    elif last.verb != "hold":
        steps.append(Step(at + timedelta(days=chance.randint(6, 12)), "expire", last, agent))
    return steps


def _next(at: datetime, line: Line, chance: random.Random, *, urgent: bool, first: bool) -> datetime:
    """Return when the next line falls: agents answer in office hours, urgent things at once."""
    if line.kind in ("note", "colleague", "do"):
        after = at + timedelta(minutes=chance.randint(4, 40))
        return after if urgent or not first else _office(after)
    if line.kind == "customer":
        return _morning(at + timedelta(minutes=chance.choice((12, 35, 90, 200, 600, 1500))))
    if urgent:
        return at + timedelta(minutes=chance.randint(6, 50))
    return _office(at + timedelta(minutes=chance.choice((20, 45, 80, 150, 300, 900))))


def _office(at: datetime) -> datetime:
    """Return the moment, or the next working morning."""
    if at.hour >= CLOSES:
        at = (at + timedelta(days=1)).replace(hour=OPENS, minute=at.minute)
    elif at.hour < OPENS:
        at = at.replace(hour=OPENS)
    while at.weekday() > 4:
        at += timedelta(days=1)
    return at


def _evening(at: datetime, chance: random.Random) -> datetime:
    """Return the moment, or one of the evening before if it is night."""
    return at if 6 <= at.hour < 22 else at - timedelta(hours=chance.randint(8, 11))


def _morning(at: datetime) -> datetime:
    """Return the moment, or one of the next morning if it is night."""
    return at if 6 <= at.hour < 22 else at + timedelta(hours=9)


def _agent(company: Company, thread: Thread, department: str, age: int, chance: random.Random) -> str:
    """Return the address of who answers: somebody of the department, with the customer's language if there is one."""
    there = [each for each in company.agents if department in each.get("agent", ()) and each.get("left", 0) + 14 <= age]
    there = there or [each for each in company.agents if department in each.get("agent", ()) and "left" not in each]
    speaking = [each for each in there if each["locale"] == thread.language and thread.language != "en"]
    # Who looks around as the agent of the demo is to find work of their own.
    own = 12 if age < UNFINISHED.days else 4
    weights = [own if each.get("account") else 2 if "left" in each else 1 for each in speaking or there]
    chosen: str = chance.choices(speaking or there, weights)[0]["address"]
    return chosen


def _customer(company: Company, thread: Thread, use: int, chance: random.Random) -> dict[str, Any]:
    if thread.by:
        return next(each for each in company.customers if each["address"] == thread.by)
    reporters = {"cert-observatory.example", "spamwatch.example"}
    fitting = [
        each
        for each in company.customers
        if each["locale"] == thread.language
        and each["site"] not in reporters
        and (not thread.of or each.get("of") == thread.of)
    ]
    others = fitting[1:] if len(fitting) > thread.times else fitting
    if use == 0 and not thread.of and thread.language == "en" and chance.random() < 0.6:
        return fitting[0]  # the demo's own customer has many
    return others[(use + sum(map(ord, thread.key))) % len(others)]


def _facts(story: Story, use: int, chance: random.Random) -> dict[str, str]:
    name = story.customer["name"]
    formal = story.thread.language in ("de", "hr")
    number = chance.randint(1000, 9999)
    return {
        "name": name if formal else name.split()[0],
        "domain": story.customer["site"],
        "server": f"web{chance.randint(2, 19):02}",
        "invoice": f"BF-2026-{number:05}",
        "amount": f"€ {chance.choice((14, 29, 49, 89, 240))}.00",
        "login": story.customer["site"].split(".")[0].replace("-", "")[:12],
        "n": str(chance.randint(4, 250)),
    }
