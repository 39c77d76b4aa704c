"""Full-text search with tantivy: the same as helpdesk-search, at any size."""

__version__ = "0.1.0"
