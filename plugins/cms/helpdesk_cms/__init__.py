"""The helpdesk inside the site that a company already has."""
