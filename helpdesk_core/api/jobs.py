"""What a plugin has done every so often."""

from helpdesk_core.jobs.schedule import Job, stopping

__all__ = [
    "Job",
    "stopping",
]
