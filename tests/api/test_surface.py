"""The public surface: complete, documented, and nothing but re-exports."""

import ast
import importlib
import pkgutil
from pathlib import Path
from types import ModuleType

import pytest

import helpdesk_core.api
from helpdesk_core.api import hooks
from helpdesk_core.catalogue import EVENT_MODULES, SPEC_MODULES
from helpdesk_core.events.base import find_events
from helpdesk_core.hooks import specs_in

MODULES = [helpdesk_core.api] + [
    importlib.import_module(f"helpdesk_core.api.{found.name}")
    for found in pkgutil.iter_modules(helpdesk_core.api.__path__)
]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_a_module_only_passes_names_on(module: ModuleType) -> None:
    tree = ast.parse(Path(module.__file__ or "").read_text("utf-8"))
    docstring, *body = tree.body
    assert isinstance(docstring, ast.Expr)
    *imports, names = body
    assert all(isinstance(line, ast.ImportFrom) for line in imports)
    assert isinstance(names, ast.Assign)
    imported = {alias.name for line in imports if isinstance(line, ast.ImportFrom) for alias in line.names}
    assert set(module.__all__) == imported


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_everything_public_says_what_it_is(module: ModuleType) -> None:
    named = {name: getattr(module, name) for name in module.__all__}
    # Without a docstring of its own a dataclass has its signature for one.
    silent = [
        name
        for name, value in named.items()
        if callable(value) and (not (value.__doc__ or "").strip() or value.__doc__.startswith(f"{name}("))
    ]
    assert not silent


def test_every_hook_of_core_can_be_implemented_by_plugins() -> None:
    assert {spec.name for spec in specs_in(SPEC_MODULES)} <= set(hooks.__all__)


def test_every_event_of_core_can_be_imported_by_plugins() -> None:
    from helpdesk_core.api import events

    assert {each.__name__ for each in find_events(EVENT_MODULES).values()} <= set(events.__all__)
