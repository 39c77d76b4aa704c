"""Runs dispatches on supervised threads and goes on without the implementations that hang.

Python cannot interrupt a thread that sleeps in C, so plugin code runs on another thread while the caller waits with a
deadline: one hand-over per dispatch, none when nobody implements the hook. A dispatch inside a hook (a plugin calls a
service that asks other plugins) runs inline on the thread of that hook, under its deadline. Limits that remain: code
that holds the interpreter's lock without end (a regular expression that backtracks for ever) stops the whole process,
and an abandoned thread that catches SystemExit or sleeps in C lives on, without access to the caller's transaction.
"""

from collections.abc import Callable
from contextvars import Context, copy_context

from helpdesk_core.hooks.attempt import Attempt, Dispatch, Overrun
from helpdesk_core.hooks.breakers import Breakers
from helpdesk_core.hooks.errors import HookHoldsDatabase, HookOverrun
from helpdesk_core.hooks.guard import Lease, current_call
from helpdesk_core.hooks.limits import at_startup
from helpdesk_core.hooks.monitor import Monitor
from helpdesk_core.hooks.threads import Errand, ThreadPool


class Supervisor:
    """Owns the threads that hooks are called on."""

    def __init__(self, monitor: Monitor, breakers: Breakers, pool: ThreadPool) -> None:
        self._monitor = monitor
        self._breakers = breakers
        self._pool = pool

    def run(self, dispatch: Dispatch) -> None:
        """Ask every implementation of a dispatch. HookHoldsDatabase when one hangs inside a database call."""
        call = current_call()
        if call is not None:
            inline = Attempt(dispatch, self._monitor, call.lease)
            inline.run()
            call.check()
            if inline.fatal is not None:
                raise inline.fatal
            return
        position = 0
        while position < len(dispatch.calls):
            # A copy for each attempt: the context of an abandoned thread is still in use.
            attempt = Attempt(dispatch, self._monitor, Lease(), position)
            worker = self._pool.start(copy_context(), attempt)
            try:
                overrun = attempt.wait(worker.interrupt, worker.stack)
            except BaseException:
                attempt.give_up(worker.interrupt)
                raise
            if overrun is None:
                if attempt.fatal is not None:
                    raise attempt.fatal
                return
            if self._go_on_after(attempt, overrun):
                return
            position = overrun.turn.position + 1

    def _go_on_after(self, attempt: Attempt, overrun: Overrun) -> bool:
        """Take the failed turn's place; return whether the dispatch is over."""
        dispatch = attempt.dispatch
        call = dispatch.calls[overrun.turn.position]
        attempt.lease.clean_up()
        where = "inside a database call" if overrun.in_database else "in its code"
        error = HookOverrun(
            f"{call.spec.name} of plugin {call.plugin_id} did not return within {dispatch.deadline:g} s ({where})"
        )
        if overrun.culprit is not None and not at_startup(call.spec):
            self._breakers.open(overrun.culprit, str(error))
        error_id = self._monitor.failed(call, error, overrun.seconds, overrun.stack)
        if overrun.in_database and dispatch.shares_database:
            raise HookHoldsDatabase(
                f"plugin {call.plugin_id} holds the database connection in {call.spec.name} [{error_id}]; try again"
            ) from error
        attempt.roll_back(overrun.turn)
        return dispatch.failed(call, error, error_id)


def errand_runner(pool: ThreadPool) -> Callable[[Callable[[], None]], object]:
    """Return a function that has something done on another thread, with nothing of the caller's context."""
    return lambda action: pool.start(Context(), Errand(action))
