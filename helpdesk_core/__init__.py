"""A helpdesk whose core knows tickets, departments and users, and which plugins complete."""

__version__ = "0.1.0"
