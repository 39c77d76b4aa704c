"""A name with an address, as mails show it."""

import re
from dataclasses import dataclass
from typing import Self

from helpdesk_core.errors import Invalid
from helpdesk_core.users.addresses import normalise

_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Somebody's name (perhaps empty) and address; written as `Name <address>`, in whatever script."""

    name: str
    address: str

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name else self.address

    @classmethod
    def of(cls, name: str, address: str) -> Self:
        """Return a mailbox that is safe to write into a header; `Invalid` when the address is none."""
        return cls(one_line(name.replace("<", " ").replace(">", " ")), normalise(address))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `str` has written."""
        name, bracket, address = text.removesuffix(">").rpartition(" <")
        return cls.of(name, address) if bracket else cls.of("", text.removeprefix("<").removesuffix(">"))


def one_line(text: str) -> str:
    """Return the text without line ends, control and direction characters, white space folded."""
    return " ".join(_INVISIBLE.sub(" ", text).split())


def addresses(texts: list[str]) -> list[str]:
    """Return the bare addresses of written mailboxes, each once."""
    return list(dict.fromkeys(Mailbox.parse(text).address for text in texts)) if texts else []


def is_address(address: str | None) -> bool:
    """Tell whether a mail could be sent there, as far as one can see."""
    if not address:
        return False
    try:
        normalise(address)
    except Invalid:
        return False
    return True
