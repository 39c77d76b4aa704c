"""Doors: addresses of the API where providers hand mail over, each with a secret of its own."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk_core.api import Actor, Helpdesk, HelpdeskError
from helpdesk_core.api.errors import Invalid, NotFound, Unavailable
from helpdesk_core.api.users import require_everywhere

from ..receiving import Gateway
from ..senders import GATEWAY
from ..sentences import words_of
from ..texts import texts
from .events import WayInChanged
from .handover import Handover
from .mailboxes import MANAGE
from .models import Door
from .providers import PROVIDERS, Proof
from .secrets import seal, unseal
from .sns import Sns

_l = texts.lazy
PATH = "/api/v1/x/email/inbound"


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorDraft:
    """What an administrator says of a door; `signing_key` None keeps the one there is."""

    name: str = ""
    provider: str = "generic"
    signing_key: str | None = None


class NotTaken(Unavailable):
    """The mail was not taken; once what the message says is mended, the provider's next try brings it (503)."""

    code = "not-taken"


class Doors:
    """Takes what providers hand over."""

    def __init__(self, desk: Helpdesk, gateway: Gateway, sns: Sns | None = None) -> None:
        self.desk, self.gateway = desk, gateway
        self.sns = sns or Sns()

    def take(self, provider: str, key: str, given: Handover) -> int:
        """Store the mails of a handover and return how many; an error means that it has to come again.

        `NotFound` for a wrong address. Behind the right one `NotTaken`, whatever was wrong, and the reason is noted
        for administrators: several providers throw a mail away after an answer that says it is their fault.
        """
        door = self._find(provider, key)
        try:
            proof = Proof(
                unseal(self.desk, door.uid, door.sealed).get("signing_key", ""), door.topic, self.desk.now(), self.sns
            )
            mails = PROVIDERS[provider].read(given, proof)
            ids = self.gateway.store(mails) if mails else []
        except HelpdeskError as error:
            self._note(door.id, words_of(error))
            raise NotTaken(str(error)) from error
        topic = str(given.json.get("TopicArn", ""))[:255] if provider == "amazon" else ""
        self._note(door.id, None, taken=len(mails), topic=topic)
        self.gateway.process_all(list(dict.fromkeys(ids)))
        return len(mails)

    def _find(self, provider: str, key: str) -> Door:
        with self.desk.read() as session:
            door = session.scalar(select(Door).where(Door.key_hash == _hash(key)))
        if door is None or door.provider != provider or not door.is_active:
            raise NotFound(_l("There is no such address. Copy it again from the page “Ways in” of the helpdesk."))
        return door

    def _note(self, door_id: int, error: str | None, *, taken: int = 0, topic: str = "") -> None:
        with self.desk.begin(GATEWAY) as tx:
            door = tx.session.get(Door, door_id, with_for_update=True)
            if door is None:
                return
            door.last_error, door.error_at = (error, tx.now) if error else (None, None)
            if taken:
                door.taken_count += taken
                door.mail_at = tx.now
            if topic and not door.topic:
                door.topic = topic


def all_doors(session: Session) -> Sequence[Door]:
    """Return all doors by name."""
    return session.scalars(select(Door).order_by(Door.name, Door.id)).all()


def find_door(session: Session, uid: str) -> Door:
    """Return a door; `NotFound` if there is none."""
    found = session.scalar(select(Door).where(Door.uid == uid))
    if found is None:
        raise NotFound(_l("There is no such address."))
    return found


def address_of(desk: Helpdesk, door: Door) -> str:
    """Return the whole address, with its secret."""
    return address(desk, door.provider, unseal(desk, door.uid, door.sealed)["key"])


def address(desk: Helpdesk, provider: str, key: str) -> str:
    """Return the address of a provider's door with that secret."""
    return f"{desk.settings.site().url}{PATH}/{provider}/{key}{PROVIDERS[provider].ending}"


def create_door(desk: Helpdesk, actor: Actor, draft: DoorDraft) -> Door:
    """Make an address for a provider."""
    require_everywhere(actor, MANAGE)
    _check(draft, draft.signing_key)
    key = secrets.token_urlsafe(24)
    with desk.begin(actor) as tx:
        door = Door(name=draft.name.strip(), provider=draft.provider, key_hash=_hash(key), sealed="", created_at=tx.now)
        tx.session.add(door)
        tx.session.flush()
        door.sealed = seal(desk, door.uid, {"key": key, "signing_key": (draft.signing_key or "").strip()})
        tx.record(WayInChanged(kind="door", name=door.name, what="created"))
    return door


def change_door(desk: Helpdesk, actor: Actor, uid: str, draft: DoorDraft) -> Door:
    """Give a door another name or signing key; its provider stays."""
    require_everywhere(actor, MANAGE)
    with desk.begin(actor) as tx:
        door = find_door(tx.session, uid)
        known = unseal(desk, uid, door.sealed)
        signing_key = known.get("signing_key") if draft.signing_key is None else draft.signing_key.strip()
        _check(DoorDraft(name=draft.name, provider=door.provider), signing_key)
        door.name = draft.name.strip()
        door.sealed = seal(desk, uid, known | {"signing_key": signing_key})
        tx.record(WayInChanged(kind="door", name=door.name, what="changed"))
    return door


def delete_door(desk: Helpdesk, actor: Actor, uid: str) -> None:
    """Shut a door for good; what comes to its address is refused from now on."""
    require_everywhere(actor, MANAGE)
    with desk.begin(actor) as tx:
        door = find_door(tx.session, uid)
        tx.record(WayInChanged(kind="door", name=door.name, what="deleted"))
        tx.session.delete(door)


def _check(draft: DoorDraft, signing_key: str | None) -> None:
    problems: dict[str, list[str]] = {}
    if not 0 < len(draft.name.strip()) <= 100:
        problems["name"] = [_l("Give it a name of 1 to 100 characters.")]
    if draft.provider not in PROVIDERS:
        problems["provider"] = [_l("Choose one of the options.")]
    elif PROVIDERS[draft.provider].signs == "must" and not (signing_key or "").strip():
        problems["signing_key"] = [_l("Enter the key that this provider signs with.")]
    if problems:
        raise Invalid(problems)


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
