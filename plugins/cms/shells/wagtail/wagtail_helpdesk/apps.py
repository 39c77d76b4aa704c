"""The Django app."""

from typing import Any

from django.apps import AppConfig
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from helpdesk_shell import Settings


class WagtailHelpdeskConfig(AppConfig):
    """`"wagtail_helpdesk"` in `INSTALLED_APPS`, before `"helpdesk_shell.django"`."""

    name = "wagtail_helpdesk"
    label = "wagtail_helpdesk"
    verbose_name = _("Helpdesk")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let the settings come from Wagtail's page of them."""
        from helpdesk_shell.django import conf

        conf.provide(_settings, _has_widget)


def _row(request: "HttpRequest | None") -> Any:
    from wagtail.models import Site

    from wagtail_helpdesk.models import HelpdeskSettings

    if request is not None:
        return HelpdeskSettings.for_request(request)
    site = Site.objects.filter(is_default_site=True).first()
    return HelpdeskSettings.for_site(site) if site else None


def _settings(request: "HttpRequest | None") -> "Settings | None":
    row = _row(request)
    return row.settings() if row and row.url else None


def _has_widget(request: "HttpRequest | None") -> bool:
    row = _row(request)
    return bool(row and row.widget)
