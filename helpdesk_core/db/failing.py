"""What an error of the database means to whoever asked."""

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, OperationalError

from helpdesk_core.errors import Conflict, HelpdeskError, Invalid, Unavailable
from helpdesk_core.texts import lazy as _l

AWAY = _l("The helpdesk cannot reach its database just now. Nothing was changed; try again in a moment.")


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
