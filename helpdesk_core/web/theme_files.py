"""What a theme's folder holds: its `theme.toml`, and where themes are found."""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from helpdesk_core.errors import ConfigError

TOKENS_CONTRACT = 1
"""Number of the set of tokens that core's css/tokens.css defines; raised when a token goes or changes its meaning."""

ACCENT = "#0e6074"
NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}", re.ASCII)
"""What a theme may be called."""


@dataclass(frozen=True)
class Theme:
    """What a theme's `theme.toml` says; `accent` is the one colour that mails and the favicon need as a value."""

    name: str
    title: str
    version: str
    folder: Path
    parent: str = ""
    description: str = ""
    contract: int = TOKENS_CONTRACT
    accent: str = ACCENT
    logo: str = ""
    mark: str = ""
    preview: str = ""

    @property
    def templates(self) -> Path:
        """The folder of templates that replace or extend core's and the plugins'."""
        return self.folder / "templates"


def bundled_themes() -> Path:
    """The folder of the themes that come with core: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parent.parent
    inside = package / "themes"
    return inside if inside.is_dir() else package.parent / "themes"


def read_theme(folder: Path) -> Theme:
    """Read `theme.toml` of one theme; `ConfigError` says what is wrong with it and where."""
    file = folder / "theme.toml"
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"The theme in {folder} has no readable theme.toml: {error.strerror}. Add the file."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} cannot be read: {error}. Mend the line.") from error
    kinds: dict[str, type] = {field: str for field in Theme.__annotations__ if field != "folder"} | {"contract": int}
    for key, value in data.items():
        if key not in kinds:
            raise ConfigError(f"{file}: the key {key} is not known. Known are {', '.join(sorted(kinds))}.")
        if not isinstance(value, kinds[key]):
            raise ConfigError(f"{file}: {key} must be {'a number' if kinds[key] is int else 'a text'}.")
    for key in ("name", "title", "version"):
        if not data.get(key):
            raise ConfigError(f"{file}: {key} is missing. Add it.")
    if data["name"] != folder.name or not NAME.fullmatch(data["name"]):
        raise ConfigError(f"{file}: name must be the folder's name, in small letters, digits, - and _.")
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", data.get("accent", ACCENT)):
        raise ConfigError(f"{file}: accent must be a colour such as {ACCENT}.")
    for key in ("logo", "mark", "preview"):
        if data.get(key) and (Path(data[key]).name != data[key] or not (folder / data[key]).is_file()):
            raise ConfigError(f"{file}: {key} names {data[key]}, which is not a file beside theme.toml.")
    return Theme(folder=folder, **data)


def find_themes(roots: Sequence[Path]) -> tuple[dict[str, Theme], list[str]]:
    """All themes below the roots by name (the first root that has a name wins), and why others cannot be used."""
    themes: dict[str, Theme] = {}
    problems: list[str] = []
    for root in roots:
        for folder in sorted(root.iterdir()) if root.is_dir() else ():
            if folder.is_dir() and folder.name not in themes and (folder / "theme.toml").exists():
                try:
                    themes[folder.name] = read_theme(folder)
                except ConfigError as error:
                    problems.append(str(error))
    return themes, problems
