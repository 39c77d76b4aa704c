"""Taking the documentation's samples out of its pages, and making plugins of them."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PLACE = re.compile(r"(?:# |\{# )([\w./]+\.\w+)(?: #\})?\n")

PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "helpdesk-{id}"
version = "0.1.0"
description = "A sample of the documentation."
dependencies = ["helpdesk-core>=0.1,<0.2"]

[project.entry-points."helpdesk.plugins"]
{id} = "helpdesk_{id}.plugin:{Class}Plugin"
"""


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the file that its first line names (or none), and the text after that line."""

    page: Path
    language: str
    place: str
    text: str


def pages() -> list[Path]:
    """Return every page, README and changelog included."""
    return [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of a page."""
    found = []
    for language, text in BLOCK.findall(page.read_text("utf-8")):
        place = PLACE.match(text)
        body = text[place.end() :] if place else text
        found.append(Block(page, language, place[1] if place else "", body))
    return found


def write_plugin(page: Path, folder: Path) -> str:
    """Write the plugin that a page's blocks make up as a project, and return its id."""
    placed = [block for block in blocks(page) if block.place]
    plugin_id = placed[0].place.partition("/")[0].removeprefix("helpdesk_")
    for block in placed:
        file = folder / block.place
        file.parent.mkdir(parents=True, exist_ok=True)
        assert not file.exists(), f"{page.name} has two blocks for {block.place}"
        file.write_text(block.text, encoding="utf-8")
    package = folder / f"helpdesk_{plugin_id}"
    (package / "__init__.py").touch()
    (folder / "pyproject.toml").write_text(
        PYPROJECT.format(id=plugin_id, Class=plugin_id.capitalize()), encoding="utf-8"
    )
    return plugin_id
