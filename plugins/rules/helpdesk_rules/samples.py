"""The rules of the demo."""

from typing import Final

from helpdesk_core.api import Actor, Helpdesk
from helpdesk_core.api.automation import Condition

from .keeping import save_rule
from .rules import CLICK, CUSTOMER, OPENED, TIME, Act, Rule

WAITING: Final = (
    Condition("state", "is", ("waiting",)),
    Condition("waiting_on", "is", ("customer",)),
)
SAMPLES: Final = (
    Rule(
        name="Outages first",
        triggers=(OPENED, CUSTOMER),
        match="any",
        conditions=(
            Condition("subject", "has", ("down", "outage", "offline", "недоступен")),
            Condition("message", "has", ("website is down", "server is down")),
        ),
        actions=(Act("priority", "urgent"), Act("tag", "outage")),
    ),
    Rule(
        name="Share new tickets",
        triggers=(OPENED,),
        conditions=(Condition("assignee", "is_unset"),),
        actions=(Act("share", "least loaded"),),
        is_active=False,
    ),
    Rule(
        name="Ask again after five days",
        triggers=(TIME,),
        conditions=(*WAITING, Condition("last_agent_at", "over", ("5d",)), Condition("tag", "is_not", ("closing",))),
        actions=(
            Act("reply", "Did our answer help? Without a word from you, we close ticket {number} in two days."),
            Act("tag", "closing"),
        ),
        is_active=False,  # else it would write to all that wait in the demo at once
    ),
    Rule(
        name="Close what nobody answers",
        triggers=(TIME,),
        conditions=(*WAITING, Condition("last_agent_at", "over", ("2d",)), Condition("tag", "is", ("closing",))),
        actions=(Act("close", "We close ticket {number}. An answer opens it again."), Act("untag", "closing")),
    ),
    Rule(
        name="Ask for a specialist",
        triggers=(CLICK,),
        actions=(Act("priority", "high"), Act("note", "A specialist is needed here."), Act("notify", "manager")),
    ),
)


def fill(desk: Helpdesk, actor: Actor) -> None:
    """Keep the rules of the demo."""
    for each in SAMPLES:
        save_rule(desk, actor, each)
