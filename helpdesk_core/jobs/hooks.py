"""Where plugins bring jobs of their own."""

from collections.abc import Sequence

from helpdesk_core.hooks import hookspec
from helpdesk_core.jobs.schedule import Job


@hookspec.collect(since="0.1", when="startup")
def scheduled_jobs() -> Sequence[Job]:
    """Return the plugin's jobs: what to run, and how often.

    Each is run by one worker at a time, once per period. A job that raises is noted on the admin page and tried again.
    Called once, when the helpdesk starts.
    """
