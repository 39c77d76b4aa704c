"""A note for each new ticket."""
