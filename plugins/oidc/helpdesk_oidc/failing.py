"""Why somebody is not signed in: one sentence for them, which gives nothing away."""

from helpdesk_core.api import HelpdeskError


class SignInFailed(HelpdeskError):
    """The provider, or what it says of the person, does not let them in; the message says why and what to do."""

    code = "sign-in-failed"

    def __init__(self, message: str, *, status: int = 403) -> None:
        super().__init__(message)
        self.status = status
