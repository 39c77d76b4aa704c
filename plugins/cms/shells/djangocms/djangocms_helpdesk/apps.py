"""The Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DjangocmsHelpdeskConfig(AppConfig):
    """`"djangocms_helpdesk"` in `INSTALLED_APPS`, beside `"helpdesk_shell.django"`."""

    name = "djangocms_helpdesk"
    label = "djangocms_helpdesk"
    verbose_name = _("Helpdesk")
    default_auto_field = "django.db.models.BigAutoField"
