"""Tables of a plugin, and working with sessions."""

from helpdesk_core.db.base import (
    BigId,
    HasUid,
    JSONText,
    LongBytes,
    LongText,
    PluginTables,
    UTCDateTime,
    canonical_json,
    new_uid,
    plugin_base,
)
from helpdesk_core.db.generation import bump, current
from helpdesk_core.db.rows import affect
from helpdesk_core.runtime import Helpdesk, Transaction

__all__ = [
    "BigId",
    "HasUid",
    "Helpdesk",
    "JSONText",
    "LongBytes",
    "LongText",
    "PluginTables",
    "Transaction",
    "UTCDateTime",
    "affect",
    "bump",
    "canonical_json",
    "current",
    "new_uid",
    "plugin_base",
]
