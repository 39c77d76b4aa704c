"""Build core and every plugin, and try each plugin's wheel in an environment of its own, with core and nothing else."""

import os
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
LOAD = """
from importlib.metadata import entry_points
for point in entry_points(group="helpdesk.plugins"):
    print(point.name, point.load().__name__)
"""


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """Return what the command prints; stop with all of it if it fails."""
    done = subprocess.run(
        command, cwd=cwd, env=os.environ | environment, capture_output=True, text=True, input="a long passphrase\n"
    )
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\nended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def build(folder: Path, wheels: Path) -> Path:
    """Build the source archive, and from it the wheel, of the distribution in `folder`; return the wheel."""
    before = set(wheels.glob("*.whl"))
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", wheels, folder, cwd=wheels)
    (wheel,) = set(wheels.glob("*.whl")) - before
    return wheel


def try_out(chosen: list[Path], plugins: list[str], wheels: Path, place: Path) -> None:
    """Install the chosen wheels, with pinned dependencies, at `place`, and use the command with a new instance."""
    run(BIN / "uv", "venv", "--quiet", "--python", sys.executable, place, cwd=wheels)
    pins = ("--constraints", ROOT / "requirements" / "runtime.txt", "--find-links", wheels)
    run(BIN / "uv", "pip", "install", "--quiet", "--python", place / "bin/python", *pins, *chosen, cwd=wheels)
    helpdesk, instance = place / "bin/helpdesk", {"HELPDESK_INSTANCE": str(place / "instance")}
    run(helpdesk, "--version", cwd=place)
    loaded = run(place / "bin/python", "-c", LOAD, cwd=place)
    account = ["--site-url", "https://desk.example.com", "--admin-email", "admin@example.com", "--admin-password-stdin"]
    enabled = ["--plugins", ",".join(plugins)] if plugins else []
    run(helpdesk, "init", *account, *enabled, cwd=place, **instance)
    listed = run(helpdesk, "plugins", "list", cwd=place, **instance)
    for plugin in plugins:
        if plugin not in loaded or plugin not in listed:
            sys.exit(f"{plugin} is installed, but `helpdesk plugins list` does not know it:\n{loaded}{listed}")


def main() -> None:
    """Build all, then try core without plugins and with each of them; say how long each took."""
    with tempfile.TemporaryDirectory() as folder:
        wheels = Path(folder) / "wheels"
        wheels.mkdir()
        core = build(ROOT, wheels)
        projects = {
            path.parent: tomllib.loads(path.read_text("utf-8"))["project"]
            for path in sorted(ROOT.glob("plugins/*/pyproject.toml"))
        }
        built = {path: build(path, wheels) for path in projects}
        try_out([core], [], wheels, Path(folder) / "core")
        print(f"{core.name}: ok", flush=True)
        for path, project in projects.items():
            begun = time.monotonic()
            names = list(project["entry-points"]["helpdesk.plugins"])
            try_out([core, built[path]], names, wheels, Path(folder) / path.name)
            print(f"{built[path].name}: ok, {time.monotonic() - begun:.1f} s", flush=True)


if __name__ == "__main__":
    main()
