"""The core's own jobs."""

from datetime import timedelta
from typing import Final

from helpdesk_core.attachments.elsewhere import forget_pictures
from helpdesk_core.db.statistics import refresh_statistics
from helpdesk_core.jobs.schedule import Job
from helpdesk_core.mail.retention import tidy
from helpdesk_core.users.attempts import forget_old

CORE_JOBS: Final[tuple[Job, ...]] = (
    Job("sessions", timedelta(days=1), forget_old),
    Job("outbox", timedelta(hours=1), tidy),
    Job("pictures", timedelta(days=1), forget_pictures),
    Job("statistics", timedelta(days=1), lambda desk: refresh_statistics(desk.engine)),
)
