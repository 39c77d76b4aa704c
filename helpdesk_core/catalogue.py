"""Every hook, kind of event and scheduled job that core has, in the order in which a reader wants to meet them."""

from datetime import timedelta
from types import ModuleType
from typing import Final

import helpdesk_core.administration.events
import helpdesk_core.administration.hooks
import helpdesk_core.attachments.hooks
import helpdesk_core.automation.hooks
import helpdesk_core.cli.hooks
import helpdesk_core.departments.events
import helpdesk_core.departments.hooks
import helpdesk_core.i18n.hooks
import helpdesk_core.jobs.hooks
import helpdesk_core.mail.events
import helpdesk_core.mail.hooks
import helpdesk_core.rest.hooks
import helpdesk_core.search.hooks
import helpdesk_core.services.hooks
import helpdesk_core.tickets.events
import helpdesk_core.tickets.hooks
import helpdesk_core.users.events
import helpdesk_core.users.hooks
import helpdesk_core.web.hooks
from helpdesk_core.attachments.cleaning import forget_orphans
from helpdesk_core.drafts.service import forget_old_drafts
from helpdesk_core.jobs.core import CORE_JOBS
from helpdesk_core.jobs.schedule import Job
from helpdesk_core.rest.idempotency import forget_old_keys
from helpdesk_core.services.asking import forget_services

SPEC_MODULES: Final[tuple[ModuleType, ...]] = (
    helpdesk_core.tickets.hooks,
    helpdesk_core.automation.hooks,
    helpdesk_core.search.hooks,
    helpdesk_core.attachments.hooks,
    helpdesk_core.departments.hooks,
    helpdesk_core.users.hooks,
    helpdesk_core.services.hooks,
    helpdesk_core.administration.hooks,
    helpdesk_core.mail.hooks,
    helpdesk_core.jobs.hooks,
    helpdesk_core.i18n.hooks,
    helpdesk_core.web.hooks,
    helpdesk_core.rest.hooks,
    helpdesk_core.cli.hooks,
)
JOBS: Final[tuple[Job, ...]] = (
    *CORE_JOBS,
    Job("attachments", timedelta(days=1), forget_orphans),
    Job("idempotency", timedelta(days=1), forget_old_keys),
    Job("drafts", timedelta(days=1), forget_old_drafts),
    Job("services", timedelta(days=1), forget_services),
)
EVENT_MODULES: Final[tuple[ModuleType, ...]] = (
    helpdesk_core.tickets.events,
    helpdesk_core.departments.events,
    helpdesk_core.users.events,
    helpdesk_core.mail.events,
    helpdesk_core.administration.events,
)
