"""What `helpdesk check` looks at, one area after the other."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from sqlalchemy.exc import DBAPIError

from helpdesk_core.app import open_helpdesk
from helpdesk_core.cli.context import Cli
from helpdesk_core.cli.outcome import Outcome, code_for
from helpdesk_core.cli.theme_folders import problems_of_themes
from helpdesk_core.db.engine import database_url
from helpdesk_core.db.migrate import Status
from helpdesk_core.errors import HelpdeskError
from helpdesk_core.mail.outlet import make_transport
from helpdesk_core.mail.transport import TransportDown
from helpdesk_core.plugins.switching import status_all
from helpdesk_core.settings import Config, load_config
from helpdesk_core.settings.config import suggestion
from helpdesk_core.settings.secret import exposed, load_secret

if TYPE_CHECKING:
    from helpdesk_core.runtime import Helpdesk


_OTHERS: Final = 0o007
_ENTER: Final = 0o001
_NO_SECRET: Final = frozenset({".gitignore", "locales", "secret.key", "static", "templates", "themes"})
"""What others may read of an instance; of the secret key there is a finding of its own."""


class Level(StrEnum):
    """How bad it is; warnings may be meant so."""

    WELL = "ok"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True)
class Finding:
    """What was found in one area; `outcome` is the exit code that it deserves."""

    level: Level
    area: str
    text: str
    outcome: Outcome = Outcome.NOT_DONE

    def as_dict(self) -> dict[str, str]:
        """Return it as JSON can hold it."""
        return {"level": str(self.level), "area": self.area, "text": self.text}


def look(cli: Cli) -> list[Finding]:
    """Return what there is to say; areas that cannot be looked at for an earlier fault are left out."""
    try:
        folder = cli.existing()
        config = load_config(folder, os.environ)
        load_secret(folder, os.environ)
    except HelpdeskError as error:
        outcome, text = code_for(error)
        return [Finding(Level.WRONG, "configuration", line, outcome or Outcome.NOT_DONE) for line in text.splitlines()]
    found = [*_configuration(config), *_files(config)]
    try:
        with cli.engine(config) as engine:
            tables = list(_tables(config, status_all(engine)))
    except (HelpdeskError, DBAPIError) as error:
        return [*found, _wrong("database", error)]
    found += tables
    if any(each.level is Level.WRONG and each.text.startswith("core") for each in tables):
        return found
    try:
        desk = open_helpdesk(folder, safe_mode=cli.safe_mode)
    except (HelpdeskError, DBAPIError) as error:
        return [*found, _wrong("plugins", error)]
    try:
        return [*found, *_settings(desk), *_plugins(desk), *_mail(desk), *_themes(desk)]
    finally:
        desk.close()


def _configuration(config: Config) -> Iterator[Finding]:
    yield Finding(Level.WELL, "configuration", str(config.file or f"{config.instance}: no file, defaults only"))
    for warning in config.warnings:
        yield Finding(Level.WARNING, "configuration", warning)
    if open_to_others := exposed(config.instance):
        yield Finding(Level.WRONG, "secret key", open_to_others, Outcome.CONFIGURATION)
    else:
        yield Finding(Level.WELL, "secret key", "for the helpdesk's eyes only")
    site = urlsplit(config.site.url)
    if site.hostname in ("localhost", "127.0.0.1"):
        text = f"[site] url is {config.site.url}: links in mails lead nowhere for others than you."
        yield Finding(Level.WARNING, "site", text)
    elif site.scheme != "https":
        yield Finding(Level.WARNING, "site", f"[site] url is {config.site.url}: passwords travel unencrypted.")


def _files(config: Config) -> Iterator[Finding]:
    """Yield a warning if the data is open to users of this machine that are neither its owner nor of its group."""
    folder = config.instance
    if folder.stat().st_mode & _ENTER and (names := sorted(path.name for path in folder.iterdir() if _is_open(path))):
        text = f"Others on this machine may read {', '.join(names)} in {folder}; run: chmod 700 {folder}"
        yield Finding(Level.WARNING, "files", text)
    url = database_url(config.database.url, folder)
    if url.get_backend_name() != "sqlite" or not url.database:
        return
    file = Path(url.database)
    if (
        not file.is_relative_to(folder)
        and file.parent.is_dir()
        and file.parent.stat().st_mode & _ENTER
        and _is_open(file)
    ):
        text = f"Others on this machine may read the database {file}; run: chmod 600 {file}"
        yield Finding(Level.WARNING, "files", text)


def _is_open(path: Path) -> bool:
    try:
        return path.name not in _NO_SECRET and bool(path.stat().st_mode & _OTHERS)
    except FileNotFoundError:  # removed meanwhile, or a link to nowhere
        return False


def _tables(config: Config, stati: Mapping[str, object]) -> Iterator[Finding]:
    for owner in ("core", *config.plugins.enabled):
        found = stati.get(owner)
        if found is None:
            continue
        if not isinstance(found, Status):
            yield Finding(Level.WRONG, "tables", f"{owner}: {found}", Outcome.TABLES)
        elif found.unknown:
            text = f"{owner}: revision {found.current} is of a newer package than the installed one."
            yield Finding(Level.WRONG, "tables", text, Outcome.TABLES)
        elif found.pending:
            text = f"{owner}: not up to date, run: helpdesk db upgrade"
            yield Finding(Level.WRONG, "tables", text, Outcome.TABLES)
        elif found.head:
            yield Finding(Level.WELL, "tables", f"{owner}: revision {found.current}")


def _plugins(desk: "Helpdesk") -> Iterator[Finding]:
    for state in desk.plugins:
        if not state.enabled:
            continue
        if desk.plugins.is_active(state.id) and not state.reason:
            yield Finding(Level.WELL, "plugins", f"{state.id} {state.version}: {state.status}")
        else:
            level = Level.WARNING if desk.plugins.is_active(state.id) else Level.WRONG
            yield Finding(level, "plugins", f"{state.id}: {state.status}. {state.reason}")
    for plugin in desk.plugins.active:
        for warning in desk.hooks.warnings(plugin.id):
            yield Finding(Level.WARNING, "plugins", warning)


def _settings(desk: "Helpdesk") -> Iterator[Finding]:
    """Yield what is no setting of its plugin, and what was stored and cannot be used."""
    for owner in desk.settings.owners:
        for problem in desk.settings.effective(owner).problems.values():
            if str(problem) not in desk.config.warnings:
                yield Finding(Level.WARNING, "settings", str(problem))
    known = [state.id for state in desk.plugins]
    for plugin_id in desk.config.plugin_sections:
        if plugin_id not in known:
            section = f"plugins.{plugin_id}"
            where = next((f"{pin.where}: " for pin in desk.config.pinned[section].values()), "")
            text = f"{where}there is no plugin {plugin_id}, so [{section}] is ignored.{suggestion(plugin_id, known)}"
            yield Finding(Level.WARNING, "settings", text)


def _mail(desk: "Helpdesk") -> Iterator[Finding]:
    mail = desk.settings.mail()
    if mail.transport != "smtp":
        yield Finding(Level.WARNING, "mail", f'[mail] transport is "{mail.transport}": nothing is sent to anybody.')
        return
    if mail.username and mail.security == "none" and mail.host not in ("localhost", "127.0.0.1", "::1"):
        yield Finding(Level.WARNING, "mail", "[mail] security is none: name and password travel unencrypted.")
    hostname = urlsplit(desk.settings.site().url).hostname or "localhost"
    try:
        with make_transport(mail, desk.config.instance, hostname).connect():
            yield Finding(Level.WELL, "mail", f"{mail.host} port {mail.port} answers")
    except TransportDown as error:
        yield _wrong("mail", error)


def _themes(desk: "Helpdesk") -> Iterator[Finding]:
    problems = list(problems_of_themes(desk))
    for text in problems:
        yield Finding(Level.WARNING, "themes", text)
    if not problems:
        yield Finding(Level.WELL, "themes", f"{desk.settings.theme().active}: fits")


def _wrong(area: str, error: Exception) -> Finding:
    outcome, text = code_for(error)
    return Finding(Level.WRONG, area, text, outcome or Outcome.NOT_DONE)
