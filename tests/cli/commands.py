"""What tests of the command share: how it ended, and the words that make an instance."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

PASSWORD = "a long passphrase"
INIT = (
    "init",
    "--site-url",
    "https://desk.example.com",
    "--admin-email",
    "admin@example.com",
    "--admin-password-stdin",
)


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it has printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, read as JSON."""
        return json.loads(self.out)

    @property
    def complaint(self) -> str:
        """The one line on standard error."""
        lines = self.err.splitlines()
        assert len(lines) == 1, f"not one line: {self.err!r}"
        assert lines[0].startswith("helpdesk: ")
        return lines[0]


Run = Callable[..., Ran]
