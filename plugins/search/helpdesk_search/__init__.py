"""Full-text search: word forms, phrases, fields, and an index that the worker keeps."""

__version__ = "0.1.0"
