"""Every error the helpdesk raises on purpose; each message tells the reader what to do."""

from collections.abc import Mapping, Sequence


class HelpdeskError(Exception):
    """The root of the tree: something was asked that cannot be done as asked.

    `status` is the HTTP status that pages and the API answer with, `code` a stable word for programs.
    """

    status = 500
    code = "error"


class ConfigError(HelpdeskError):
    """The configuration cannot be used; the message names file, line, key and the mend."""

    code = "configuration"


class NotFound(HelpdeskError):
    """There is no such thing, or the actor may not know of it: the two are never told apart."""

    status = 404
    code = "not-found"


class Forbidden(HelpdeskError):
    """The actor sees the thing but may not do this to it; the message names the missing permission."""

    status = 403
    code = "forbidden"

    def __init__(self, message: str, *, permission: str | None = None) -> None:
        super().__init__(message)
        self.permission = permission


class SignInRequired(HelpdeskError):
    """Nobody is signed in; sign in and ask again."""

    status = 401
    code = "sign-in-required"


class Invalid(HelpdeskError):
    """The input does not fit; `problems` maps each field to the sentences that say what is wrong with it."""

    status = 422
    code = "invalid"

    def __init__(self, problems: Mapping[str, Sequence[str]] | str) -> None:
        self.problems: dict[str, list[str]] = (
            {"": [problems]} if isinstance(problems, str) else {key: list(value) for key, value in problems.items()}
        )
        super().__init__("; ".join(text for texts in self.problems.values() for text in texts))


class Conflict(HelpdeskError):
    """Somebody else changed the thing in between; nothing was lost: reload, compare and send again."""

    status = 409
    code = "conflict"


class Refused(HelpdeskError):
    """A plugin or a policy stopped the change; the message is its reason, meant for the person who asked."""

    status = 422
    code = "refused"

    def __init__(self, message: str, *, by: str | None = None) -> None:
        super().__init__(message)
        self.by = by


class TooLarge(HelpdeskError):
    """What was sent is over the limit that the message names."""

    status = 413
    code = "too-large"


class RateLimited(HelpdeskError):
    """Too many tries; wait `retry_after` seconds."""

    status = 429
    code = "rate-limited"

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(HelpdeskError):
    """Something the helpdesk needs (the database, a plugin's call) does not answer just now; try again."""

    status = 503
    code = "unavailable"
