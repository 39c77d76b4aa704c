"""Questions of a hosting company, for the demo."""

from pathlib import Path
from typing import Final

from helpdesk_core.api import SYSTEM, Helpdesk, Transaction

from .. import transfer

FILE: Final = Path(__file__).parent / "hosting.toml"


def fill(desk: Helpdesk, _tx: Transaction) -> None:
    """Take in the sets, in five languages."""
    transfer.take_in(desk, SYSTEM, FILE.read_text("utf-8"))
