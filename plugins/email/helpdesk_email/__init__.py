"""Tickets by mail: the email gateway of the helpdesk."""
