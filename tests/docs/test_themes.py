"""The theme that the guide makes fits core, and every token that it names exists."""

import re
from pathlib import Path

from helpdesk_core.cli.scaffolding import new_theme
from helpdesk_core.web.assets import CORE_STATIC
from helpdesk_core.web.theme_check import check_theme
from helpdesk_core.web.theme_files import read_theme
from tests.docs.samples import DOCS, blocks

PAGE = DOCS / "themes.md"


def test_the_theme_of_the_guide_fits(tmp_path: Path) -> None:
    folder = new_theme("ocean", "default", tmp_path / "ocean")
    (css,) = [block for block in blocks(PAGE) if block.language == "css"]
    (folder / "tokens.css").write_text(css.text, encoding="utf-8")
    (html,) = [block for block in blocks(PAGE) if block.language == "html"]
    target = folder / "templates/base/portal.html"
    assert "`templates/base/portal.html` of the theme" in PAGE.read_text("utf-8")
    target.parent.mkdir(parents=True)
    target.write_text(html.text, encoding="utf-8")
    assert check_theme(read_theme(folder), plugins={}) == []
    target.write_text(html.text.replace("footer_text", "foot"), encoding="utf-8")
    assert [found.kind for found in check_theme(read_theme(folder), plugins={})] == ["block-gone"]


def test_every_token_of_the_guide_is_one_of_core() -> None:
    known = "".join(sheet.read_text("utf-8") for sheet in (CORE_STATIC / "css").glob("*.css"))
    named = set(re.findall(r"--hd-[a-z0-9-]*[a-z0-9]", PAGE.read_text("utf-8")))
    assert len(named) > 30
    assert not {token for token in named if token not in known}
