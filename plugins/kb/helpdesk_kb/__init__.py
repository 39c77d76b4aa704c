"""A knowledge base: articles that answer before a ticket is written."""
