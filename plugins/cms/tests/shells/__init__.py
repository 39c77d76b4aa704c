"""What the end-to-end suite asks of a shell: a site that really runs, and what a person does in it.

Each shell has a driver beside this file, a subclass of `Shell`. `conftest.py` starts it once for a run of its tests,
tells the helpdesk its addresses, and does everything else through a browser, or through the methods below where the
systems have ways of their own. The texts it looks for are those of the fragments, and in the shells themselves,
in English:

- a link named "Sign in to support" on the page `account`, there for people who are signed in;
- a button named "Test connection" on the page `settings`, whose answer contains the helpdesk's name;
- a sentence with a link to the helpdesk, and the word "support" in it, where a fragment cannot be shown;
- links named "View ticket" at comments that have become tickets.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

if TYPE_CHECKING:
    from playwright.sync_api import Page

PASSWORD = "four green doors"
"""Of everybody in `Person`, in the site; the helpdesk knows none of it."""

Where = Literal["home", "support", "tickets", "frame", "account", "comments", "dashboard", "settings"]
"""Pages of a site:

- `home`: has nothing but the floating widget, as all of them; it is switched on.
- `support`: a server-rendered fragment that begins with `new`.
- `tickets`: a server-rendered fragment that begins with `tickets`.
- `frame`: a frame element that begins with `new`.
- `account`: the link "Sign in to support".
- `comments`: where visitors see the comments that `comment` writes, and the answers to them.
- `dashboard`: where agents see their tickets, in the system's own administration.
- `settings`: of the shell, for its admin.
"""


class Person(Enum):
    """Who has an account in the site. Their addresses are proved, but that of `UNPROVED`."""

    MEMBER = "member"
    OTHER = "other"
    UNPROVED = "unproved"
    AGENT = "agent"
    """Sees the dashboard and may make tickets of comments; the helpdesk knows them as staff, by their address."""
    ADMIN = "admin"
    """May do everything in the site."""

    @property
    def email(self) -> str:
        """Their address."""
        return f"{self.value}@example.com"

    @property
    def full_name(self) -> str:
        """As people read it."""
        return f"{self.value.capitalize()} Example"


ACCOUNT = {"plan": "Large"}
"""What the account page passes on for everybody who is signed in, by the way the shell has for it."""


@dataclass(frozen=True)
class Link:
    """What an admin types into the shell's settings. `helpdesk` is an address without a slash at the end."""

    helpdesk: str
    site: str
    kid: str
    secret: str
    wait: float = 3.0
    """Seconds."""


class Shell(ABC):
    """A site with the shell in it. Its addresses are known before it starts, since the helpdesk has to know them."""

    name: ClassVar[str]
    """As in `-k wordpress`."""

    folder: Path
    """Empty, and its own."""
    url: str
    """Its origin, without a slash at the end; of this machine."""
    answers_url: str
    """Where the helpdesk sends answers to comments."""
    sign_out_url: str
    """Where the helpdesk sends a browser on that signed out of a session which the site began."""

    @classmethod
    @abstractmethod
    def require(cls) -> None:
        """Skip or fail the test with `helpdesk_core.testing.require` where this machine lacks what the site needs."""

    @abstractmethod
    def __init__(self, folder: Path) -> None:
        """Choose a free port; nothing runs yet."""

    @abstractmethod
    def start(self, link: Link) -> None:
        """Make the site with its pages and everybody in `Person`, link it, serve it, and wait until it answers.

        What it writes goes to files in `folder`.
        """

    @abstractmethod
    def stop(self) -> None:
        """End the processes that `start` began, and remove what lies outside of `folder`; does nothing before it."""

    @abstractmethod
    def configure(self, link: Link) -> None:
        """Link the running site anew. It forgets what it kept, and that the helpdesk did not answer."""

    @abstractmethod
    def url_of(self, where: Where) -> str:
        """Return the whole address of a page."""

    @abstractmethod
    def sign_in(self, page: "Page", person: Person) -> None:
        """Sign in to the site by its own form."""

    @abstractmethod
    def sign_out(self, page: "Page") -> None:
        """Sign out by what a person clicks in the site; afterwards the helpdesk has been told."""

    @abstractmethod
    def comment(self, text: str, *, name: str, email: str) -> str:
        """Write a comment as a visitor whose address nobody proved, publish it, and return its id."""

    @abstractmethod
    def make_ticket(self, page: "Page", comment: str) -> None:
        """Make a ticket of a comment, as whoever is signed in does it; then the page shows "View ticket" at it."""
