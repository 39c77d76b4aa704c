"""Core's own migrations, one script a revision; plugins keep theirs in their own packages."""
