"""The Python environment of the sites made with Wagtail and django CMS, and databases that are ready to be copied.

Both are kept in `var/shells/`, under names made of what went into them, and made anew when that changes. The sites must
not share the helpdesk's own environment: what they need is none of its business.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from helpdesk_core.testing.require import require

HERE = Path(__file__).parent
SHELLS = HERE.parent.parent / "shells"
KEPT = HERE.parents[3] / "var" / "shells"
REQUIREMENTS = HERE / "requirements.txt"
SOURCES = [SHELLS / name for name in ("python", "wagtail", "djangocms", "example")]
MEND = "set HELPDESK_REQUIRE=wagtail,djangocms once, which installs it (a network is needed)"


def require_environment(name: str) -> Path:
    """Return the Python of the sites; skip where it is not installed, install it where `HELPDESK_REQUIRE` says so."""
    place = _environment()
    demanded = {word.strip() for word in os.environ.get("HELPDESK_REQUIRE", "").split(",")}
    if demanded & {"all", name}:
        with _locked("environment"):
            if not (place / "ready").exists():
                _install(place)
    require(name, (place / "ready").exists(), mend=MEND)
    return place / "bin" / "python"


def run(python: Path, kind: str, folder: Path, *arguments: str, url: str = "", entered: str = "") -> None:
    """Run a command of the site's `manage.py`; raises with what it said when it fails."""
    command = [str(python), str(SHELLS / "example" / "manage.py"), *arguments]
    done = subprocess.run(
        command, env=variables(kind, folder, url), input=entered, capture_output=True, text=True, timeout=400
    )
    if done.returncode:
        raise RuntimeError(f"manage.py {' '.join(arguments)} failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")


def variables(kind: str, folder: Path, url: str) -> Mapping[str, str]:
    """Return the environment variables of a site."""
    return {
        "PATH": os.environ.get("PATH", ""),
        "LANG": "C.UTF-8",
        "PYTHONPATH": os.pathsep.join(map(str, SOURCES)),
        "PYTHONDONTWRITEBYTECODE": "1",
        "DJANGO_SETTINGS_MODULE": f"example_site.{kind}_settings",
        "EXAMPLE_FOLDER": str(folder),
        "EXAMPLE_URL": url or "http://localhost",
    }


def prepare(python: Path, kind: str, folder: Path, people: Mapping[str, Mapping[str, str]], password: str) -> None:
    """Put a copy of the site's database, with its pages and people, into `folder`."""
    given = json.dumps({"people": people, "password": password})
    place = KEPT / f"{kind}-{_mark([REQUIREMENTS, *_files()], given)}"
    with _locked(kind):
        if not (place / "site.sqlite3").exists():
            making = place.with_suffix(".making")
            shutil.rmtree(making, ignore_errors=True)
            making.mkdir(parents=True)
            run(python, kind, making, "migrate", "--verbosity", "0", "--skip-checks")
            run(python, kind, making, "make_site", entered=given)
            making.rename(place)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(place / "site.sqlite3", folder / "site.sqlite3")


def _environment() -> Path:
    return KEPT / f"python-{_mark([REQUIREMENTS], sys.version)}"


def _install(place: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)
    python = place / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True, timeout=120)
    installing = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--require-hashes", "--python", str(python)]
    subprocess.run([*installing, "--requirements", str(REQUIREMENTS)], check=True, timeout=500)
    (place / "ready").touch()


def _files() -> list[Path]:
    """Return what decides how a new database looks."""
    names = ("models.py", "blocks.py", "people.py", "make_site.py", "*_settings.py", "migrations/*.py")
    return sorted(path for source in SOURCES for name in names for path in source.rglob(name))


def _mark(files: list[Path], more: str) -> str:
    digest = hashlib.sha256(more.encode())
    for path in files:
        digest.update(path.relative_to(HERE.parents[3]).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:20]


@contextmanager
def _locked(name: str) -> Iterator[None]:
    """Let one process at a time make it; the others find it made."""
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
