"""Where a template comes from: the site's own folder, the theme and its parents, core or a plugin."""

import logging
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import BaseLoader, Environment, Template, TemplateNotFound, TemplateSyntaxError, meta
from jinja2.loaders import split_template_path

CORE_TEMPLATES = Path(__file__).parent / "templates"
logger = logging.getLogger(__name__)

Source = tuple[str, str, Callable[[], bool]]


@dataclass(frozen=True)
class TemplateProblem:
    """An override that could not be used; the template it stands for is shown instead."""

    template: str
    file: Path
    line: int
    message: str


@dataclass(frozen=True)
class Overrides:
    """A folder of templates that stand before core's and plugins': the site's own (`name` is empty) or a theme's."""

    name: str
    folder: Path


class ThemeLoader(BaseLoader):
    """Finds templates in this order: instance, active theme, its parents, core or plugin.

    `portal/ticket.html` is core's, `sla/panel.html` the plugin `sla`'s file `panel.html`. Plugins cannot shadow core:
    what core has is core's. Three prefixes name one source, for overrides that extend what they override:
    `core:portal/ticket.html`, `plugin:sla/panel.html` and `theme:<name>/portal/ticket.html`, which is that theme's,
    else its parents', else core's.
    """

    def __init__(
        self, overrides: Sequence[Overrides], plugins: Mapping[str, Path], core: Path = CORE_TEMPLATES
    ) -> None:
        self.overrides = tuple(overrides)
        self.plugins = dict(plugins)
        self.core = core
        self.names: Mapping[str, object] = {}
        """What plugins want their own templates to know, by plugin id, which is also its name there."""
        self._problems: dict[Path, TemplateProblem] = {}
        self._left_out: dict[Path, float | None] = {}
        """Overrides that failed while they were shown, with the age that they had."""

    @property
    def problems(self) -> list[TemplateProblem]:
        """Overrides that were met and could not be used, by file; a mended one leaves the list when it is loaded."""
        return [self._problems[file] for file in sorted(self._problems)]

    def get_source(self, environment: Environment, template: str) -> Source:
        """The text of a template, its file, and a function that says whether it is still current."""
        kind, _, rest = template.partition(":")
        if kind == "core" and rest:
            return self._read(template, self._core_file(rest))
        if kind == "plugin" and rest:
            return self._read(template, self._plugin_file(rest))
        if kind == "theme" and rest:
            name, _, path = rest.partition("/")
            return self._search(environment, template, path, self._from_theme(name))
        return self._search(environment, template, template, self.overrides)

    def load(self, environment: Environment, name: str, globals: MutableMapping[str, Any] | None = None) -> Template:
        """Load a template; a plugin's own know the plugin's names too."""
        plugin = name.removeprefix("plugin:").partition("/")[0]
        if plugin in self.names:
            globals = ChainMap({plugin: self.names[plugin]}, globals if globals is not None else {})
        return super().load(environment, name, globals)

    def list_templates(self) -> list[str]:
        """Every name that can be loaded without a prefix."""
        names = {path.relative_to(layer.folder).as_posix() for layer in self.overrides for path in _files(layer.folder)}
        names |= {path.relative_to(self.core).as_posix() for path in _files(self.core)}
        for plugin, folder in self.plugins.items():
            names |= {f"{plugin}/{path.relative_to(folder).as_posix()}" for path in _files(folder)}
        return sorted(names)

    def overridden_by(self, file: Path) -> str | None:
        """Return the name of the template that a file stands for; None if it is no override, or left out already."""
        if file.suffix != ".html" or file in self._left_out:
            return None
        inside = (layer.folder for layer in self.overrides if file.is_relative_to(layer.folder))
        return next((file.relative_to(folder).as_posix() for folder in inside), None)

    def has_left_out(self, file: Path) -> bool:
        """Tell whether a file is an override that failed while it was shown."""
        return file in self._left_out

    def leave_out(self, problem: TemplateProblem) -> None:
        """Use an override no more, until its file is changed."""
        self._left_out[problem.file] = _age(problem.file)
        self._problems[problem.file] = problem

    def take_back(self, file: Path) -> None:
        """Use an override that was left out again."""
        self._left_out.pop(file, None)
        self._problems.pop(file, None)

    def original(self, template: str) -> Path | None:
        """The file that core or a plugin has for a name, whatever overrides it."""
        return self._core_file(template) or self._plugin_file(template)

    def _search(self, environment: Environment, asked: str, path: str, overrides: Sequence[Overrides]) -> Source:
        passed: list[tuple[Path, float | None]] = []
        for layer in overrides:
            file = layer.folder.joinpath(*split_template_path(path))
            passed.append((file, _age(file)))
            if not file.is_file() or self._is_left_out(file):
                continue
            text, problem = _check(environment, self, path, asked, file)
            if problem is None:
                self._problems.pop(file, None)
                return self._source(text, file, passed)
            if self._problems.get(file) != problem:
                self._problems[file] = problem
                logger.error("Template %s (%s, line %d) is not used: %s", path, file, problem.line, problem.message)
        return self._read(asked, self.original(path), passed)

    def _is_left_out(self, file: Path) -> bool:
        if file in self._left_out and self._left_out[file] != _age(file):
            del self._left_out[file]
        return file in self._left_out

    def _from_theme(self, name: str) -> Sequence[Overrides]:
        for index, layer in enumerate(self.overrides):
            if layer.name == name:
                return self.overrides[index:]
        raise TemplateNotFound(f"theme:{name}", f"The theme {name} is neither active nor a parent of the active one.")

    def _core_file(self, path: str) -> Path | None:
        return _inside(self.core, path)

    def _plugin_file(self, path: str) -> Path | None:
        plugin, _, rest = path.partition("/")
        folder = self.plugins.get(plugin)
        return _inside(folder, rest) if folder is not None and rest else None

    def _read(self, asked: str, file: Path | None, passed: Sequence[tuple[Path, float | None]] = ()) -> Source:
        if file is None:
            raise TemplateNotFound(asked)
        return self._source(file.read_text(encoding="utf-8"), file, passed)

    @staticmethod
    def _source(text: str, file: Path, passed: Sequence[tuple[Path, float | None]]) -> Source:
        """Return the template, which is current until it changes, or something does that would come before it."""
        ages = (*passed, (file, _age(file)))
        return text, str(file), lambda: all(_age(each) == age for each, age in ages)


def _check(
    environment: Environment, loader: ThemeLoader, path: str, asked: str, file: Path
) -> tuple[str, TemplateProblem | None]:
    """The text of an override, and why it cannot be used, if so: syntax, or a parent that does not exist."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return "", TemplateProblem(path, file, 1, f"The file cannot be read ({error}). Save it as UTF-8 text.")
    try:
        environment.compile(text, path, str(file))
        tree = environment.parse(text, path, str(file))
    except TemplateSyntaxError as error:
        return text, TemplateProblem(path, file, error.lineno, error.message or "syntax error")
    for named in meta.find_referenced_templates(tree):
        if named in (path, asked):
            message = f'It extends itself. Write {{% extends "core:{path}" %}} to build on the original.'
            return text, TemplateProblem(path, file, 1, message)
        if named is not None and not _exists(loader, named):
            return text, TemplateProblem(path, file, 1, f"It refers to {named}, which does not exist.")
    return text, None


def _exists(loader: ThemeLoader, named: str) -> bool:
    kind, _, rest = named.partition(":")
    if rest and kind in ("core", "plugin"):
        return loader.original(rest) is not None
    path = named
    if rest and kind == "theme":
        name, _, path = rest.partition("/")
        if all(layer.name != name for layer in loader.overrides):
            return False
    return loader.original(path) is not None or any(_inside(layer.folder, path) for layer in loader.overrides)


def _age(file: Path) -> float | None:
    return file.stat().st_mtime if file.is_file() else None


def _inside(folder: Path, path: str) -> Path | None:
    file = folder.joinpath(*split_template_path(path))
    return file if file.is_file() else None


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else iter(())
