"""A plugin's project that is not installed, made known to Python for the time of a check."""

import importlib
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from tempfile import TemporaryDirectory

from helpdesk_core.errors import Invalid
from helpdesk_core.plugins.discovery import GROUP


@dataclass(frozen=True)
class Project:
    """What a plugin's pyproject.toml says of it."""

    folder: Path
    plugin_id: str
    entry: str
    name: str
    version: str
    description: str
    dependencies: tuple[str, ...]


def project_of(folder: Path) -> Project:
    """Read pyproject.toml; `Invalid` says what it lacks for a plugin."""
    file = folder / "pyproject.toml"
    try:
        project = tomllib.loads(file.read_text("utf-8")).get("project", {})
    except OSError as error:
        raise Invalid(f"{file} cannot be read: {error.strerror}. Name the folder of the plugin's project.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"{file} cannot be read: {error}.") from None
    entries = project.get("entry-points", {}).get(GROUP, {})
    if len(entries) != 1:
        raise Invalid(
            f'{file}: [project.entry-points."{GROUP}"] needs one line: the_id = "helpdesk_the_id.plugin:ItsClass".'
        )
    ((plugin_id, entry),) = entries.items()
    return Project(
        folder=folder.resolve(),
        plugin_id=plugin_id,
        entry=entry,
        name=project.get("name", f"helpdesk-{plugin_id}"),
        version=project.get("version", "0"),
        description=project.get("description", ""),
        dependencies=tuple(project.get("dependencies", ())),
    )


def describe(project: Project, place: Path) -> None:
    """Write the metadata that an installed distribution has; both folders on `sys.path` make the plugin known."""
    info = place / f"{project.name.replace('-', '_')}-{project.version}.dist-info"
    info.mkdir()
    lines = ["Metadata-Version: 2.1", f"Name: {project.name}", f"Version: {project.version}"]
    lines += [f"Summary: {project.description}"] if project.description else []
    lines += [f"Requires-Dist: {each}" for each in project.dependencies]
    (info / "METADATA").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[{GROUP}]\n{project.plugin_id} = {project.entry}\n", encoding="utf-8")


@contextmanager
def installed_for_now(project: Project) -> Iterator[None]:
    """Let the project count as installed; one that is installed is left as it is."""
    if any(point.name == project.plugin_id for point in entry_points(group=GROUP)):
        yield
        return
    with TemporaryDirectory(prefix="helpdesk-check-") as place:
        describe(project, Path(place))
        paths = [place, str(project.folder), *([str(src)] if (src := project.folder / "src").is_dir() else [])]
        sys.path[:0] = paths
        importlib.invalidate_caches()
        try:
            yield
        finally:
            for path in paths:
                sys.path.remove(path)
            package = project.entry.partition(":")[0].partition(".")[0]
            for name in [name for name in sys.modules if name.partition(".")[0] == package]:
                del sys.modules[name]
            importlib.invalidate_caches()
