"""How a command ends: exit codes, and one line for each kind of error."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Final

import click

from helpdesk_core.errors import ConfigError, HelpdeskError, Unavailable


class Outcome(IntEnum):
    """Exit codes; scripts may rely on them."""

    DONE = 0
    NOT_DONE = 1
    USAGE = 2
    CONFIGURATION = 3
    AWAY = 4
    TABLES = 5
    ADDRESS = 6
    TEMPORARY = 75
    """What mail servers take for "keep it and try again" (EX_TEMPFAIL of sysexits)."""


EXIT_CODES: Final[Mapping[Outcome, str]] = {
    Outcome.DONE: "Done, or nothing to do.",
    Outcome.NOT_DONE: "Not done, for the reason that is printed; or a check has found something.",
    Outcome.USAGE: "The command was called in a way that it does not understand.",
    Outcome.CONFIGURATION: "The configuration or the instance folder has to be mended.",
    Outcome.AWAY: "The database does not answer; try again.",
    Outcome.TABLES: 'The tables are not those that the packages expect: "helpdesk db upgrade".',
    Outcome.ADDRESS: "Nothing can listen at the address and port.",
    Outcome.TEMPORARY: "The package of the plugin whose command it is is broken or missing; a mail server tries again.",
}

_BY_CODE: Final[Mapping[str, Outcome]] = {
    "migration": Outcome.TABLES,
    "broken-references": Outcome.TABLES,
    "cannot-serve": Outcome.ADDRESS,
    "bad-answer": Outcome.USAGE,
    "not-ready": Outcome.TEMPORARY,
}


class Behind(HelpdeskError):
    """The tables are not those that the installed packages expect."""

    code = "migration"


class NotReady(HelpdeskError):
    """The package of a plugin is broken or gone, perhaps for the moment in which another version takes its place."""

    code = "not-ready"


def code_for(error: Exception) -> tuple[Outcome | None, str]:
    """Return exit code and line for an error that people can do something about; no code for a mistake of ours.

    Of a configuration with several mistakes each has a line.
    """
    if isinstance(error, ConfigError):
        return Outcome.CONFIGURATION, "\n".join(_one_line(line) for line in str(error).splitlines() if line.strip())
    if isinstance(error, Unavailable):
        return Outcome.AWAY, _one_line(str(error))
    if isinstance(error, HelpdeskError):
        return _BY_CODE.get(error.code, Outcome.NOT_DONE), _one_line(str(error))
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        return Outcome.NOT_DONE, f"{place}{error.strerror or error}. Check the path and its permissions."
    from sqlalchemy.exc import DBAPIError

    if isinstance(error, DBAPIError):
        return Outcome.AWAY, f"The database refuses: {as_sentence(error.orig)} Check [database] url."
    return None, f"{type(error).__name__}: {_one_line(str(error))}"


def complain(text: str) -> None:
    """Print one line on standard error."""
    click.echo(f"helpdesk: {_one_line(text)}", err=True)


def as_sentence(said: object) -> str:
    """Return what a database says as one line with a mark at its end, so that a sentence can follow."""
    text = _one_line(str(said))
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _one_line(text: str) -> str:
    return " ".join(text.split())
