"""A small company site with the helpdesk in it: the same for Wagtail and for django CMS."""
