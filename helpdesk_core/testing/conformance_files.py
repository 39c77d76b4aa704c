"""What the files of a plugin tell, without running any of it."""

import ast
from collections.abc import Collection, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from zipfile import ZipFile

from jinja2 import Environment, TemplateSyntaxError

OPEN: Final = ("helpdesk_core.api", "helpdesk_core.testing")
MESSAGES: Final = ("*.po", "*.mo")
_NAMED: Final = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def imports(package: Path, requires: Collection[str]) -> Iterator[str]:
    """Yield a sentence for each import of what belongs to core alone, or to a plugin that is not among `requires`."""
    own = {package.name, *(f"helpdesk_{each}" for each in requires)}
    for file, tree in _modules(package):
        for node in ast.walk(tree):
            for name, line in _imported(node):
                top = name.partition(".")[0]
                if top == "helpdesk_core" and not any(name == each or name.startswith(f"{each}.") for each in OPEN):
                    yield f"{_place(package, file, line)}: {name} is not public; import from helpdesk_core.api instead."
                elif top.startswith("helpdesk_") and top != "helpdesk_core" and top not in own:
                    yield f"{_place(package, file, line)}: {top} is another plugin's, and not depended on."


def docstrings(package: Path) -> Iterator[str]:
    """Yield a sentence for each public module, class and function without a docstring; migrations included."""
    for file, tree in _modules(package):
        if tree.body and not ast.get_docstring(tree):
            yield f"{_place(package, file, 1)}: the module has no docstring; say in one sentence what it is for."
        for node in tree.body:
            if isinstance(node, _NAMED) and not node.name.startswith("_") and not ast.get_docstring(node):
                yield f"{_place(package, file, node.lineno)}: {node.name} has no docstring."


def templates(package: Path, plugin_id: str) -> Iterator[str]:
    """Yield a sentence for each template outside of `templates/<id>/`, and for each that is no Jinja."""
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    folder = package / "templates"
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = file.relative_to(folder).as_posix()
        if not name.startswith(f"{plugin_id}/"):
            yield f"templates/{name} is never found; move it to templates/{plugin_id}/{name}."
        try:
            environment.parse(file.read_text("utf-8"), name, str(file))
        except TemplateSyntaxError as error:
            yield f"templates/{name}, line {error.lineno}: {error.message}"
        except UnicodeDecodeError:
            yield f"templates/{name} is not UTF-8 text."


def translations(package: Path, plugin_id: str) -> Iterator[str]:
    """Yield a sentence for each catalogue whose domain is not the plugin's id."""
    folder = package / "locales"
    for pattern in MESSAGES:
        for file in sorted(folder.rglob(pattern)):
            name = file.relative_to(folder).as_posix()
            if file.stem != plugin_id or file.parent.name != "LC_MESSAGES":
                wanted = f"locales/<language>/LC_MESSAGES/{plugin_id}{file.suffix}"
                yield f"locales/{name} is never read; catalogues are {wanted}."


def wheel(project: Path) -> frozenset[str] | None:
    """Return the names of the files in the project's wheel; None if it cannot be built here."""
    try:
        from hatchling.builders.wheel import WheelBuilder
    except ImportError:
        return None
    if "hatchling" not in (project / "pyproject.toml").read_text("utf-8"):
        return None
    with TemporaryDirectory(prefix="helpdesk-check-") as folder:
        (built,) = WheelBuilder(str(project)).build(directory=folder, versions=["standard"])
        with ZipFile(built) as archive:
            return frozenset(archive.namelist())


def missing_in_wheel(names: Collection[str], package: Path) -> Iterator[str]:
    """Yield a sentence for each file of the package that its wheel leaves out, and for what should not be in it."""
    for file in sorted(path for path in package.rglob("*") if path.is_file() and path.suffix != ".pyc"):
        name = f"{package.name}/{file.relative_to(package).as_posix()}"
        if name not in names:
            yield f"{name} is not in the wheel; include it in the build."
    if f"{package.name}/py.typed" not in names:
        yield f"There is no {package.name}/py.typed, so nobody sees the types of the package; add an empty file."
    for name in sorted(names):
        top = name.partition("/")[0]
        if top != package.name and not top.endswith(".dist-info"):
            yield f"{name} is in the wheel, and would be installed beside all other packages; leave it out."


def _modules(package: Path) -> Iterator[tuple[Path, ast.Module]]:
    for file in sorted(package.rglob("*.py")):
        yield file, ast.parse(file.read_text("utf-8"), str(file))


def _imported(node: ast.AST) -> Iterator[tuple[str, int]]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield alias.name, node.lineno
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        if node.module == "helpdesk_core":
            for alias in node.names:
                yield f"helpdesk_core.{alias.name}", node.lineno
        else:
            yield node.module, node.lineno


def _place(package: Path, file: Path, line: int) -> str:
    return f"{package.name}/{file.relative_to(package).as_posix()}, line {line}"
