"""The helpdesk inside a site made with Django; Wagtail and django CMS build on it."""
