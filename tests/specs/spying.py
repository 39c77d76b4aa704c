"""A plugin with every hook there is, whose behaviour a test chooses, and which notes how it is called."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar

from helpdesk_core.catalogue import SPEC_MODULES
from helpdesk_core.hooks import HookSpec, hookimpl, specs_in
from helpdesk_core.hooks.signatures import matches, text
from helpdesk_core.plugins.plugin import Plugin
from helpdesk_core.testing.distributions import Distributions
from tests.specs.answers import TEMPLATES, Behaviour, harmless

SPECS = {spec.name: spec for spec in specs_in(SPEC_MODULES)}


@dataclass
class Notes:
    """The calls of the spies of one test: plugin, hook and arguments, and what did not fit the signature."""

    calls: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    misfits: list[str] = field(default_factory=list)

    def of(self, hook: str) -> list[dict[str, Any]]:
        """Return the arguments of each call of a hook."""
        return [values for _, name, values in self.calls if name == hook]

    @property
    def hooks(self) -> set[str]:
        """Which hooks were called."""
        return {name for _, name, _ in self.calls}

    @contextmanager
    def new(self) -> Iterator["Notes"]:
        """Give the notes that are made inside the block."""
        before, found = len(self.calls), Notes()
        yield found
        found.calls = self.calls[before:]


class Spy(Plugin):
    """Answers every hook as `behaviour` does; a test's own plugins are subclasses with an id."""

    behaviour: ClassVar[Behaviour] = staticmethod(harmless)
    notes: ClassVar[Notes] = Notes()

    def asked(self, spec: HookSpec[..., Any], values: dict[str, Any]) -> Any:
        """Note the call, and answer."""
        cls = type(self)
        cls.notes.calls.append((self.id, spec.name, values))
        cls.notes.misfits += [
            f"{spec.name} was given {type(value).__name__} for {name}: {text(spec.types[name])}"
            for name, value in values.items()
            if not matches(value, spec.types[name])
        ]
        return cls.behaviour(self.id, spec, values)


def _method(spec: HookSpec[..., Any]) -> Callable[..., Any]:
    """Return an implementation with the very signature of the spec, so that it is checked like any plugin's."""

    def method(self: Spy, **values: Any) -> Any:
        return self.asked(spec, values)

    method.__name__ = spec.name
    itself = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    method.__signature__ = spec.signature.replace(parameters=[itself, *spec.signature.parameters.values()])  # type: ignore[attr-defined]  # inspect reads it
    method.__annotations__ = dict(spec.types)
    return hookimpl(spec)(method)


for _spec in SPECS.values():
    setattr(Spy, f"on_{_spec.name}", _method(_spec))


def install(installed: Distributions, *plugin_ids: str) -> None:
    """Install a spy under each id, with the templates of `answers`."""
    for plugin_id in plugin_ids:
        package = installed.add(plugin_id)
        source = f'from tests.specs.spying import Spy\n\n\nclass Made(Spy):\n    id = "{plugin_id}"\n'
        (package / "plugin.py").write_text(source, encoding="utf-8")
        templates = package / "templates" / plugin_id
        templates.mkdir(parents=True)
        for name, content in TEMPLATES.items():
            (templates / f"{name}.html").write_text(content.replace("me.", f"{plugin_id}."), encoding="utf-8")
