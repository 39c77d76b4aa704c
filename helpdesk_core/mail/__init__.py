"""Outgoing mail: what to send, and how it is handed over."""
