"""What a PDF file says, read by a process of its own: `python -m helpdesk_search.pdf_text PAGES CHARACTERS < FILE`.

Files are anybody's, and a few kilobytes can ask for minutes and gigabytes. So whoever reads them may be killed.
It imports nothing of the helpdesk, so that it starts quickly.
"""

import resource
import sys
from io import BytesIO
from typing import Final

MAX_SECONDS: Final = 20
"""Of CPU time."""
MAX_MEMORY: Final = 1_000_000_000


def main() -> None:
    """Write the text as UTF-8, page by page, so that what was read before the end is not lost."""
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_SECONDS, MAX_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    pages, left = int(sys.argv[1]), int(sys.argv[2])
    from pypdf import PdfReader

    for page in PdfReader(BytesIO(sys.stdin.buffer.read())).pages[:pages]:
        text = page.extract_text()[:left]
        sys.stdout.buffer.write(text.encode("utf-8", "replace") + b"\n")
        sys.stdout.buffer.flush()
        left -= len(text)
        if left <= 0:
            break


if __name__ == "__main__":
    main()
