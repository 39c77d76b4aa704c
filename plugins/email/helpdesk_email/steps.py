"""The steps of a mail as places where other plugins take part."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from .decisions import Ended
from .reading import Mail

log = logging.getLogger(__name__)

STEPS: Final = (
    *("decode", "identity", "loop?", "blocked?", "automatic?", "match"),
    *("undelivered", "route", "spam?", "rules", "strip", "hint", "create"),
)
"""In the order in which a mail takes them; not every mail takes all. `undelivered`, `hint` and `create` tell what was
done, so nothing ends there any more."""
OVER: Final = frozenset({"undelivered", "hint", "create"})


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that a mail has just taken: what came of it and why, as the flight recorder has it; and the mail itself.

    `uid` is that of the received mail, `sender` the address it is from, once that is known. `session` is for reading,
    in the unit of work that also files the mail.
    """

    step: str
    result: str
    why: str
    uid: str
    mail: Mail
    sender: str | None
    session: Session


StepHook = Callable[[Taken], Ended | None]
"""Looks at a step. Returns None to let the mail go on, or how it ends instead: `Ended(state="quarantined", reason=…)`
or `Ended(state="dropped", reason=…)`."""


class StepHooks:
    """What other plugins have to say at each step: `gateway.steps.add("match", function)`."""

    def __init__(self) -> None:
        self._hooks: dict[str, list[StepHook]] = {}

    def add(self, step: str, hook: StepHook) -> None:
        """Have the function called whenever a mail has taken the step; `ValueError` for a step that there is not."""
        if step not in STEPS:
            raise ValueError(f"There is no step {step!r}. The steps are {', '.join(STEPS)}.")
        self._hooks.setdefault(step, []).append(hook)

    def ask(self, taken: Taken) -> Ended | None:
        """Return how the mail ends by the first function that says so; what a broken one did is undone and logged."""
        for hook in self._hooks.get(taken.step, ()):
            try:
                with taken.session.begin_nested():
                    ended = hook(taken)
            except DBAPIError:
                raise  # the unit of work may be lost; it is done again
            except Exception:  # somebody else's code: the mail goes on as if it had said nothing
                log.exception("what another plugin does at the step %s of mails has failed", taken.step)
                continue
            if isinstance(ended, Ended) and ended.state != "done" and taken.step not in OVER:
                return ended
        return None
