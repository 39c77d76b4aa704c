"""`helpdesk themes`: which there are, whether they fit, and a new one to begin with."""

from pathlib import Path

import click

from helpdesk_core.cli.context import Cli, json_option, pass_cli, print_json, print_table
from helpdesk_core.cli.outcome import Outcome, complain


@click.group()
def themes() -> None:
    """See themes, check them, begin one."""


@themes.command("list")
@json_option
@pass_cli
def list_(cli: Cli, as_json: bool) -> None:
    """Show the themes there are: the bundled ones, and those in the instance's folder "themes"."""
    from helpdesk_core.cli.theme_folders import themes_of

    active = cli.config().theme.active if cli.exists else ""
    found, problems = themes_of(cli.folder if cli.exists else None)
    rows = [
        {
            "name": theme.name,
            "title": theme.title,
            "version": theme.version,
            "parent": theme.parent,
            "active": theme.name == active,
            "folder": str(theme.folder),
            "description": theme.description,
        }
        for theme in found.values()
    ]
    if as_json:
        print_json({"themes": rows, "problems": problems})
        return
    print_table(
        [
            ("THEME", "VERSION", "", ""),
            *(
                (theme.name, theme.version, "active" if theme.name == active else "", theme.description)
                for theme in found.values()
            ),
        ]
    )
    for problem in problems:
        complain(str(problem))


@themes.command()
@click.argument("theme", required=False)
@json_option
@pass_cli
def check(cli: Cli, theme: str | None, as_json: bool) -> int:
    """Say what in THEME (a name or a folder; all if left out) no longer fits core and the installed plugins."""
    from helpdesk_core.cli.theme_folders import findings, themes_of
    from helpdesk_core.errors import NotFound
    from helpdesk_core.web.theme_files import read_theme

    found, problems = themes_of(cli.folder if cli.exists else None)
    if theme and Path(theme).is_dir():
        chosen, problems = [read_theme(Path(theme).resolve())], []
    elif theme:
        if theme not in found:
            raise NotFound(f"There is no theme {theme}. There are: {', '.join(found)}.")
        chosen, problems = [found[theme]], []
    else:
        chosen = list(found.values())
    rows = [(each, finding) for each in chosen for finding in findings(each)]
    if as_json:
        print_json(
            [
                {
                    "theme": each.name,
                    "kind": str(finding.kind),
                    "file": finding.file,
                    "line": finding.line,
                    "text": finding.message,
                }
                for each, finding in rows
            ]
        )
    else:
        for each, finding in rows:
            place = next(
                (path for path in (each.folder / finding.file, each.templates / finding.file) if path.exists()),
                each.folder,
            )
            click.echo(f"{place}:{finding.line}: {finding.message}")
        click.echo(f"{len(chosen)} {'theme' if len(chosen) == 1 else 'themes'} looked through, {len(rows)} to mend")
    for problem in problems:
        complain(str(problem))
    return Outcome.NOT_DONE.value if rows or problems else Outcome.DONE.value


@themes.command()
@click.argument("name")
@click.option("--parent", default="default", show_default=True, help="The theme that it changes.")
@click.option("--folder", type=click.Path(path_type=Path), help="Where to make it; the instance's themes by default.")
@pass_cli
def new(cli: Cli, name: str, parent: str, folder: Path | None) -> None:
    """Begin a theme: a folder with its theme.toml and the tokens to change."""
    from helpdesk_core.cli.scaffolding import new_theme

    made = new_theme(name, parent, (folder or cli.existing() / "themes") / name)
    click.echo(f'{made}\nChange tokens.css, then choose it: [theme] active = "{name}"')
