"""Fail if hooks have changed and CHANGELOG.md does not say so: plugin authors rely on their signatures.

The signatures of the last release are compared with those of the code; every hook that differs has to be named in the
section "Unreleased". Before the first release new hooks need no line, and changed or removed ones are looked for in the
last commit and in what is not committed yet.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
KEPT = "tests/hooks_snapshot.json"
MEND = f"run: helpdesk hooks --snapshot > {KEPT}"


def git(*words: str) -> str | None:
    """Return what git prints, None if it fails."""
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else None


def base() -> tuple[str | None, bool]:
    """Return the commit to compare with, and whether it is a release; None if there is nothing before."""
    release = git("describe", "--tags", "--abbrev=0", "--match", "v*")
    if release:
        return release, True
    uncommitted = git("diff", "--quiet", "HEAD", "--", KEPT) is None
    return ("HEAD" if uncommitted else "HEAD~1" if git("rev-parse", "--verify", "-q", "HEAD~1") else None), False


def changes(before: dict[str, Any], after: dict[str, Any]) -> dict[str, str]:
    """Return the hooks that differ, each with what was done to it."""
    found = dict.fromkeys(before.keys() - after.keys(), "removed")
    found |= dict.fromkeys(after.keys() - before.keys(), "added")
    return found | {name: "changed" for name in before.keys() & after.keys() if before[name] != after[name]}


def unreleased() -> str:
    """Return what CHANGELOG.md says of the coming release."""
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    return text.partition("## Unreleased")[2].partition("\n## ")[0]


def main() -> int:
    """Print every hook that has changed silently; return 1 if there is one. `--kept-only` trusts the kept file."""
    kept = json.loads((ROOT / KEPT).read_text("utf-8"))
    if "--kept-only" not in sys.argv:
        from helpdesk_core.catalogue import SPEC_MODULES
        from helpdesk_core.hooks import snapshot

        if kept != snapshot(SPEC_MODULES):
            print(f"The signatures of hooks are not those in {KEPT}; {MEND}")
            return 1
    commit, is_release = base()
    old = git("show", f"{commit}:{KEPT}") if commit else None
    if old is None:
        print("No earlier signatures of hooks to compare with.")
        return 0
    said = unreleased()
    silent = {
        name: what
        for name, what in changes(json.loads(old), kept).items()
        if f"`{name}`" not in said and (is_release or what != "added")
    }
    for name, what in sorted(silent.items()):
        print(f"The hook {name} was {what} since {commit}: name it as `{name}` under Unreleased in CHANGELOG.md.")
    print(f"{len(kept)} hooks compared with {commit}, {len(silent)} silent changes.")
    return bool(silent)


if __name__ == "__main__":
    sys.exit(main())
