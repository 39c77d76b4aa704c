"""Making an instance: configuration, secret key, tables, and what a helpdesk begins with."""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import DBAPIError

import helpdesk_core
from helpdesk_core.actor import SYSTEM
from helpdesk_core.app import open_helpdesk
from helpdesk_core.cli.outcome import as_sentence
from helpdesk_core.clock import utc_now
from helpdesk_core.db.engine import database_url, make_engine
from helpdesk_core.db.migrate import MigrationError, read_status
from helpdesk_core.db.owners import CORE
from helpdesk_core.departments.inputs import DepartmentDraft
from helpdesk_core.departments.service import create_department
from helpdesk_core.errors import ConfigError, Conflict, HelpdeskError, Invalid, NotFound, Unavailable
from helpdesk_core.plugins.checks import Unusable, check_distribution
from helpdesk_core.plugins.discovery import discover, near
from helpdesk_core.plugins.switching import upgrade_all
from helpdesk_core.runtime import Helpdesk
from helpdesk_core.settings import load_config
from helpdesk_core.settings import secret as secret_file
from helpdesk_core.settings.config import FILE_NAME
from helpdesk_core.settings.fields import expected, is_sensitive, sentences
from helpdesk_core.settings.sections import SECTIONS
from helpdesk_core.settings.write import render_config
from helpdesk_core.tickets.defaults import ensure_defaults
from helpdesk_core.users.accounts import create_user
from helpdesk_core.users.addresses import name_from_address, normalise
from helpdesk_core.users.inputs import UserDraft
from helpdesk_core.users.models import User
from helpdesk_core.users.passwords import check_password
from helpdesk_core.users.roles import add_default_roles

IGNORED = "*\n"
"""What `.gitignore` in a new instance folder says: nothing of it belongs into a repository."""


@dataclass(frozen=True, kw_only=True)
class Owner:
    """The first account, which may do everything."""

    address: str
    password: str = field(repr=False)
    name: str = ""


class BadAnswer(HelpdeskError):
    """What was answered, or given with an option, does not fit; one line for each."""

    code = "bad-answer"


def check_free(folder: Path) -> None:
    """ConfigError if there is a helpdesk in the folder already, or if nothing can be written there."""
    if folder.exists() and not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)):
        raise ConfigError(f"{folder} is no folder that can be written to. Choose another --instance.")
    for name in (FILE_NAME, secret_file.FILE_NAME):
        if (folder / name).exists():
            raise ConfigError(f"{folder / name} is there already; nothing is overwritten. Choose another --instance.")


def check_answers(answers: Mapping[str, Mapping[str, Any]], options: Mapping[str, str]) -> None:
    """BadAnswer with a line for each answer that does not fit; `options` name the option of `section.key`, if any."""
    problems: list[str] = []
    for section in SECTIONS:
        given, schema = answers.get(section.name, {}), section.schema()
        for key, messages in schema.validate(given, partial=True).items():
            kind = schema.fields[key]
            shown = "" if is_sensitive(kind) else repr(given[key])
            place = " ".join(filter(None, [options.get(f"{section.name}.{key}"), shown]))
            problems.append(
                ": ".join(filter(None, [place, f"{' '.join(sentences(messages))} Expected {expected(kind)}."]))
            )
    if problems:
        raise BadAnswer(" ".join(problems))


def check_plugins(plugin_ids: Sequence[str]) -> None:
    """NotFound or Conflict if one of the plugins is not installed or does not fit; none is imported."""
    installed = discover()
    for plugin_id in plugin_ids:
        if plugin_id not in installed:
            hint = near(plugin_id, installed) or f"Installed are: {', '.join(installed) or 'none'}."
            raise NotFound(f"The plugin {plugin_id} is not installed. {hint}")
        try:
            check_distribution(installed[plugin_id], helpdesk_core.__version__)
        except Unusable as unusable:
            raise Conflict(f"The plugin {plugin_id} cannot be enabled: {unusable}") from None


def check_address(address: str) -> None:
    """BadAnswer if nobody can have that mail address."""
    try:
        normalise(address)
    except Invalid as error:
        raise BadAnswer(f"--admin-email: {error}") from None


def check_owner(owner: Owner) -> Owner:
    """Return the owner with a clean address and a name; `Invalid` if address or password will not do."""
    address = normalise(owner.address)
    name = owner.name or name_from_address(address)
    check_password(owner.password, name, address)
    return Owner(address=address, password=owner.password, name=name)


def make_instance(folder: Path, answers: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Write configuration and secret key, and make the tables of core and of the enabled plugins.

    Returns a line for everything that was made. ConfigError or Conflict if there is a helpdesk already; whatever fails,
    nothing is left behind.
    """
    with _undone_on_error(folder):
        _write_new(folder / FILE_NAME, render_config(answers))
        made = [f"{folder / FILE_NAME}: the configuration, every setting explained"]
        secret = secret_file.create_secret(folder)
        made.append(f"{secret}: the secret key, for the helpdesk's eyes only; keep a copy with the backups")
        if not (folder / ".gitignore").exists():
            (folder / ".gitignore").write_text(IGNORED, encoding="utf-8")
        config = load_config(folder, os.environ)
        engine = make_engine(database_url(config.database.url, folder))
        try:
            _check_empty(engine)
            for done in upgrade_all(engine, config.plugins.enabled, utc_now()):
                if done.problem:
                    raise MigrationError(done.problem)
            made.append(f"{_shown(engine)}: the tables")
        finally:
            engine.dispose()
    return made


def fill(desk: Helpdesk) -> None:
    """Give an empty helpdesk what it begins with: statuses, types, priorities and roles."""
    with desk.begin(SYSTEM) as tx:
        ensure_defaults(tx.session)
        add_default_roles(tx.session)
        tx.reference_changed()


def begin(folder: Path, owner: Owner) -> None:
    """Fill the new helpdesk, with one department and the owner's account."""
    desk = open_helpdesk(folder, safe_mode=True)
    try:
        with desk.begin(SYSTEM):
            fill(desk)
            create_department(desk, SYSTEM, DepartmentDraft(name="Support", key="support"))
            create_user(desk, SYSTEM, UserDraft(name=owner.name), owner.address, password=owner.password, is_owner=True)
    finally:
        desk.close()


@contextmanager
def _undone_on_error(folder: Path) -> Iterator[None]:
    check_free(folder)
    before = set(folder.iterdir()) if folder.exists() else None
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # it will hold everybody's tickets
    except OSError as error:
        raise ConfigError(f"{folder} cannot be made ({error.strerror}). Choose another --instance.") from None
    try:
        yield
    except BaseException:
        for path in set(folder.iterdir()) - (before or set()):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        if before is None:
            folder.rmdir()
        raise


def _write_new(path: Path, text: str) -> None:
    # It may hold the password of the database.
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def _check_empty(engine: Engine) -> None:
    place = _shown(engine)
    try:
        if read_status(engine, CORE).current is None:
            return
        with engine.connect() as connection:
            people = connection.scalar(select(func.count()).select_from(User))
    except DBAPIError as error:
        raise Unavailable(
            f"The database {place} does not answer: {as_sentence(error.orig)} Check its address."
        ) from None
    if people:
        raise Conflict(
            f"The database {place} holds a helpdesk already. Name an empty one with --database, or bring "
            f"{FILE_NAME} and secret.key of that helpdesk back from a backup."
        )


def _shown(engine: Engine) -> str:
    """Return the database's address as people write it, without the password."""
    return engine.url.set(drivername=engine.dialect.name).render_as_string(hide_password=True)
