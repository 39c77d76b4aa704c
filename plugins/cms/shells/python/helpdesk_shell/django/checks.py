"""What `manage.py check` says of the settings."""

from typing import Any

from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Warning, register

from helpdesk_shell import Settings
from helpdesk_shell.django import conf

MIDDLEWARE = "helpdesk_shell.django.middleware.HelpdeskMiddleware"


@register()
def check_settings(app_configs: Any, **_: Any) -> "list[CheckMessage]":
    """Return what is wrong with `HELPDESK`, and what is missing."""
    found: list[CheckMessage] = []
    unknown = sorted(set(getattr(django_settings, "HELPDESK", None) or {}) - conf.KNOWN)
    if unknown:
        hint = f"There are: {', '.join(sorted(conf.KNOWN))}."
        found.append(Warning(f"HELPDESK has unknown entries: {', '.join(unknown)}.", hint, id="helpdesk.W001"))
    if MIDDLEWARE not in django_settings.MIDDLEWARE:
        hint = f"Add “{MIDDLEWARE}” at the end of MIDDLEWARE."
        found.append(Error("Forms of the helpdesk go nowhere without its middleware.", hint, id="helpdesk.E001"))
    if conf.is_in_file():
        given = Settings(
            url=conf.option("URL"),
            site=conf.option("SITE", ""),
            kid=conf.option("KID", ""),
            secret=conf.option("SECRET"),
            timeout=float(conf.option("TIMEOUT", 3)),
        )
        found += [Error(f"HELPDESK: {each}", id="helpdesk.E002") for each in given.problems().values()]
    return found
