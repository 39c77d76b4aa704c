"""The settings in force: defaults, what the admin page stored, and what file and environment pin."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from marshmallow import Schema, ValidationError
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from helpdesk_core.clock import Clock, utc_now
from helpdesk_core.db.generation import bump, current
from helpdesk_core.errors import ConfigError, Invalid, NotFound
from helpdesk_core.settings.config import Config, Pinned, load_pinned, pinned_input, unknown_key
from helpdesk_core.settings.effective import Change, Effective, Source
from helpdesk_core.settings.fields import MASK, SecretText, Sensitive, is_sensitive, sentences, shown
from helpdesk_core.settings.fields import gettext_noop as _l
from helpdesk_core.settings.models import StoredSetting
from helpdesk_core.settings.seal import CannotOpen, Seal
from helpdesk_core.settings.sections import SECTIONS
from helpdesk_core.settings.values import MailConfig, SiteConfig, ThemeConfig, WorkerConfig
from helpdesk_core.texts import joined, lazy

TOPIC = "settings"
"""The counter that tells other processes of a change; see `helpdesk_core.db.generation`."""


@dataclass(frozen=True)
class _Row:
    value: Any = field(repr=False)
    sealed: bool


_Rows = Mapping[str, Mapping[str, _Row]]


@dataclass(frozen=True)
class _Snapshot:
    """What the database held at one moment, and what was made of it since."""

    generation: int
    rows: _Rows
    effective: dict[str, Effective] = field(default_factory=dict)


class Settings:
    """The settings of core and plugins. Until the first `refresh` nothing stored is in force.

    One for each opened helpdesk; threads may share it.
    """

    def __init__(self, config: Config, secret: bytes, clock: Clock = utc_now) -> None:
        self.config = config
        self._seal = Seal(secret)
        self._clock = clock
        self._schemas: dict[str, Schema] = {}
        self._snapshot = _Snapshot(0, {})
        for section in SECTIONS:
            if section.on_page:
                self.register(f"core.{section.name}", section.schema)

    @property
    def owners(self) -> tuple[str, ...]:
        """All owners of settings: core's sections first, then plugins as they were registered."""
        return tuple(self._schemas)

    def register(self, owner: str, schema: type[Schema] | Schema) -> Effective:
        """Make a plugin's settings known, and return them.

        ConfigError if what file or environment say about them does not fit: one line each with the place and the mend.
        """
        made = schema() if isinstance(schema, type) else schema
        _, problems = load_pinned(_section(owner), made, self._pins(owner))
        if problems:
            raise ConfigError("\n".join(problems))
        self._schemas[owner] = made
        self._snapshot.effective.pop(owner, None)
        return self.effective(owner)

    def refresh(self, session: Session) -> bool:
        """Take up what the page has stored since the last call; True if there was something. It costs one small read.

        Not with a session that holds an uncommitted `save`: others would see what may never be.
        """
        generation = self.generation(session)
        if generation == self._snapshot.generation:
            return False
        rows: dict[str, dict[str, _Row]] = {}
        columns = select(StoredSetting.owner, StoredSetting.key, StoredSetting.value, StoredSetting.sealed)
        for owner, key, value, sealed in session.execute(columns):
            rows.setdefault(owner, {})[key] = _Row(value, sealed)
        self._snapshot = _Snapshot(generation, rows)
        return True

    def generation(self, session: Session) -> int:
        """Return the counter that grows with each save, in whichever process."""
        return current(session, TOPIC)

    def effective(self, owner: str) -> Effective:
        """Return the settings in force of "core.site", "core.mail", "core.worker", "core.theme" or a plugin's id."""
        snapshot = self._snapshot
        if owner not in snapshot.effective:
            snapshot.effective[owner] = self._resolve(owner, snapshot.rows.get(owner, {}))[0]
        return snapshot.effective[owner]

    def site(self) -> SiteConfig:
        """Return [site] as it is in force."""
        return SiteConfig(**self.effective("core.site").values)

    def mail(self) -> MailConfig:
        """Return [mail] as it is in force."""
        return MailConfig(**self.effective("core.mail").values)

    def worker(self) -> WorkerConfig:
        """Return [worker] as it is in force."""
        return WorkerConfig(**self.effective("core.worker").values)

    def theme(self) -> ThemeConfig:
        """Return [theme] as it is in force."""
        return ThemeConfig(**self.effective("core.theme").values)

    def save(
        self, session: Session, owner: str, values: Mapping[str, Any], actor_user_id: int | None
    ) -> tuple[Change, ...]:
        """Store what differs from the settings in force, and return it; in force after commit and `refresh`.

        `values` are input as a form or the API gives it, of some or all fields. A secret given as its mask stays as it
        is; a value equal to the default is forgotten, so that it follows the default. Invalid maps each field that does
        not fit, is unknown, or is locked by file or environment, to sentences.
        """
        schema = self._schema(owner)
        bump(session, TOPIC)  # first, because it locks the counter: saves happen one after the other
        owned = select(StoredSetting).where(StoredSetting.owner == owner).execution_options(populate_existing=True)
        rows = {row.key: row for row in session.scalars(owned)}
        before, given = self._resolve(owner, {key: _Row(row.value, row.sealed) for key, row in rows.items()})
        self._refuse(before, values)
        wanted = {key: value for key, value in values.items() if not _unchanged(schema, key, value)}
        try:
            loaded = schema.load(given | wanted)
        except ValidationError as error:
            raise Invalid({_field(key): sentences(each) for key, each in error.messages_dict.items()}) from None
        defaults = _defaults(schema)
        changes = []
        for key, value in wanted.items():
            kept = rows.get(key)
            if loaded[key] == before.values.get(key) and (kept is None or key not in before.problems):
                continue
            if key in defaults and loaded[key] == defaults[key]:
                if kept is not None:
                    session.delete(kept)
            else:
                sealed = is_sensitive(schema.fields[key])
                stored = (
                    self._seal.close(owner, key, _plain(value)) if sealed else shown(schema.fields[key], loaded[key])
                )
                row = kept or StoredSetting(owner=owner, key=key)
                row.value, row.sealed = stored, sealed
                row.updated_at, row.updated_by = self._clock(), actor_user_id
                session.add(row)
            field_ = schema.fields[key]
            changes.append(Change(key, shown(field_, before.values.get(key)), shown(field_, loaded[key])))
        session.flush()
        return tuple(changes)

    def forget(self, session: Session, owner: str) -> int:
        """Delete all that is stored of an owner, also of one that is not registered (purge); return how many."""
        bump(session, TOPIC)
        stored = session.scalars(select(StoredSetting.key).where(StoredSetting.owner == owner)).all()
        session.execute(delete(StoredSetting).where(StoredSetting.owner == owner))
        return len(stored)

    def _schema(self, owner: str) -> Schema:
        try:
            return self._schemas[owner]
        except KeyError:
            raise NotFound(f"There are no settings of {owner!r}; is the plugin enabled?") from None

    def _pins(self, owner: str) -> Mapping[str, Pinned]:
        return self.config.pinned.get(_section(owner), {})

    def _refuse(self, before: Effective, values: Mapping[str, Any]) -> None:
        problems: dict[str, list[str]] = {}
        for key in values:
            if key not in before.schema.fields:
                problems[key] = [_l("There is no such setting.")]
            elif before.locked(key):
                problems[key] = [
                    lazy("This is set in %(where)s and can be changed only there.", where=before.pinned[key].where)
                ]
        if problems:
            raise Invalid(problems)

    def _resolve(self, owner: str, rows: Mapping[str, _Row]) -> tuple[Effective, dict[str, Any]]:
        """Return the settings in force, and the schema input that gives them; what does not fit is left out."""
        schema = self._schema(owner)
        section = _section(owner)
        pins = {key: pin for key, pin in self._pins(owner).items() if key in schema.fields}
        problems = {
            key: unknown_key(section, key, pin, schema.fields)
            for key, pin in self._pins(owner).items()
            if key not in pins
        }
        written = pinned_input(schema, pins)
        stored: dict[str, Any] = {}
        for key, row in rows.items():
            if key in schema.fields and key not in pins:
                try:
                    stored[key] = self._seal.open(owner, key, row.value) if row.sealed else row.value
                except CannotOpen:
                    problems[key] = lazy("%(key)s: it was stored under another secret key; enter it again.", key=key)
        while True:
            wrong, values = _load(schema, stored | written)
            if not wrong or not stored:
                break
            # A complaint about no stored field in particular is about all of them together.
            blamed = [key for key in wrong if key in stored] or list(stored)
            for key in blamed:
                why = joined(wrong.get(key) or [text for texts in wrong.values() for text in texts])
                problems[key] = lazy("%(key)s: the stored value is not used: %(why)s Save it again.", key=key, why=why)
                del stored[key]
        if wrong:
            problems |= {key: joined(texts) for key, texts in wrong.items()}
        for key, each in schema.fields.items():
            if key not in values:
                values[key] = None
                if each.required:
                    problems.setdefault(key, lazy("%(key)s: it has to be given, and is not.", key=key))
        sources: dict[str, Source] = {key: "page" if key in stored else "default" for key in schema.fields}
        sources |= {key: pin.source for key, pin in pins.items()}
        effective = Effective(
            owner=owner,
            schema=schema,
            values=MappingProxyType(values),
            sources=MappingProxyType(sources),
            pinned=MappingProxyType(pins),
            problems=MappingProxyType(problems),
        )
        return effective, stored | written


def _section(owner: str) -> str:
    return owner.removeprefix("core.") if owner.startswith("core.") else f"plugins.{owner}"


def _field(key: str) -> str:
    return "" if key == "_schema" else key


def _load(schema: Schema, given: Mapping[str, Any]) -> tuple[dict[str, list[str]], dict[str, Any]]:
    missing = tuple(key for key, each in schema.fields.items() if each.required and key not in given)
    try:
        return {}, dict(schema.load(given, partial=missing))
    except ValidationError as error:
        return {key: sentences(each) for key, each in error.messages_dict.items()}, {}
    except Exception as error:  # noqa: BLE001 - a plugin's own checks may raise anything about an old value
        return {"_schema": [f"the settings could not be checked ({type(error).__name__})."]}, {}


def _defaults(schema: Schema) -> dict[str, Any]:
    required = tuple(key for key, each in schema.fields.items() if each.required)
    return dict(schema.load({}, partial=required))


def _unchanged(schema: Schema, key: str, value: Any) -> bool:
    return isinstance(schema.fields[key], Sensitive) and value == MASK


def _plain(value: Any) -> Any:
    return value.reveal() if isinstance(value, SecretText) else value
