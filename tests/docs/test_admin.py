"""The guide for admins names what there is: every setting with its default, every status, every exit code."""

import re
import tomllib

from helpdesk_core.cli.outcome import EXIT_CODES
from helpdesk_core.cli.root import COMMANDS
from helpdesk_core.plugins.registry import PluginStatus
from helpdesk_core.settings.fields import shown
from helpdesk_core.settings.sections import SECTIONS
from tests.docs.samples import DOCS, blocks, pages

ADMIN = (DOCS / "admin.md").read_text("utf-8")


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the first table below a heading."""
    text = ADMIN.partition(f"# {heading}\n")[2]
    table = re.search(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert table, heading
    return [[cell.strip() for cell in line.strip("|\n").split(" | ")] for line in table[0].splitlines()[2:]]


def test_every_setting_stands_there_with_its_default() -> None:
    for section in SECTIONS:
        told: dict[str, str] = {}
        for names, defaults, _what in (row[:3] for row in rows(f"[{section.name}]")):
            keys, values = re.findall(r"`(\w+)`", names), re.findall(r"`([^`]*)`", defaults)
            told |= dict(zip(keys, values * (len(keys) if len(values) == 1 else 1), strict=False)) if values else {}
            told |= {key: told.get(key, "") for key in keys}
        schema = section.schema()
        assert set(told) == set(schema.fields), section.name
        for key, text in told.items():
            if text:
                default = shown(schema.fields[key], schema.fields[key].load_default)
                assert tomllib.loads(f"value = {text}")["value"] == default, f"[{section.name}] {key}"


def test_every_status_and_exit_code_stands_there() -> None:
    statuses = ADMIN.partition("| status | meaning | what to do |")[2]
    assert set(re.findall(r"^\| ([a-z-]+) \|", statuses, re.MULTILINE)) >= {str(each) for each in PluginStatus}
    assert {row[0].strip("| ") for row in rows("Exit codes")} == {str(int(code)) for code in EXIT_CODES}


def test_commands_on_the_pages_exist() -> None:
    known = {*COMMANDS, "email", "janitor"}
    for page in pages():
        for block in blocks(page):
            if block.language in ("", "sh"):
                for word in re.findall(
                    r"^(?:\S+=\$\()?helpdesk (?:--instance \S+ |--\S+ )*([a-z]+)", block.text, re.MULTILINE
                ):
                    assert word in known, f"{page.name}: helpdesk {word}"
