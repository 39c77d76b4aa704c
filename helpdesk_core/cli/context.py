"""What the commands share: the chosen instance, opened as far as each of them needs it."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from helpdesk_core.cli.outcome import Behind, as_sentence, complain
from helpdesk_core.errors import Unavailable

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from helpdesk_core.runtime import Helpdesk
    from helpdesk_core.settings import Config

# Opening a helpdesk imports most of it; `helpdesk --version` and a wrong option should not wait for that, so commands
# import what they need inside.


@dataclass(frozen=True)
class Cli:
    """The options before the command: which instance, and whether its plugins may be loaded."""

    given: str | None
    safe_mode: bool = False

    @property
    def folder(self) -> Path:
        """The instance folder, whether it is there or not."""
        return Path(self.given or os.environ.get("HELPDESK_INSTANCE") or "instance").resolve()

    @property
    def exists(self) -> bool:
        """Whether there is an instance folder."""
        return self.folder.is_dir()

    def existing(self) -> Path:
        """Return the instance folder; ConfigError if it is not there."""
        from helpdesk_core.app import instance_folder

        return instance_folder(self.given, os.environ)

    def config(self) -> "Config":
        """Return the configuration; its warnings go to standard error."""
        from helpdesk_core.app import instance_folder
        from helpdesk_core.settings import load_config

        config = load_config(instance_folder(self.given, os.environ), os.environ)
        for warning in config.warnings:
            complain(str(warning))
        return config

    @contextmanager
    def engine(self, config: "Config") -> Iterator["Engine"]:
        """Open the database only, whatever state its tables are in; `Unavailable` if it does not answer."""
        from sqlalchemy.exc import DBAPIError

        from helpdesk_core.db.engine import database_url, make_engine

        url = database_url(config.database.url, config.instance)
        engine = make_engine(url, pool_size=config.database.pool_size)
        try:
            try:
                engine.connect().close()
            except DBAPIError as error:
                place = url.set(drivername=url.get_backend_name()).render_as_string(hide_password=True)
                raise Unavailable(
                    f"The database {place} does not answer: {as_sentence(error.orig)} Check [database] url."
                ) from None
            yield engine
        finally:
            engine.dispose()

    @contextmanager
    def desk(self, *, plugins: bool = True) -> Iterator["Helpdesk"]:
        """Open the helpdesk, with its plugins unless told otherwise; `Behind` if core's tables are not up to date."""
        from helpdesk_core.app import open_helpdesk

        config = self.config()
        with self.engine(config) as engine:
            _check_core(engine)
        desk = open_helpdesk(config.instance, safe_mode=self.safe_mode or not plugins)
        try:
            yield desk
        finally:
            desk.close()


def _check_core(engine: "Engine") -> None:
    from helpdesk_core.db.migrate import read_status, unknown_revision
    from helpdesk_core.db.owners import CORE

    found = read_status(engine, CORE)
    if found.unknown:
        raise Behind(unknown_revision(CORE))
    if found.current is None:
        raise Behind("The database has no tables of a helpdesk yet; make them with: helpdesk db upgrade")
    if found.pending:
        raise Behind("The tables are behind the installed version; bring them up to date with: helpdesk db upgrade")


class WholeNumber(click.IntRange):
    """A whole number within limits; what is none, or beyond them, is told in one sentence."""

    name = "whole number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number."""
        limits = f"from {self.min} to {self.max}" if self.max is not None else f"of {self.min} or more"
        try:
            number: int = super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"{str(value)!r} is not a whole number {limits}.", param, ctx)
        return number


pass_cli = click.make_pass_decorator(Cli)

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


def print_json(value: Any) -> None:
    """Print a value as JSON that people can read too."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(rows: list[tuple[str, ...]]) -> None:
    """Print rows as columns; the last column may be as long as it likes."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))] if rows else []
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=False)]
        click.echo("  ".join([*cells, row[-1]]).rstrip())
