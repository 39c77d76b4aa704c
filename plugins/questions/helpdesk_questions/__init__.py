"""Guided questions: what is asked in the form for a new ticket, and what was answered."""
