"""What an error of the database means to whoever asked."""

from typing import Final

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, OperationalError

from helpdesk_core.errors import Conflict, HelpdeskError, Invalid, Unavailable
from helpdesk_core.texts import lazy as _l

AWAY = _l("The helpdesk cannot reach its database just now. Nothing was changed; try again in a moment.")


_GAVE_WAY: Final = {1213, "40001", "40P01"}
"""How MariaDB and PostgreSQL name a unit of work that they ended so that another one could go on."""


def gave_way(error: BaseException | None) -> bool:
    """Tell whether the database chose this unit of work to give way to another: it may be done again at once."""
    if not isinstance(error, DBAPIError) or error.orig is None:
        return False
    return getattr(error.orig, "sqlstate", None) in _GAVE_WAY or (error.orig.args or (None,))[0] in _GAVE_WAY


def meaning(error: DBAPIError) -> HelpdeskError | None:
    """Return the error to answer with: bad input, somebody else's change, or a database that is away; None for a fault.

    Only a database that does not answer is worth a “try again”; what a client sent must not look like one.
    """
    if isinstance(error, DataError):
        text = _l("Something that was sent cannot be stored: a number too large, or a character like NUL. Remove it.")
        return Invalid(text)
    if isinstance(error, IntegrityError):
        text = _l("The same was sent twice, or somebody else changed it in this moment. Reload before you send again.")
        return Conflict(text)
    if isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated:
        return Unavailable(AWAY)
    return None
