"""The helpdesk inside a site made with django CMS."""
