"""What goes wrong with hooks: in a spec, in a plugin's implementation, or in a call."""

from helpdesk_core.errors import HelpdeskError, Unavailable


class HookSpecError(HelpdeskError):
    """A hook spec breaks the rules for specs; the message names the spec and the mend."""

    code = "hook-spec"


class InvalidHook(HelpdeskError):
    """A plugin's method does not fit the hook it implements; the message shows the expected signature."""

    code = "invalid-hook"


class Veto(HelpdeskError):
    """Raised by a plugin's `veto` hook to stop a change; the message is meant for the person who asked for it."""

    status = 422
    code = "veto"

    def __init__(self, message: str) -> None:
        super().__init__(message)


class WrongResult(HelpdeskError):
    """A hook returned something else than its spec promises; counted as an error of the plugin."""

    code = "wrong-result"


class HookOverrun(HelpdeskError):
    """A hook did not return within its deadline; its call was abandoned."""

    code = "hook-overrun"


class HookFailed(HelpdeskError):
    """A plugin's hook failed and the caller asked to know.

    `plugin_id` and `hook` name the implementation; `error_id` is what the log and the admin page show the details
    under, `None` when the hook was not called because its breaker is open (`quarantined`).
    """

    code = "hook-failed"

    def __init__(
        self, message: str, *, plugin_id: str, hook: str, error_id: str | None = None, quarantined: bool = False
    ) -> None:
        super().__init__(message)
        self.plugin_id = plugin_id
        self.hook = hook
        self.error_id = error_id
        self.quarantined = quarantined


class DeliveryFailed(HookFailed):
    """An `after` hook failed, so the event must be delivered again; the plugin's own error is the `__cause__`.

    When `quarantined` is set the hook was not called: keep the delivery until an admin closes the breaker.
    """

    code = "delivery-failed"


class HookHoldsDatabase(Unavailable):
    """A hook hangs inside a database call, so the connection it was lent cannot be used by anybody else.

    The unit of work must throw its connection away (invalidate it), not roll it back: the abandoned call is still on
    it.
    """


class CallRevoked(BaseException):
    """The call that this thread makes was given up; it may not touch the database any more.

    Not an `Exception`, so that a plugin's `except Exception` does not keep an abandoned thread alive.
    """
