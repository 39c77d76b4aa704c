"""Departments: where tickets belong, and who works them."""
