"""The life of a ticket and its messages."""
