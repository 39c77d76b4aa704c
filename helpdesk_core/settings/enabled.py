"""Switching plugins on and off in the configuration file, with its comments kept."""

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from helpdesk_core.errors import ConfigError
from helpdesk_core.settings.config import FILE_NAME, Config
from helpdesk_core.settings.sections import PLUGIN_ID
from helpdesk_core.settings.tomlfile import parse_toml, read_toml, replace_file
from helpdesk_core.texts import lazy as _l


def enable(config: Config, name: str) -> tuple[str, ...]:
    """Add a plugin at the end of `[plugins] enabled`, and return the new list; one that is there stays in its place.

    The file is read anew, so that what others changed meanwhile is kept. ConfigError if the environment pins the list
    or the file cannot be changed.
    """
    if not PLUGIN_ID.fullmatch(name):
        raise ConfigError(f"{name!r} is not a name of a plugin: small letters, digits and _ only, a letter first")
    return _edit(config, name, present=True)


def disable(config: Config, name: str) -> tuple[str, ...]:
    """Take a plugin out of `[plugins] enabled`, and return the new list. Errors as for `enable`."""
    return _edit(config, name, present=False)


def listed(config: Config) -> tuple[str, ...]:
    """Return the list as file and environment say it now, whatever was loaded; ConfigError as for `enable`."""
    pin = config.pinned.get("plugins", {}).get("enabled")
    if pin is not None and pin.source == "environment":
        return config.plugins.enabled
    path = config.instance / FILE_NAME
    file = read_toml(path)
    return _listed(file.data if file else {}, path)


def pinned_by(config: Config) -> str | None:
    """Say what keeps the list of plugins from being edited; None if nothing does."""
    pin = config.pinned.get("plugins", {}).get("enabled")
    if pin is not None and pin.source == "environment":
        return _l("the list of plugins is set by the %(where)s; change it there", where=pin.where)
    path = config.instance / FILE_NAME
    if not config.instance.is_dir():
        return f"there is no instance folder {config.instance}; make it with helpdesk init"
    if path.exists():
        if not stat.S_IMODE(path.stat().st_mode) & 0o222 or not os.access(path, os.W_OK):
            return f"{path} is write-protected; edit [plugins] enabled by hand, or let the helpdesk write the file"
        path = path.resolve()
    if not os.access(path.parent, os.W_OK):
        return f"the folder {path.parent} is write-protected; edit [plugins] enabled in {path} by hand"
    return None


def _edit(config: Config, name: str, *, present: bool) -> tuple[str, ...]:
    if reason := pinned_by(config):
        raise ConfigError(reason)
    path = config.instance / FILE_NAME
    with _alone(config.instance):
        file = read_toml(path)
        data = file.data if file else {}
        before = _listed(data, path)
        after = tuple(each for each in before if each != name) if not present else before
        if present and name not in before:
            after = (*before, name)
        if after == before:
            return after
        text = _rewritten(file.text if file else "", name, after, path)
        if not _same_but_list(data, parse_toml(text, path), after):
            raise ConfigError(f"{path}: [plugins] enabled is written in a way that cannot be edited; edit it by hand")
        try:
            replace_file(path, text)
        except OSError as error:
            raise ConfigError(f"{path} cannot be written ({error.strerror or error}); edit it by hand") from None
    return after


@contextmanager
def _alone(instance: Path) -> Iterator[None]:
    """Let one process at a time edit the file."""
    folder = os.open(instance, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _listed(data: Any, path: Path) -> tuple[str, ...]:
    plugins = data.get("plugins", {})
    listed = plugins.get("enabled", []) if isinstance(plugins, dict) else None
    if isinstance(listed, str):
        listed = [each.strip() for each in listed.split(",") if each.strip()]
    if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
        raise ConfigError(f'{path}: [plugins] enabled is not a list such as ["email", "sla"]; mend it by hand')
    return tuple(listed)


def _rewritten(text: str, name: str, after: tuple[str, ...], path: Path) -> str:
    try:
        document = tomlkit.parse(text)
        plugins: Any = document.setdefault("plugins", tomlkit.table())
        listed = plugins.get("enabled")
        if not isinstance(listed, list):
            plugins["enabled"] = list(after)
        elif name in after:
            listed.append(name)
        else:
            for place in [place for place, each in enumerate(listed) if each == name][::-1]:
                del listed[place]
        return tomlkit.dumps(document)
    except (TOMLKitError, RecursionError) as error:
        raise ConfigError(f"{path} cannot be edited ({error}); edit [plugins] enabled by hand") from None


def _same_but_list(old: Any, new: Any, after: tuple[str, ...]) -> bool:
    """Tell whether the list is as wanted and nothing else has changed."""
    plugins = dict(new.get("plugins", {}))
    if plugins.pop("enabled", None) != list(after):
        return False
    old_plugins = {key: value for key, value in old.get("plugins", {}).items() if key != "enabled"}
    others = [{key: value for key, value in each.items() if key != "plugins"} for each in (old, new)]
    return plugins == old_plugins and others[0] == others[1]
