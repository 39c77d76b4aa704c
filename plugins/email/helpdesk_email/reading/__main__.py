"""`python -m helpdesk_email.reading FILE…`: one JSON line a mail."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from .decisions import explain


def main(arguments: list[str]) -> int:
    """Print what is made of each file; a file that cannot be opened gives a line with `error`."""
    failed = 0
    for name in arguments:
        try:
            raw = Path(name).read_bytes()
        except OSError as error:
            failed = 1
            line = explain(b"", name) | {"error": f"Cannot read {name}: {error.strerror}. Check the path."}
        else:
            line = explain(raw, name)
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
