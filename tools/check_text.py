"""Look through the tracked files for what must not be published, and for modules that have grown too long."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
LONG, TOO_LONG = 300, 400
"""Lines of a module: from the first number on it is named, over the second the check fails.
Migrations are as long as what they create."""

# Written in pieces, so that this file does not match itself.
FORBIDDEN = {
    "a path of somebody's machine": re.compile(r"(?<![\w.)}-])/(?:work|root|Users/\w+)" + r"/[\w.]"),
    "a private key": re.compile("-----BEGIN (?:[A-Z]+ )*PRIVATE" + " KEY"),
    "a mark of an unfinished merge": re.compile("^(?:<<<<<<<|>>>>>>>)" + " ", re.MULTILINE),
}
FORBIDDEN_IN_PINS = {"an address of a registry": re.compile(r"\w+://|--(?:extra-)?index-url|--find-links")}


def tracked_files() -> list[Path]:
    """Return the files that git tracks and that are still there; without git, all files outside hidden folders."""
    try:
        git = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True)
    except (FileNotFoundError, subprocess.CalledProcessError):  # an unpacked archive, or a machine without git
        names = [path.relative_to(ROOT) for path in ROOT.rglob("*")]
        return [ROOT / name for name in names if name.parts[0][0] != "." and (ROOT / name).is_file()]
    return [path for name in git.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def text_problems(path: Path) -> list[str]:
    """Return a sentence for each forbidden text in a file; files that are not UTF-8 text are left alone."""
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError:
        return []
    name = path.relative_to(ROOT)
    patterns = FORBIDDEN | (FORBIDDEN_IN_PINS if name.parent.name == "requirements" else {})
    return [
        f"{name}:{text.count(chr(10), 0, found.start()) + 1}: {what}: {found.group()!r}"
        for what, pattern in patterns.items()
        for found in pattern.finditer(text)
    ]


def main() -> int:
    """Print what was found; return 1 if any of it must be mended."""
    files = tracked_files()
    problems = [problem for path in files for problem in text_problems(path)]
    for path in (path for path in files if path.suffix == ".py" and path.parent.name != "migrations"):
        lines = len(path.read_bytes().splitlines())
        if lines > TOO_LONG:
            problems.append(f"{path.relative_to(ROOT)}: {lines} lines, at most {TOO_LONG}: give a part its own module")
        elif lines >= LONG:
            print(f"{path.relative_to(ROOT)}: {lines} lines, aim for fewer than {LONG}")
    for problem in problems:
        print(problem)
    print(f"{len(files)} files looked through, {len(problems)} problems.")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
