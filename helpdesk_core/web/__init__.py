"""Pages: portal, desk, admin, and what they share."""
