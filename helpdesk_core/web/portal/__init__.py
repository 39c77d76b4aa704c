"""Pages of the portal area."""
