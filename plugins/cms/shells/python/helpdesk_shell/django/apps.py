"""The Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class HelpdeskShellConfig(AppConfig):
    """`"helpdesk_shell.django"` in `INSTALLED_APPS`."""

    name = "helpdesk_shell.django"
    label = "helpdesk_shell"
    verbose_name = _("Helpdesk")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to log-outs, and check the settings."""
        from helpdesk_shell.django import checks, signing_out  # noqa: F401 - they register themselves
