"""The configuration: what the file and the environment say, checked, with the place that each value comes from."""

import difflib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from marshmallow import Schema, ValidationError

from helpdesk_core.errors import ConfigError
from helpdesk_core.settings.fields import expected, from_text, is_sensitive, sentences
from helpdesk_core.settings.sections import SECTIONS, Section
from helpdesk_core.settings.tomlfile import TomlFile, read_toml
from helpdesk_core.settings.values import (
    DatabaseConfig,
    MailConfig,
    PluginsConfig,
    SiteConfig,
    ThemeConfig,
    WorkerConfig,
)
from helpdesk_core.texts import lazy as _l

FILE_NAME = "helpdesk.toml"
PREFIX = "HELPDESK_"
NOT_CONFIGURATION = frozenset(
    {"HELPDESK_INSTANCE", "HELPDESK_REQUIRE", "HELPDESK_SAFE_MODE", "HELPDESK_SECRET_KEY", "HELPDESK_SERVED_BY"}
)
"""Variables that mean something else; so does every HELPDESK_TEST_… one."""


@dataclass(frozen=True)
class Pinned:
    """A value that the file or the environment gives, so that the admin page cannot change it.

    `value` is as it was written (a text, if it comes from the environment); `where` names the place for people.
    """

    source: Literal["file", "environment"]
    where: str
    value: Any = field(repr=False)


Pins = Mapping[str, Mapping[str, Pinned]]


@dataclass(frozen=True)
class Config:
    """The configuration of an instance; secrets do not show in its `repr`.

    `pinned` maps each section ("site", "plugins.sla") to the keys that file and environment give; `plugin_sections` has
    the same for plugins as written, unchecked, because their schemas are known only once they are loaded.
    """

    instance: Path
    file: Path | None
    site: SiteConfig
    database: DatabaseConfig
    mail: MailConfig
    worker: WorkerConfig
    theme: ThemeConfig
    plugins: PluginsConfig
    plugin_sections: Mapping[str, Mapping[str, object]] = field(repr=False)
    pinned: Pins
    warnings: tuple[str, ...]


def load_config(instance: Path, env: Mapping[str, str]) -> Config:
    """Read `helpdesk.toml` in the instance folder, and the environment over it.

    Without a file every setting has its default. ConfigError has one line for each value that does not fit, with file
    and line (or the variable), the key and what is expected; unknown names only warn, with a suggestion.
    """
    file = read_toml(instance / FILE_NAME)
    reader = _Reader()
    if file is not None:
        reader.read_file(file)
    reader.read_environment(env)
    loaded: dict[str, dict[str, Any]] = {}
    for section in SECTIONS:
        values, problems = load_pinned(section.name, section.schema(), reader.pins.get(section.name, {}))
        loaded[section.name] = values
        reader.problems += problems
    if reader.problems:
        raise ConfigError("\n".join(reader.problems))
    pins = {section: MappingProxyType(keys) for section, keys in reader.pins.items()}
    return Config(
        instance=instance,
        file=file.path if file else None,
        site=SiteConfig(**loaded["site"]),
        database=DatabaseConfig(**loaded["database"]),
        mail=MailConfig(**loaded["mail"]),
        worker=WorkerConfig(**loaded["worker"]),
        theme=ThemeConfig(**loaded["theme"]),
        plugins=PluginsConfig(**loaded["plugins"]),
        plugin_sections=MappingProxyType(
            {
                section.removeprefix("plugins."): MappingProxyType({key: pin.value for key, pin in keys.items()})
                for section, keys in pins.items()
                if section.startswith("plugins.")
            }
        ),
        pinned=MappingProxyType(pins),
        warnings=tuple(reader.warnings),
    )


def pinned_input(schema: Schema, pins: Mapping[str, Pinned]) -> dict[str, Any]:
    """Return the pinned values of known keys as the schema's input; ValidationError if a text is not JSON."""
    return {
        key: from_text(schema.fields[key], pin.value) if pin.source == "environment" else pin.value
        for key, pin in pins.items()
        if key in schema.fields
    }


def load_pinned(section: str, schema: Schema, pins: Mapping[str, Pinned]) -> tuple[dict[str, Any], list[str]]:
    """Return the section's values by file, environment and default, and a line for each value that does not fit.

    Required fields that are not given are no problem here, and missing in the result: the admin page may give them.
    """
    problems: list[str] = []
    sound: dict[str, Any] = {}
    for key, pin in pins.items():
        try:
            sound |= pinned_input(schema, {key: pin})
        except ValidationError as error:
            problems.append(_problem(section, schema, key, pin, error.messages))
    missing = tuple(key for key, each in schema.fields.items() if each.required and key not in sound)
    try:
        return schema.load(sound, partial=missing), problems
    except ValidationError as error:
        for key, messages in error.messages_dict.items():
            if key in sound:
                problems.append(_problem(section, schema, key, pins[key], messages))
            else:
                places = ", ".join(sorted({pin.where for pin in pins.values()})) or "defaults"
                problems.append(f"{places}: [{section}]: {' '.join(sentences(messages))}")
        return {}, problems


def unknown_key(section: str, key: str, pin: Pinned, known: Iterable[str]) -> str:
    """Return the warning about a key that no schema knows."""
    return f"{pin.where}: [{section}] has no setting {key!r}; it is ignored.{suggestion(key, known)}"


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return " Did you mean …?" if something of that sort is known, else nothing."""
    close = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)
    return f" Did you mean {close[0]}?" if close else ""


def _problem(section: str, schema: Schema, key: str, pin: Pinned, messages: Any) -> str:
    kind = schema.fields[key]
    given = "" if is_sensitive(kind) else f" = {_short(pin.value)}"
    text = " ".join(sentences(messages))
    return f"{pin.where}: [{section}] {key}{given}: {text} Expected {expected(kind)}."


def _short(value: object) -> str:
    text = repr(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."


class _Reader:
    """Collects what is pinned, what is odd and what is wrong."""

    def __init__(self) -> None:
        self.pins: dict[str, dict[str, Pinned]] = {}
        self.warnings: list[str] = []
        self.problems: list[str] = []

    def read_file(self, file: TomlFile) -> None:
        for name, table in file.data.items():
            where = file.where([name])
            section = _SECTIONS.get(name)
            if section is None:
                self.warnings.append(f"{where}: {_unknown(name, table)}")
            elif not isinstance(table, dict):
                self.problems.append(f"{where}: {name} is not a section. Write [{name}] and its keys on the next lines")
            else:
                self._read_table(file, section, table)

    def _read_table(self, file: TomlFile, section: Section, table: Mapping[str, Any]) -> None:
        known = _keys(section)
        for key, value in table.items():
            pin = Pinned("file", file.where([section.name, key]), value)
            if section.name == "plugins" and isinstance(value, dict) and key not in known:
                self.pins[f"plugins.{key}"] = {
                    inner: Pinned("file", file.where([section.name, key, inner]), each) for inner, each in value.items()
                }
            else:
                self._pin(section, key, pin)

    def read_environment(self, env: Mapping[str, str]) -> None:
        for variable in sorted(env):
            if (
                not variable.startswith(PREFIX)
                or variable in NOT_CONFIGURATION
                or variable.startswith("HELPDESK_TEST_")
            ):
                continue
            where = _l("environment variable %(name)s", name=variable)
            try:
                env[variable].encode("utf-8")
            except UnicodeEncodeError:
                self.problems.append(f"{where}: this is not UTF-8 text; set it in a UTF-8 locale")
                continue
            pin = Pinned("environment", where, env[variable])
            name, *keys = variable.removeprefix(PREFIX).lower().split("__", 2)
            section = _SECTIONS.get(name)
            if section is None or not keys or not all(keys):
                self.warnings.append(f"{where} is no setting and is ignored.{_variable_suggestion(variable)}")
            elif name == "plugins" and len(keys) == 2:
                self.pins.setdefault(f"plugins.{keys[0]}", {})[keys[1]] = pin
            else:
                self._pin(section, "__".join(keys), pin)

    def _pin(self, section: Section, key: str, pin: Pinned) -> None:
        known = _keys(section)
        if key in known:
            self.pins.setdefault(section.name, {})[key] = pin
        else:
            self.warnings.append(unknown_key(section.name, key, pin, known))


_SECTIONS: Mapping[str, Section] = MappingProxyType({section.name: section for section in SECTIONS})


def _keys(section: Section) -> list[str]:
    return list(section.schema().fields)


def _unknown(name: str, value: object) -> str:
    if isinstance(value, dict):
        return f"there is no section [{name}]; it is ignored.{suggestion(name, _SECTIONS)}"
    homes = [section.name for section in SECTIONS if name in _keys(section)]
    hint = f" Did you mean it to stand under [{homes[0]}]?" if homes else ""
    return f"{name!r} stands outside of any section; it is ignored.{hint}"


def _variable_suggestion(variable: str) -> str:
    known = [f"{PREFIX}{section.name}__{key}".lower() for section in SECTIONS for key in _keys(section)]
    close = difflib.get_close_matches(variable.lower(), known, n=1, cutoff=0.7)
    return f" Did you mean {close[0].upper()}?" if close else ""
