"""What one gives to the services of people, and what plugins hand back: frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypedDict

RolePair = tuple[str, str]
"""A role and the key of its department, or an empty text for everywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserDraft:
    """What people and staff write about a person. `organisation` is a uid, `locale` like `de` or `pt_BR`.

    `theme_mode` is `light`, `dark` or None for the system's own; `preferences` are the pages' own notes, JSON's kinds.
    """

    name: str
    organisation: str | None = None
    locale: str | None = None
    timezone: str | None = None
    theme_mode: str | None = None
    preferences: Mapping[str, Any] = field(default_factory=dict)


class UserChanges(TypedDict, total=False):
    """Fields of `UserDraft` to change; what is not given stays."""

    name: str
    organisation: str | None
    locale: str | None
    timezone: str | None
    theme_mode: str | None
    preferences: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What somebody gave to sign in, and from where.

    `fields` holds what plugins added to the form (a second factor's code); `device` is the browser's own word.
    Ways without a password (a link, another site's sign-in) leave it empty.
    """

    address: str
    password: str = field(default="", repr=False)
    ip: str | None = None
    device: str = ""
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who somebody is, on the word of a plugin that has proved it. An account is made if the address has none."""

    address: str
    method: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalData:
    """What a plugin keeps about a person: `data` becomes `<plugin>/<name>.json`, `files` lie beside it by name."""

    name: str
    data: Any
    files: Mapping[str, bytes] = field(default_factory=dict)
