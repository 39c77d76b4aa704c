"""Settings as the page shows and reads them: each field of a schema as a control of a form."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import fields, missing
from marshmallow.fields import Field
from marshmallow.validate import Length, OneOf, Range
from werkzeug.datastructures import MultiDict

from helpdesk_core.settings.config import FILE_NAME, Pinned
from helpdesk_core.settings.effective import Effective
from helpdesk_core.settings.fields import Choice, Sensitive, Words, shown
from helpdesk_core.texts import CORE_DOMAIN
from helpdesk_core.web.localisation import gettext as _
from helpdesk_core.web.localisation import in_domain, spoken

LONG = 300
"""From so many characters on, a text gets several lines."""


@dataclass(frozen=True)
class Setting:
    """One setting for the template; `kind` is text, number, lines, json, secret, switch or choice.

    `value` is as the form shows it; `about` are the sentences on where it comes from, its default, and what a change
    affects.
    """

    owner: str
    key: str
    label: str
    help: str
    kind: str
    value: str
    required: bool
    locked: str
    source: str
    default: str
    affects: str
    problem: str = ""
    options: tuple[tuple[str, str], ...] = ()
    low: str = ""
    high: str = ""
    step: str = ""

    @property
    def words(self) -> str:
        """All that the search looks at, in small letters."""
        return f"{self.label} {self.help} {self.affects} {self.owner} {self.key}".casefold()


def settings_of(
    effective: Effective, options: Mapping[str, tuple[tuple[str, str], ...]] | None = None
) -> list[Setting]:
    """Return an owner's settings in the order of its schema; `options` gives choices that only the site knows."""
    return [
        _setting(effective, key, field, (options or {}).get(key, ())) for key, field in effective.schema.fields.items()
    ]


def read_form(effective: Effective, form: "MultiDict[str, str]") -> dict[str, Any]:
    """Return what a form gave for the settings that can be changed; what is as it was shown is left out.

    A secret that was left empty stays as it is, unless its box to remove it is ticked.
    """
    given: dict[str, Any] = {}
    for setting in settings_of(effective):
        if setting.locked:
            continue
        if setting.kind == "switch":
            given[setting.key] = setting.key in form
        elif setting.kind == "secret":
            if f"clear.{setting.key}" in form:
                given[setting.key] = ""
            elif form.get(setting.key):
                given[setting.key] = form[setting.key]
        elif setting.key in form:
            text = form[setting.key].replace("\r\n", "\n")
            if text != setting.value or setting.problem:
                given[setting.key] = _given(effective.schema.fields[setting.key], setting.kind, text)
    return given


def value_text(value: Any) -> str:
    """Return a value, as it may be shown, in words for people."""
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if value is None or value in ("", [], {}):
        return str(_("nothing"))
    if isinstance(value, list) and all(isinstance(each, str | int | float) for each in value):
        return ", ".join(str(each) for each in value)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _setting(effective: Effective, key: str, field: Field[Any], site_options: tuple[tuple[str, str], ...]) -> Setting:
    about = field.metadata
    value = shown(field, effective.values.get(key))
    options = site_options or _options(effective.owner, field)
    kind = "choice" if options else _kind(field)
    if options and not site_options and (field.allow_none or (not field.required and field.load_default is missing)):
        options = (("", _("not set")), *options)
    if kind == "choice" and str(value if value is not None else "") not in dict(options):
        options = (*options, (str(value or ""), str(value or _("not set"))))
    low, high = _range(field)
    pin = effective.pinned.get(key)
    return Setting(
        owner=effective.owner,
        key=key,
        label=_text(effective.owner, about.get("label")) or key.replace("_", " ").capitalize(),
        help=_text(effective.owner, about.get("help")),
        kind=kind,
        value=_as_text(kind, value),
        required=field.required,
        locked=_("Set in %(where)s, and can be changed only there.", where=_place(pin)) if pin else "",
        source=_("Changed on this page") if effective.sources.get(key) == "page" else "",
        default=_default(field, options),
        affects=_text(effective.owner, about.get("affects")),
        problem=_text(effective.owner, effective.problems.get(key)),
        options=options,
        low=low,
        high=high,
        step="1" if isinstance(field, fields.Integer) else "any",
    )


def _place(pin: Pinned) -> str:
    """Return where a value is set, in the person's language and without the path of the instance."""
    where = str(spoken(pin.where))
    _folders, found, rest = where.rpartition(FILE_NAME)
    return f"{FILE_NAME}{rest}" if found and pin.source == "file" else where


def _kind(field: Field[Any]) -> str:
    if isinstance(field, fields.Boolean):
        return "switch"
    if isinstance(field, fields.Number):
        return "number"
    if isinstance(field, Sensitive):
        return "secret"
    if isinstance(field, Words):
        return "words"
    if isinstance(field, fields.List | fields.Tuple | fields.Mapping | fields.Nested):
        return "json"
    if any(isinstance(each, Length) and (each.max or 0) >= LONG for each in field.validators):
        return "lines"
    return "text"


def _options(owner: str, field: Field[Any]) -> tuple[tuple[str, str], ...]:
    if isinstance(field, Choice):
        return tuple((value, _text(owner, label)) for value, label in field.options.items())
    for each in field.validators:
        if isinstance(each, OneOf) and isinstance(field, fields.String | fields.Number):
            labels = list(each.labels) or [str(choice) for choice in each.choices]
            return tuple(
                (str(choice), _text(owner, label)) for choice, label in zip(each.choices, labels, strict=False)
            )
    return ()


def _range(field: Field[Any]) -> tuple[str, str]:
    for each in field.validators:
        if isinstance(each, Range) and isinstance(field, fields.Number):
            return _bound(each.min), _bound(each.max)
    return "", ""


def _bound(value: Any) -> str:
    return "" if value is None else str(value)


def _as_text(kind: str, value: Any) -> str:
    if kind == "json":
        return "" if value is None else json.dumps(value, ensure_ascii=False, indent=2)
    if kind == "words":
        return ", ".join(value or ())
    if kind == "switch":
        return "1" if value else ""
    return "" if value is None else str(value)


def _given(field: Field[Any], kind: str, text: str) -> Any:
    if not text.strip() and (field.allow_none or kind == "json"):
        return None
    if kind != "json":
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text  # the field says what it expects


def _default(field: Field[Any], options: tuple[tuple[str, str], ...]) -> str:
    default = field.load_default
    if field.required or default is missing or isinstance(field, Sensitive):
        return ""
    value = shown(field, default() if callable(default) else default)
    text = dict(options).get(str(value)) or value_text(value)
    return text if len(text) <= 120 else f"{text[:120].rstrip(', ')}…"


def _text(owner: str, msgid: Any) -> str:
    domain = CORE_DOMAIN if owner.startswith("core.") else owner
    return in_domain(domain, msgid) if isinstance(msgid, str) and msgid else ""
