"""What leaves this folder in a wheel, and what the lists of plugins say."""

import configparser
import tomllib
import zipfile
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parent.parent
PLUGINS = sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.Path:
    folder = tmp_path_factory.mktemp("wheel")
    return zipfile.Path(next(WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])))


def files_below(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"
    }


def test_the_wheel_holds_every_file_of_the_core(wheel: zipfile.Path) -> None:
    packed = set(wheel.root.namelist())
    assert {f"helpdesk_core/{name}" for name in files_below(ROOT / "helpdesk_core")} <= packed


def test_the_wheel_brings_the_bundled_themes_inside_the_package(wheel: zipfile.Path) -> None:
    themes = files_below(ROOT / "themes")
    assert themes
    assert {f"helpdesk_core/themes/{name}" for name in themes} <= set(wheel.root.namelist())


def test_the_wheel_is_typed_and_brings_no_tests(wheel: zipfile.Path) -> None:
    packed = wheel.root.namelist()
    assert "helpdesk_core/py.typed" in packed
    assert {name.split("/")[0].split("-")[0] for name in packed} == {"helpdesk_core"}


@pytest.mark.parametrize("folder", PLUGINS, ids=lambda folder: folder.name)
class TestPlugin:
    def test_names_follow_the_folder(self, folder: Path) -> None:
        project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
        package = "helpdesk_" + folder.name.replace("-", "_")
        assert project["name"] == f"helpdesk-{folder.name}"
        assert (folder / package / "py.typed").exists(), "ship the types: add an empty py.typed"
        assert all(target.startswith(f"{package}.") for target in project["entry-points"]["helpdesk.plugins"].values())

    def test_it_states_the_cores_it_fits(self, folder: Path) -> None:
        dependencies = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
        core = [line for line in dependencies if line.startswith("helpdesk-core")]
        assert len(core) == 1
        assert ">=" in core[0]
        assert "<" in core[0].replace("<=", "")

    def test_the_import_rules_know_it(self, folder: Path) -> None:
        config = configparser.ConfigParser()
        config.read(ROOT / "setup.cfg", "utf-8")
        package = "helpdesk_" + folder.name.replace("-", "_")
        assert package in config["importlinter"]["root_packages"].split(), f"name {package} in setup.cfg"

    def test_pip_has_installed_its_entry_point(self, folder: Path) -> None:
        names = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]
        assert set(names["helpdesk.plugins"]) <= entry_points(group="helpdesk.plugins").names
