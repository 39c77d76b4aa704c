"""Fixtures of core's own tests; those that plugins share are in `helpdesk_core/testing/fixtures.py`."""
