"""The site made with Wagtail."""

from example_site.common_settings import *  # noqa: F403 - settings are made so
from example_site.common_settings import APPS, HELPDESK_MIDDLEWARE, MIDDLEWARE, SITE_URL

INSTALLED_APPS = [
    "example_pages",
    "wagtail_helpdesk",
    "wagtail.contrib.settings",
    "wagtail.contrib.forms",
    "wagtail.contrib.redirects",
    "wagtail.embeds",
    "wagtail.sites",
    "wagtail.users",
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail",
    "modelcluster",
    "taggit",
    *APPS,
]
MIDDLEWARE = [*MIDDLEWARE, *HELPDESK_MIDDLEWARE]
WAGTAIL_SITE_NAME = "Example"
WAGTAILADMIN_BASE_URL = SITE_URL
MADE_WITH = "wagtail"
