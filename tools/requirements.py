"""Pin the dependencies of core and plugins (`lock`), or tell where the pins are behind (`check`, without network).

What is needed is stated once: in the `pyproject.toml` of core and of each plugin (with every extra but `testing`), and
in `requirements/*.in` for the tools around them. The pins with their hashes are in `requirements/*.txt`.
"""

import subprocess
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parent.parent
LISTS = ROOT / "requirements"


def asked_by_distributions() -> dict[str, list[str]]:
    """Map each `pyproject.toml` to the requirements it states, without those on the distributions of this folder."""
    projects = {
        path.relative_to(ROOT).as_posix(): tomllib.loads(path.read_text("utf-8"))["project"]
        for path in [ROOT / "pyproject.toml", *sorted(ROOT.glob("plugins/*/pyproject.toml"))]
    }
    own = {canonicalize_name(project["name"]) for project in projects.values()}
    asked = {}
    for path, project in projects.items():
        extras = project.get("optional-dependencies", {})
        lines = [
            *project.get("dependencies", []),
            *(line for name in extras if name != "testing" for line in extras[name]),
        ]
        asked[path] = [line for line in lines if canonicalize_name(Requirement(line).name) not in own]
    return asked


def asked_by(name: str) -> dict[str, list[str]]:
    """Map each source of the list `name` (`runtime` or `dev`) to the requirements it states."""
    asked = asked_by_distributions()
    for path in [LISTS / "runtime.in", LISTS / f"{name}.in"]:  # dev.txt holds all of runtime.txt
        lines = path.read_text("utf-8").splitlines()
        asked[path.relative_to(ROOT).as_posix()] = [line for line in lines if line and not line.startswith("#")]
    return asked


def pins(name: str) -> dict[str, set[Version]]:
    """Map each package pinned in `name`.txt to its versions; several where platforms or Pythons differ."""
    found: dict[str, set[Version]] = {}
    for line in (LISTS / f"{name}.txt").read_text("utf-8").splitlines():
        if line[:1].isalnum():
            pin = Requirement(line.rstrip("\\ "))
            found.setdefault(canonicalize_name(pin.name), set()).update(Version(s.version) for s in pin.specifier)
    return found


def lock(arguments: list[str]) -> None:
    """Write the pins anew, keeping the versions that still fit; `--upgrade` takes the newest instead."""
    for name, constraints in (("runtime", []), ("dev", ["--constraints", str(LISTS / "runtime.txt")])):
        lines = [line for source in asked_by(name).values() for line in source]
        command = ["uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"]
        command += ["--no-annotate", "--custom-compile-command", "make lock", "--output-file", f"{name}.txt"]
        subprocess.run(
            [*command, *constraints, *arguments, "-"], input="\n".join(lines), text=True, check=True, cwd=LISTS
        )


def check() -> list[str]:
    """Return a sentence for each requirement that its list of pins does not meet."""
    problems = []
    for name in ("runtime", "dev"):
        pinned = pins(name)
        for source, lines in asked_by(name).items():
            for requirement in map(Requirement, lines):
                versions = pinned.get(canonicalize_name(requirement.name), set())
                if not versions or not all(requirement.specifier.contains(version) for version in versions):
                    problems.append(f"{source} asks for {requirement}, which requirements/{name}.txt does not pin")
    runtime, dev = pins("runtime"), pins("dev")
    problems += [
        f"{package} differs in runtime.txt and dev.txt" for package in runtime if runtime[package] != dev.get(package)
    ]
    return problems


def main(arguments: list[str]) -> int:
    """Run `lock [--upgrade]` or `check`; return the exit code."""
    if arguments[:1] == ["lock"]:
        lock(arguments[1:])
        return 0
    problems = check()
    for problem in problems:
        print(f"{problem}: run `make lock` and commit requirements/.")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
