"""The public surface: what plugins may import, and nothing else.

Here is what nearly every plugin needs; the modules below have the rest by subject: `hooks`, `events`, `tickets`,
`users`, `departments`, `attachments`, `mail`, `web`, `rest`, `search`, `settings`, `jobs`, `i18n`, `db`, `errors`,
`services` (what customers have), `outgoing` (HTTP to addresses that people typed in). All of it follows SemVer; what is
not here is nobody's business but core's.
"""

from helpdesk_core import __version__
from helpdesk_core.actor import ANONYMOUS, EVERYWHERE, SYSTEM, Actor
from helpdesk_core.db.base import BigId, JSONText, LongBytes, LongText, PluginTables, UTCDateTime, plugin_base
from helpdesk_core.errors import (
    ConfigError,
    Conflict,
    Forbidden,
    HelpdeskError,
    Invalid,
    NotFound,
    Refused,
    Unavailable,
)
from helpdesk_core.events.base import Event
from helpdesk_core.hooks import Veto, hookimpl
from helpdesk_core.jobs.schedule import Job
from helpdesk_core.plugins.plugin import Plugin
from helpdesk_core.runtime import Helpdesk, Transaction
from helpdesk_core.users.permissions import Permission
from helpdesk_core.web.parts import Answer, Column, Command, FormField, Link, Panel, Source, TicketAction
from helpdesk_core.web.routing import CUSTOMER, PUBLIC, SIGNED_IN, STAFF, Route

__all__ = [
    "ANONYMOUS",
    "CUSTOMER",
    "EVERYWHERE",
    "PUBLIC",
    "SIGNED_IN",
    "STAFF",
    "SYSTEM",
    "Actor",
    "Answer",
    "BigId",
    "Column",
    "Command",
    "ConfigError",
    "Conflict",
    "Event",
    "Forbidden",
    "FormField",
    "Helpdesk",
    "HelpdeskError",
    "Invalid",
    "JSONText",
    "Job",
    "Link",
    "LongBytes",
    "LongText",
    "NotFound",
    "Panel",
    "Permission",
    "Plugin",
    "PluginTables",
    "Refused",
    "Route",
    "Source",
    "TicketAction",
    "Transaction",
    "UTCDateTime",
    "Unavailable",
    "Veto",
    "__version__",
    "hookimpl",
    "plugin_base",
]
