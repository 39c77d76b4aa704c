"""The site made with django CMS."""

from example_site.common_settings import *  # noqa: F403 - settings are made so
from example_site.common_settings import APPS, HELPDESK_MIDDLEWARE, MIDDLEWARE, PROCESSORS

INSTALLED_APPS = [
    "djangocms_helpdesk",
    "cms",
    "menus",
    "treebeard",
    "sekizai",
    *APPS,
]
MIDDLEWARE = [
    *MIDDLEWARE,
    "cms.middleware.user.CurrentUserMiddleware",
    "cms.middleware.page.CurrentPageMiddleware",
    "cms.middleware.toolbar.ToolbarMiddleware",
    "cms.middleware.language.LanguageCookieMiddleware",
    *HELPDESK_MIDDLEWARE,
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                *PROCESSORS,
                "sekizai.context_processors.sekizai",
                "cms.context_processors.cms_settings",
            ]
        },
    }
]
CMS_CONFIRM_VERSION4 = True
LANGUAGES = [("en", "English")]
CMS_TEMPLATES = [("example_site/cms_page.html", "Page")]
CMS_PERMISSION = False
# The form for comments holds a token for each visitor, so pages with it must not be kept for everybody.
CMS_PAGE_CACHE = False
MADE_WITH = "djangocms"
