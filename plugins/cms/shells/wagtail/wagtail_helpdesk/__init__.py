"""The helpdesk inside a site made with Wagtail."""
