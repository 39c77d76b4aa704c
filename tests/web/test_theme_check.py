from pathlib import Path

import pytest

from helpdesk_core.web.theme_check import Finding, Kind, check_templates, check_theme
from helpdesk_core.web.theming import bundled_themes, find_themes

CORE = """{#- contract: 3 -#}
{% extends "base.html" %}
{% block main %}{% block top %}{{ slot("ticket.top") }}{% endblock %}
text{{ slot("ticket.side", ticket=ticket) }}{% endblock %}
"""


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Path]:
    folders = {name: tmp_path / name for name in ("core", "sla", "overrides")}
    for folder in folders.values():
        folder.mkdir()
    (folders["core"] / "base.html").write_text(
        "{#- contract: 1 -#}\n{% block main %}{% endblock %}{% block foot %}{% endblock %}"
    )
    (folders["core"] / "ticket.html").write_text(CORE)
    (folders["sla"] / "panel.html").write_text("{#- contract: 1 -#}\nplain")
    return folders


def found(folders: dict[str, Path], name: str, text: str) -> list[Finding]:
    file = folders["overrides"] / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, "utf-8")
    return check_templates(folders["overrides"], plugins={"sla": folders["sla"]}, core=folders["core"])


def kinds(findings: list[Finding]) -> list[Kind]:
    return [finding.kind for finding in findings]


def test_an_override_that_fits_is_left_alone(folders: dict[str, Path]) -> None:
    text = (
        '{#- contract: 3 -#}\n{% extends "core:ticket.html" %}'
        "{% block main %}x{{ super() }}{% endblock %}{% block foot %}{% endblock %}"
    )
    assert found(folders, "ticket.html", text) == []


def test_an_override_behind_its_contract_is_reported(folders: dict[str, Path]) -> None:
    (finding,) = found(folders, "ticket.html", '{#- contract: 2 -#}\n{% extends "core:ticket.html" %}')
    assert finding.kind is Kind.BEHIND
    assert "contract 2, core has 3" in finding.message


def test_an_override_without_a_contract_is_reported(folders: dict[str, Path]) -> None:
    assert kinds(found(folders, "ticket.html", '{% extends "core:ticket.html" %}')) == [Kind.NO_CONTRACT]


def test_a_block_that_core_no_longer_has_is_reported_with_its_line(folders: dict[str, Path]) -> None:
    text = '{#- contract: 3 -#}\n{% extends "core:ticket.html" %}\n{% block sidebar %}x{% endblock %}'
    (finding,) = found(folders, "ticket.html", text)
    assert (finding.kind, finding.line) == (Kind.BLOCK_GONE, 3)
    assert "main" in finding.message
    assert "foot" in finding.message


def test_a_block_of_a_whole_replacement_that_its_parent_does_not_have_is_reported(folders: dict[str, Path]) -> None:
    slots = '{% block inner %}{{ slot("ticket.top") }}{% endblock %}{{ slot("ticket.side") }}'
    text = '{#- contract: 3 -#}\n{% extends "base.html" %}\n{% block NAME %}' + slots + "{% endblock %}"
    assert found(folders, "ticket.html", text.replace("NAME", "main")) == []
    (finding,) = found(folders, "ticket.html", text.replace("NAME", "content"))
    assert (finding.kind, finding.line) == (Kind.BLOCK_GONE, 3)
    assert "There are: foot, main." in finding.message
    own = "{#- contract: 1 -#}{% block content %}{% endblock %}{% block main %}{% endblock %}"
    assert found(folders, "base.html", own) == []


def test_slots_that_a_block_drops_are_reported(folders: dict[str, Path]) -> None:
    text = '{#- contract: 3 -#}\n{% extends "core:ticket.html" %}{% block main %}{{ slot("ticket.top") }}{% endblock %}'
    (finding,) = found(folders, "ticket.html", text)
    assert finding.kind is Kind.SLOT_DROPPED
    assert "ticket.side" in finding.message


def test_slots_that_a_whole_replacement_drops_are_reported(folders: dict[str, Path]) -> None:
    findings = found(folders, "ticket.html", "{#- contract: 3 -#}\nall my own")
    assert kinds(findings) == [Kind.SLOT_DROPPED, Kind.SLOT_DROPPED]


def test_an_override_of_nothing_is_reported_but_a_part_of_the_themes_own_is_not(folders: dict[str, Path]) -> None:
    assert kinds(found(folders, "gone.html", "{#- contract: 1 -#}")) == [Kind.ORPHAN]


def test_a_syntax_error_is_reported_with_its_line(folders: dict[str, Path]) -> None:
    (finding,) = found(folders, "ticket.html", "{#- contract: 3 -#}\n{% block %}")
    assert (finding.kind, finding.line) == (Kind.BROKEN, 2)


def test_overrides_of_plugins_are_checked_too(folders: dict[str, Path]) -> None:
    assert found(folders, "sla/panel.html", "{#- contract: 1 -#}\nother") == []
    assert kinds(found(folders, "sla/panel.html", "other")) == [Kind.NO_CONTRACT]


def test_a_token_that_core_does_not_know_is_reported(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "theme.toml").write_text('name = "mine"\ntitle = "Mine"\nversion = "1"\ncontract = 0\n')
    (folder / "tokens.css").write_text(":root {\n  --hd-accent: red;\n  --hd-acent-soft: pink;\n}\n")
    findings = check_theme(find_themes([tmp_path])[0]["mine"], plugins={})
    assert kinds(findings) == [Kind.BEHIND, Kind.UNKNOWN_PROPERTY]
    assert (findings[1].line, "--hd-acent-soft" in findings[1].message) == (3, True)


def test_the_bundled_themes_fit_core() -> None:
    themes, problems = find_themes([bundled_themes()])
    assert problems == []
    assert {"default", "harbor"} <= set(themes)
    for theme in themes.values():
        assert check_theme(theme, plugins={}) == []
