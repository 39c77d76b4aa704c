"""The catalogue of hooks as a page of the documentation."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from helpdesk_core.hooks import SpecInfo

HEAD: Final = Path(__file__).parent / "hooks_head.md"

TITLES: Final[Mapping[str, str]] = {
    "tickets": "Tickets",
    "attachments": "Attachments",
    "departments": "Departments",
    "users": "People",
    "mail": "Mail",
    "web": "Pages",
    "rest": "HTTP API",
    "jobs": "Jobs",
    "cli": "Command line",
}


def page(found: Iterable[SpecInfo]) -> str:
    """Return the page: a section for each area, in the order of the catalogue."""
    parts, area = [HEAD.read_text("utf-8")], ""
    for info in found:
        here = info.module.split(".")[1]
        if here != area:
            area = here
            parts.append(f"## {TITLES.get(area, area.capitalize())}\n\n`from helpdesk_core.api.hooks import …`\n")
        parts.append(_entry(info))
    return "\n".join(parts)


def _entry(info: SpecInfo) -> str:
    words = [info.style, info.stability, f"since {info.since}", *_options(info.options)]
    return f"### `{info.name}`\n\n```python\n{info.signature}\n```\n\n*{', '.join(words)}*\n\n{info.docstring}\n"


def _options(options: Mapping[str, str]) -> Iterable[str]:
    for key, value in options.items():
        if key == "fail_closed":
            yield "fail closed"
        elif key == "when":
            yield "at start-up" if value == "startup" else "for each request"
        elif key == "event":
            yield "of any event" if value == "any" else f"of `{value}`"
        else:
            yield f"{key} `{value}`" if key == "refines" else f"{key} {value}"
