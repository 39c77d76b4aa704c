"""Satisfaction ratings: customers say how an answer and a ticket went."""
