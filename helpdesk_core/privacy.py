"""Who may read what a helpdesk writes."""

from typing import Final

PRIVATE: Final = 0o077
"""The umask of every process: tickets, attachments and password hashes are no business of others on the machine."""
