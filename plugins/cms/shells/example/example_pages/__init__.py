"""Pages of the site that is made with Wagtail."""
