"""Pages of the auth area."""
