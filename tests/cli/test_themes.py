"""Themes from the command line."""

from pathlib import Path

import pytest

from tests.cli.commands import Run


def test_the_bundled_themes_are_listed_and_fit(desk: Run) -> None:
    themes = {each["name"]: each for each in desk("themes", "list", "--json").json["themes"]}
    assert {"default", "harbor"} <= set(themes)
    assert themes["default"]["active"]
    done = desk("themes", "check")
    assert done.code == 0, done.out


def test_a_theme_that_is_begun_fits_and_can_be_chosen(desk: Run, instance: Path) -> None:
    assert desk("themes", "new", "blue-sky", "--parent", "harbor").code == 0
    assert (instance / "themes" / "blue-sky" / "tokens.css").exists()
    assert desk("themes", "check", "blue-sky", "--json").json == []
    themes = {each["name"]: each for each in desk("themes", "list", "--json").json["themes"]}
    assert (themes["blue-sky"]["title"], themes["blue-sky"]["parent"]) == ("Blue sky", "harbor")


def test_what_is_behind_is_named_with_file_and_line(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    assert run("themes", "new", "mine", "--folder", tmp_path).code == 0
    (folder / "tokens.css").write_text(":root {\n  --hd-nonsense: red;\n}\n")
    done = run("themes", "check", folder)
    assert done.code == 1
    assert f"{folder / 'tokens.css'}:2: Core does not use --hd-nonsense" in done.out


@pytest.mark.parametrize(
    ("words", "said"),
    [(["check", "nowhere"], "There is no theme nowhere"), (["new", "No Name"], "cannot be the name of a theme")],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_does_not_fit_is_said_in_one_line(desk: Run, words: list[str], said: str) -> None:
    done = desk("themes", *words)
    assert done.code == 1
    assert said in done.complaint
