"""A fragment for a page, whatever happens: fresh, kept, or a polite link when the helpdesk does not answer."""

import hashlib
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from helpdesk_shell.client import Away, Client, Fragment, Refused, Upload, UploadTooSlow
from helpdesk_shell.kept import Kept
from helpdesk_shell.settings import Settings
from helpdesk_shell.tokens import Person

log = logging.getLogger("helpdesk_shell")

Answered = TypeVar("Answered")
FAILURES, PAUSE = 3, 30
"""After so many failures in a row the helpdesk is left alone for so many seconds."""
REMEMBERED = 600
"""Seconds for which failures count as being in a row."""
FOR_PEOPLE = frozenset({403, 404, 413, 422, 429})
"""Statuses whose sentence is for who filled the form in; others are faults of the site's own settings."""
KEPT_FOR = 86_400
"""Seconds for which a fragment is kept for the time when the helpdesk is away."""


@dataclass(frozen=True)
class Shown:
    """What to show: a fragment, or None for the link to the helpdesk at `url`.

    `stale` says that it is an old one; `problem` is the helpdesk's own sentence when it does not take a form.
    """

    fragment: Fragment | None
    url: str
    stale: bool = False
    problem: str = ""


class Shell:
    """The helpdesk for one person on one site. `visitor` tells visitors apart whom the site knows by a session."""

    def __init__(
        self,
        settings: Settings,
        kept: Kept,
        person: Person | None,
        *,
        visitor: str = "",
        locale: str = "",
        ip: str = "",
    ) -> None:
        self.settings, self.kept = settings, kept
        self.client = Client(settings, person, locale=locale, ip=ip)
        self._place = _mark(settings.url)
        who = person.mark if person else (f"visitor {visitor}" if visitor else "")
        self._who = f"{settings.url} {settings.site} {who} {locale}" if who else ""

    def show(self, path: str, page: str) -> Shown:
        """Return a piece of a page, asking the helpdesk only if what is kept is too old."""
        key = self._key(path, page)
        kept = self.kept.get(key) if key else None
        if kept and kept["until"] > time.time():
            return self._shown(Fragment(**kept["fragment"]), path)
        try:
            fragment = self._guarded(lambda: self.client.fragment(path, page))
        except Away:
            old = Fragment(**kept["fragment"]) if kept else None
            return self._shown(old, path, stale=old is not None)
        except Refused as error:
            log.warning("The helpdesk refused a fragment: %s", error)
            return self._shown(None, path)
        if key and fragment.max_age and fragment.status == 200:
            entry = {"until": time.time() + fragment.max_age, "fragment": asdict(fragment)}
            self.kept.set(key, entry, KEPT_FOR)
        return self._shown(fragment, path)

    def submit(
        self, path: str, page: str, fields: "Sequence[tuple[str, str]]", uploads: Sequence[Upload] = ()
    ) -> Shown:
        """Hand on a form; what was kept for the person is forgotten. No fragment: it did not arrive."""
        try:
            fragment = self._guarded(lambda: self.client.submit(path, page, fields, uploads))
        except Away:
            return self._shown(None, path)
        except Refused as error:
            log.warning("The helpdesk refused a form: %s", error)
            problem = str(error) if error.status in FOR_PEOPLE else ""
            return Shown(None, link_to(self.settings, path), problem=problem)
        if self._who:
            self.kept.set(self._turn_key(), str(time.time_ns()), KEPT_FOR)
        return self._shown(fragment, path)

    def dashboard(self) -> "dict[str, Any] | None":
        """Return the agent's dashboard, None when there is none to see now."""
        try:
            return self._guarded(self.client.dashboard)
        except (Away, Refused) as error:
            log.info("No dashboard: %s", error)
            return None

    @property
    def in_doubt(self) -> bool:
        """Tell whether the helpdesk has just failed: then browsers are not sent there for scripts either."""
        return bool(self.kept.get(self._doubt_key()))

    def sign_out(self, sid: str = "") -> None:
        """End the person's sessions in the helpdesk, if it answers; the site's own log-out goes on in any case."""
        try:
            self._guarded(lambda: self.client.sign_out(sid))
        except (Away, Refused) as error:
            log.warning("Sessions in the helpdesk were not ended: %s", error)

    def _guarded(self, ask: Callable[[], Answered]) -> Answered:
        """Ask, unless the helpdesk has failed three times in a row and half a minute has not passed."""
        failures, pause = f"helpdesk-failures-{self._place}", f"helpdesk-pause-{self._place}"
        if self.kept.get(pause):
            raise Away("The helpdesk did not answer three times in a row; it is asked again in half a minute.")
        try:
            answer = ask()
        except UploadTooSlow as error:
            log.warning("A form did not arrive: %s", error)
            raise
        except Away as error:
            log.warning("The helpdesk is away: %s", error)
            count = int(self.kept.get(failures) or 0) + 1
            self.kept.set(failures, count, REMEMBERED)
            self.kept.set(self._doubt_key(), 1, PAUSE)
            if count >= FAILURES:
                self.kept.set(pause, 1, PAUSE)
            raise
        if self.kept.get(failures):
            self.kept.delete(failures)
            self.kept.delete(self._doubt_key())
        return answer

    def _shown(self, fragment: Fragment | None, path: str, stale: bool = False) -> Shown:
        return Shown(fragment, link_to(self.settings, path), stale)

    def _key(self, path: str, page: str) -> str:
        if not self._who:
            return ""  # a visitor of whom nothing tells them from others: nothing is kept
        turn = self.kept.get(self._turn_key()) or ""
        return f"helpdesk-fragment-{_mark(f'{self._who} {turn} {path} {page}')}"

    def _doubt_key(self) -> str:
        return f"helpdesk-doubt-{self._place}"

    def _turn_key(self) -> str:
        return f"helpdesk-turn-{_mark(self._who)}"


def link_to(settings: Settings, path: str) -> str:
    """Return where the same thing is to be had in the helpdesk itself."""
    first, _, rest = path.partition("?")[0].partition("/")
    if first == "tickets":
        return f"{settings.url}/tickets/{rest}" if rest.isalnum() else f"{settings.url}/tickets"
    return f"{settings.url}/tickets/new" if first == "new" else f"{settings.url}/"


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:40]
