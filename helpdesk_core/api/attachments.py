"""Files that come with messages, and where their bytes lie."""

from helpdesk_core.attachments.inputs import StoredFile, Upload
from helpdesk_core.attachments.models import Attachment
from helpdesk_core.attachments.service import check, keep, open_attachment, safe_name, safe_type, store, take_in
from helpdesk_core.attachments.storage import LocalStorage, Storage
from helpdesk_core.tickets.queries import find_attachment

__all__ = [
    "Attachment",
    "LocalStorage",
    "Storage",
    "StoredFile",
    "Upload",
    "check",
    "find_attachment",
    "keep",
    "open_attachment",
    "safe_name",
    "safe_type",
    "store",
    "take_in",
]
