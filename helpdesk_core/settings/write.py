"""Writing an annotated configuration file: every setting with what it is for and its default."""

import textwrap
from collections.abc import Mapping
from typing import Any

import tomlkit

from helpdesk_core.errors import ConfigError
from helpdesk_core.settings.config import suggestion
from helpdesk_core.settings.fields import SecretText, expected, shown
from helpdesk_core.settings.sections import SECTIONS

WIDTH = 100

HEAD = """\
The configuration of a helpdesk.

Lines that begin with "#" and a key show defaults; remove the "#" to change one. What is set here cannot be changed on \
the admin page. The environment comes before this file: HELPDESK_SITE__NAME sets name in [site], and \
HELPDESK_PLUGINS__SLA__CALENDAR sets calendar in [plugins.sla].

"helpdesk config show" prints what is in force and where it comes from; "helpdesk check" finds mistakes."""

FOOT = """\
Settings of a plugin stand in a section of their own, named [plugins.sla] for the plugin "sla". Its page in the admin \
area and its documentation say what can be set."""

ALWAYS = frozenset({("plugins", "enabled")})
"""Written out with its default, so that the commands that edit it find it in its place."""


def render_config(answers: Mapping[str, Mapping[str, Any]]) -> str:
    """Return an annotated `helpdesk.toml`; `answers` maps sections ("site", "plugins.sla") to the keys that are set.

    All other keys stand there with their default, commented out; only the list of plugins is written in any case.
    ConfigError if an answer is to no known question.
    """
    _check(answers)
    blocks = [_comment(HEAD)]
    for section in SECTIONS:
        given = answers.get(section.name, {})
        purpose = (section.schema.__doc__ or "").partition(": ")[2]
        lines = [_comment(purpose[:1].upper() + purpose[1:]), f"[{section.name}]"]
        for key, field in section.schema().fields.items():
            help, affects = field.metadata["help"], field.metadata.get("affects")
            lines += ["", _comment(f"{help} {affects}" if affects else help), _comment(f"Takes {expected(field)}.")]
            if key in given:
                lines.append(_line(key, given[key]))
            else:
                default = _line(key, shown(field, field.load_default))
                lines.append(default if (section.name, key) in ALWAYS else f"#{default}")
        blocks.append("\n".join(lines))
    plugins = {name: keys for name, keys in answers.items() if name.startswith("plugins.")}
    for name, keys in plugins.items():
        blocks.append("\n".join([f"[{name}]", *(_line(key, value) for key, value in keys.items())]))
    if not plugins:
        blocks.append(_comment(FOOT))
    return "\n\n".join(blocks) + "\n"


def _check(answers: Mapping[str, Mapping[str, Any]]) -> None:
    known = {section.name: list(section.schema().fields) for section in SECTIONS}
    for name, keys in answers.items():
        if name.startswith("plugins."):
            continue
        if name not in known:
            raise ConfigError(f"there is no section [{name}].{suggestion(name, known)}")
        for key in keys:
            if key not in known[name]:
                raise ConfigError(f"[{name}] has no setting {key!r}.{suggestion(key, known[name])}")


def _line(key: str, value: Any) -> str:
    if isinstance(value, SecretText):
        value = value.reveal()
    if isinstance(value, tuple):
        value = list(value)
    item = tomlkit.item(value)
    return f"{tomlkit.key(key).as_string()} = {item.as_string()}"


def _comment(text: str) -> str:
    lines = [
        wrapped
        for line in text.split("\n")
        for wrapped in textwrap.wrap(line, WIDTH, break_long_words=False, break_on_hyphens=False) or [""]
    ]
    return "\n".join(f"# {line}".rstrip() for line in lines)
