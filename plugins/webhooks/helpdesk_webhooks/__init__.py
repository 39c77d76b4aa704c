"""Webhooks: other programs are told of what happens, signed, and until they have it."""
