"""What was decided about a mail, step by step, and how it ended."""

from dataclasses import dataclass, field
from typing import Literal

State = Literal["done", "quarantined", "dropped"]


@dataclass
class Decisions:
    """The steps taken so far: the name of each, what came of it, and why; and what the mail said on the way.

    It is written to the mail's row at the end, so that the row is changed once. Results and reasons are sentences:
    lazy ones are said in the language of whoever reads them, plain ones stay as they are.
    """

    steps: list[dict[str, str]] = field(default_factory=list)
    subject: str | None = None
    message_id: str | None = None
    sender: str | None = None
    domain: str | None = None

    def note(self, step: str, result: str, why: str = "") -> None:
        """Add a step."""
        self.steps.append({"step": step, "result": result, **({"why": why} if why else {})})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The end of the way: the state, why (for what is not simply done), and the ticket if there is one.

    A `reason` that is lazy is shown in the reader's language, a plain one as it is.
    """

    state: State
    reason: str | None = None
    ticket_id: int | None = None
    department_id: int | None = None
