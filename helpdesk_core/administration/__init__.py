"""Changing the helpdesk itself: settings and plugins, each change with an event in the record."""
