"""HTTP requests to addresses that people typed in, safe from being led inside."""

from helpdesk_core.outgoing import AddressRefused, NoReply, Reply, check_url, networks, send

__all__ = ["AddressRefused", "NoReply", "Reply", "check_url", "networks", "send"]
