"""Sources: making, changing and removing them, and asking one."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk_core.api import Actor, Helpdesk
from helpdesk_core.api.db import new_uid
from helpdesk_core.api.errors import Conflict, Invalid, NotFound, Unavailable
from helpdesk_core.api.outgoing import AddressRefused, NoReply, check_url
from helpdesk_core.api.services import Customer, Service, ServiceSource, forget_source
from helpdesk_core.api.settings import CannotOpen, Seal
from helpdesk_core.api.tickets import clean_line
from helpdesk_core.api.users import require_everywhere

from .events import SourceChanged
from .kinds import KINDS
from .kinds.base import Entry, Found, Kind, Wanted, Way, refuse_plain
from .models import Source, TicketService
from .texts import lazy

ID: Final = "services"
MANAGE: Final = "services.manage"
MOST: Final = 20
LONGEST: Final = 4000


@dataclass(frozen=True, kw_only=True)
class SourceDraft:
    """A source as it is entered; a secret that is left empty stays what it was."""

    name: str
    kind: str
    found_by: str = ""
    is_active: bool = True
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Known:
    """A source as it is remembered."""

    uid: str
    key: str
    name: str
    kind: str
    found_by: str
    settings: Mapping[str, str]
    secrets: str


def all_sources(session: Session) -> Sequence[Source]:
    """Return the sources in order."""
    return session.scalars(select(Source).order_by(Source.position, Source.id)).all()


def find_source(session: Session, uid: str, *, lock: bool = False) -> Source:
    """Return the source with that uid; `NotFound` if there is none."""
    query = select(Source).where(Source.uid == uid)
    row = session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise NotFound(lazy("There is no such source."))
    return row


def known_sources(desk: Helpdesk, session: Session, generation: int | None = None) -> Sequence[Known]:
    """Return the sources that are in use, remembered until one changes."""

    def load(session: Session) -> Sequence[Known]:
        return [_known(each) for each in all_sources(session) if each.is_active and each.kind in KINDS]

    return desk.remember(session, (ID, "sources"), load, generation)


def _known(row: Source) -> Known:
    return Known(row.uid, row.key, row.name, row.kind, row.found_by, dict(row.settings), row.secrets)


class Asker:
    """Asks sources; one for a plugin, since kinds remember files that they have read."""

    def __init__(self, desk: Helpdesk) -> None:
        self._desk = desk
        self._keep: dict[Any, Any] = {}

    def for_customer(self, customer: Customer) -> list[ServiceSource]:
        """Return the sources that may know this customer, for core to ask."""
        with self._desk.read() as session:
            known = known_sources(self._desk, session)
        found = []
        for source in known:
            number = customer.facts.get(source.found_by, "") if source.found_by else ""
            if source.found_by and not number:
                continue
            wanted = Wanted(addresses=() if number else tuple(customer.addresses), number=number)
            found.append(ServiceSource(key=source.key, name=source.name, fetch=self._fetch(source, wanted)))
        return found

    def _fetch(self, source: Known, wanted: Wanted) -> Any:
        def fetch() -> Sequence[Service]:
            return self.ask(source, wanted).services

        return fetch

    def ask(self, source: Known, wanted: Wanted) -> Found:
        """Ask one source now; raises a `HelpdeskError` with the reason if it cannot be asked."""
        rules = self._desk.settings.effective(ID).values
        way = Way(
            allowed=tuple(rules["allowed"]),
            timeout=rules["timeout"].total_seconds(),
            instance=self._desk.config.instance,
            keep=self._keep,
        )
        try:
            secrets = Seal(self._desk.secret).open(ID, source.uid, source.secrets)
        except CannotOpen:
            raise Unavailable(
                lazy("The secrets were sealed with another secret key of the site. Enter them again.")
            ) from None
        return KINDS[source.kind].ask(way, {**source.settings, **secrets}, wanted)


def trial(desk: Helpdesk, asker: Asker, actor: Actor, uid: str, wanted: Wanted) -> Found:
    """Ask a source for somebody, to see whether it works; services are cut to what is kept of them, as in earnest."""
    require_everywhere(actor, MANAGE)
    with desk.read() as session:
        known = _known(find_source(session, uid))
    if known.kind not in KINDS:
        raise Conflict(lazy("This version knows no sources of the kind “%(kind)s”.", kind=known.kind))
    found = asker.ask(known, wanted)
    return replace(found, services=[Service.of(each.as_json()) for each in found.services])


def make(desk: Helpdesk, actor: Actor, draft: SourceDraft) -> Source:
    """Make a source; `Invalid` names every mistake by field."""
    require_everywhere(actor, MANAGE)
    plain, secrets = _checked(desk, draft, {})
    with desk.begin(actor) as tx:
        taken = set(tx.session.scalars(select(Source.key)))
        if len(taken) >= MOST:
            raise Invalid({"name": [lazy("There are %(most)s sources already. Remove one.", most=MOST)]})
        last = tx.session.scalar(select(func.max(Source.position))) or 0
        row = Source(uid=new_uid(), key=_key(tx.session, draft.name, taken), kind=draft.kind, position=last + 1)
        _fill(desk, row, draft, plain, secrets)
        row.updated_at = tx.now
        tx.session.add(row)
        tx.record(SourceChanged(source=row.uid, name=row.name, what="made"))
        tx.reference_changed()
    return row


def change(desk: Helpdesk, actor: Actor, uid: str, draft: SourceDraft) -> Source:
    """Change a source; its kind stays, and so do secrets that are left empty, unless they would go elsewhere."""
    require_everywhere(actor, MANAGE)
    with desk.read() as session:
        row = find_source(session, uid)
        before = _secrets(desk, row)
    again: Sequence[str] = ()
    if _host(row.settings) != _host(draft.settings):
        before, again = {}, list(before)
    plain, secrets = _checked(desk, draft, before, again)
    with desk.begin(actor) as tx:
        row = find_source(tx.session, uid, lock=True)
        _fill(desk, row, draft, plain, secrets)
        row.updated_at = tx.now
        forget_source(tx, f"{ID}.{row.key}")
        tx.record(SourceChanged(source=row.uid, name=row.name, what="changed"))
        tx.reference_changed()
    return row


def remove(desk: Helpdesk, actor: Actor, uid: str) -> None:
    """Remove a source; tickets keep what they are about."""
    require_everywhere(actor, MANAGE)
    with desk.begin(actor) as tx:
        row = find_source(tx.session, uid, lock=True)
        tx.record(SourceChanged(source=row.uid, name=row.name, what="removed"))
        forget_source(tx, f"{ID}.{row.key}")
        tx.session.delete(row)
        tx.reference_changed()


def _secrets(desk: Helpdesk, row: Source) -> dict[str, str]:
    try:
        found: dict[str, str] = Seal(desk.secret).open(ID, row.uid, row.secrets)
    except CannotOpen:  # they have to be entered again, which is how to get on
        return {}
    return found


def _fill(desk: Helpdesk, row: Source, draft: SourceDraft, plain: dict[str, str], secrets: dict[str, str]) -> None:
    row.name, row.found_by, row.is_active = clean_line(draft.name), clean_line(draft.found_by), draft.is_active
    row.settings = plain
    row.secrets = Seal(desk.secret).close(ID, row.uid, secrets)


def _checked(
    desk: Helpdesk, draft: SourceDraft, before: Mapping[str, str], again: Sequence[str] = ()
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the settings that were entered, plain and secret; those of `before` stay, those of `again` are needed."""
    problems: dict[str, list[str]] = {}
    if not 1 <= len(clean_line(draft.name)) <= 120:
        problems["name"] = [lazy("Write a name of 1 to %(most)s characters.", most=120)]
    if draft.found_by.strip() and not re.fullmatch(r"[a-z][a-z0-9_]*\.[^\s]{1,100}", draft.found_by.strip()):
        problems["found_by"] = [lazy("Write the name of a fact, such as cms.customer_number, or nothing.")]
    kind = KINDS.get(draft.kind)
    if kind is None:
        raise Invalid({**problems, "kind": [lazy("Choose a kind from the list.")]})
    values = {each.name: draft.settings.get(each.name, "").strip() for each in kind.entries}
    values |= {name: before[name] for name in kind.secrets if not values[name] and name in before}
    for entry in kind.entries:
        if problem := _problem(desk, entry, values[entry.name]):
            problems[f"settings.{entry.name}"] = [problem]
    for name in again:
        if name in values and not values[name]:
            problems[f"settings.{name}"] = [lazy("Enter it again: the address is another, and it would be sent there.")]
    if problems:
        raise Invalid(problems)
    return _parted(kind, values)


def _parted(kind: Kind, values: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    plain = {name: value for name, value in values.items() if name not in kind.secrets}
    return plain, {name: value for name, value in values.items() if name in kind.secrets and value}


def _host(settings: Mapping[str, Any]) -> tuple[str, str, int | None]:
    """Return the scheme, host and port of a source's address, for comparing."""
    try:
        place = urlsplit(str(settings.get("url") or "").strip())
        return place.scheme, place.hostname or "", place.port or {"http": 80, "https": 443}.get(place.scheme)
    except ValueError:
        return "", "", None


def _problem(desk: Helpdesk, entry: Entry, value: str) -> str:
    if not value:
        return lazy("Fill this in.") if entry.required else ""
    if len(value) > LONGEST:
        return lazy("Write at most %(most)s characters.", most=LONGEST)
    try:
        if entry.check is not None:
            entry.check(value)
        if entry.name == "url":
            allowed, url = tuple(desk.settings.effective(ID).values["allowed"]), value.replace("{customer}", "x")
            check_url(url, allowed)
            refuse_plain(url, allowed)
    except ValueError as error:
        return error.args[0] if error.args else str(error)
    except AddressRefused as error:
        return str(error)
    except NoReply:
        return ""  # a name that is not known just now may be known when something is asked
    return ""


def _key(session: Session, name: str, taken: set[str]) -> str:
    """Return a key that no source has, and that no ticket names: there it would mean what another source said."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:30] or "source"
    keys = (base if number == 1 else f"{base}_{number}" for number in count(1))
    return next(key for key in keys if key not in taken and not _is_named(session, key))


def _is_named(session: Session, key: str) -> bool:
    named = TicketService.key.startswith(f"{ID}.{key}:", autoescape=True)
    return session.scalar(select(TicketService.id).where(named).limit(1)) is not None
