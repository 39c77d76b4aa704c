"""The rules for plugins as checks, for `helpdesk plugins check` and for a plugin's own tests.

    from helpdesk_core.testing.conformance import assert_conforms

    def test_it_keeps_the_rules_for_plugins() -> None:
        assert_conforms("my_plugin")

Every rule is looked at in a helpdesk that is made for the purpose and thrown away.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from shutil import copy
from tempfile import TemporaryDirectory

from packaging.utils import canonicalize_name

import helpdesk_core
from helpdesk_core.errors import NotFound
from helpdesk_core.plugins.checks import Unusable, check_class, check_distribution, import_plugin
from helpdesk_core.plugins.discovery import Discovered, discover
from helpdesk_core.plugins.plugin import Plugin
from helpdesk_core.testing import conformance_files, conformance_life
from helpdesk_core.testing.conformance_project import Project, installed_for_now, project_of
from helpdesk_core.testing.site import prepare

_Life = Callable[[conformance_life.Scratch], Iterator[str]]


@dataclass(frozen=True)
class Result:
    """What was found about one rule; `skipped` says why it could not be looked at."""

    rule: str
    problems: tuple[str, ...] = ()
    skipped: str = ""

    @property
    def word(self) -> str:
        """`ok`, `wrong` or `skipped`."""
        return "wrong" if self.problems else "skipped" if self.skipped else "ok"

    def as_dict(self) -> dict[str, object]:
        """Return it as JSON can hold it."""
        return {"rule": self.rule, "result": self.word, "problems": list(self.problems), "skipped": self.skipped}


class Skip(Exception):
    """Raised by a check that cannot be made here; the message says why."""


def check_plugin(plugin: str | Path) -> list[Result]:
    """Look at an installed plugin (its name), or at the folder of a plugin's project, installed or not.

    NotFound if there is no such plugin; a rule whose check needs what an earlier one found broken is skipped.
    """
    with ExitStack() as stack:
        if isinstance(plugin, Path):
            project = project_of(plugin)
            stack.enter_context(installed_for_now(project))
            plugin_id = project.plugin_id
        else:
            project, plugin_id = None, plugin
        found = discover().get(plugin_id)
        if found is None:
            raise NotFound(f"The plugin {plugin_id} is not installed. Name the folder of its project, or install it.")
        return list(_results(found, project))


def assert_conforms(plugin: str | Path) -> None:
    """AssertionError with every problem if the plugin breaks a rule; for the plugin's own tests."""
    broken = [f"{result.rule}: {problem}" for result in check_plugin(plugin) for problem in result.problems]
    assert not broken, "\n".join(["The plugin breaks rules for plugins:", *broken])


def _results(found: Discovered, project: Project | None) -> Iterator[Result]:
    yield _looked("its distribution states the cores that it fits", lambda: _distribution(found))
    try:
        check_distribution(found, helpdesk_core.__version__)
        class_ = import_plugin(found)
        check_class(class_, set(discover()))
    except Unusable as unusable:
        yield Result("its class can be loaded, and its tables have its name and harmless keys", (str(unusable),))
        return
    yield Result("its class can be loaded, and its tables have its name and harmless keys")
    package = found.package_folder()
    assert package is not None  # `check_distribution` has seen it
    with TemporaryDirectory(prefix="helpdesk-check-") as folder:
        prepare(f"sqlite:///{Path(folder) / conformance_life.DATABASE}")
        for rule, problems in _rules(found, class_, package, project, Path(folder)).items():
            yield _looked(rule, problems)


def _usable(found: Discovered, class_: type[Plugin]) -> set[str]:
    """Return the ids of plugins whose code it may use: those it requires, and those its distribution depends on."""
    names = {canonicalize_name(each).replace("-", "_") for each in found.depends}
    return {*class_.requires, *(each.removeprefix("helpdesk_") for each in names if each.startswith("helpdesk_"))}


def _rules(
    found: Discovered, class_: type[Plugin], folder: Path, project: Project | None, prepared: Path
) -> Mapping[str, Callable[[], Iterator[str]]]:
    def life(check: _Life) -> Callable[[], Iterator[str]]:
        return lambda: _life(found, class_, prepared, check)

    usable = _usable(found, class_)
    return {
        "it imports nothing of core but helpdesk_core.api": lambda: conformance_files.imports(folder, usable),
        "its public modules, classes and functions say what they are": lambda: conformance_files.docstrings(folder),
        "its templates lie below its own name and can be read": lambda: conformance_files.templates(folder, found.id),
        "its translations are in a domain of its own": lambda: conformance_files.translations(folder, found.id),
        "its wheel holds all that the package needs": lambda: _wheel(found, folder, project),
        "its settings are explained, and their defaults are valid": lambda: conformance_life.settings(class_),
        "its migrations go up, down and up again, and lead to its models": life(conformance_life.migrations),
        "its hooks and routes fit, and every route states a permission": life(conformance_life.routes),
        "enabled, disabled and purged it leaves nothing behind": life(conformance_life.life),
    }


def _looked(rule: str, check: Callable[[], Iterator[str]]) -> Result:
    try:
        return Result(rule, tuple(check()))
    except Skip as skip:
        return Result(rule, skipped=str(skip))


def _distribution(found: Discovered) -> Iterator[str]:
    if found.core_range is None:
        yield f"{found.distribution} does not depend on helpdesk-core; add helpdesk-core>=…,<… to its dependencies."
        return
    operators = {each.operator for each in found.core_range}
    if not operators & {">=", ">", "~=", "=="}:
        yield "Its dependency on helpdesk-core has no lower bound; add >= and the oldest version that you test with."
    if not operators & {"<", "<=", "~=", "=="}:
        yield "Its dependency on helpdesk-core has no upper bound; add < and the next version that may break it."
    if reason := found.misfit(helpdesk_core.__version__):
        yield reason
    if not found.summary:
        yield f"{found.distribution} has no description; lists of plugins show it."


def _wheel(found: Discovered, folder: Path, project: Project | None) -> Iterator[str]:
    if project is None:
        raise Skip("name the folder of its project to have the wheel built")
    names = conformance_files.wheel(project.folder)
    if names is None:
        raise Skip("this checks projects that are built with hatchling, and hatchling has to be installed")
    yield from conformance_files.missing_in_wheel(names, folder)


def _life(found: Discovered, class_: type[Plugin], prepared: Path, check: _Life) -> Iterator[str]:
    with TemporaryDirectory(prefix="helpdesk-check-") as folder:
        copy(prepared / conformance_life.DATABASE, folder)
        yield from check(conformance_life.Scratch(Path(folder), found, class_))
