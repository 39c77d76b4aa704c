"""An admin says single texts of the helpdesk differently, in the browser."""
