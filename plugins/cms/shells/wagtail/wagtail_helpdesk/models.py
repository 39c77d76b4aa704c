"""The settings, one row for each of Wagtail's sites: two sites are two sites in the helpdesk, too."""

from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.panels import FieldPanel, HelpPanel, MultiFieldPanel
from wagtail.contrib.settings.models import BaseSiteSetting, register_setting

from helpdesk_shell.django.forms import KeepsSecret
from helpdesk_shell.django.models import ConnectionFields


class SettingsForm(KeepsSecret, WagtailAdminModelForm):
    """The form in Wagtail's admin; the secret is never shown again."""


@register_setting(icon="help")
class HelpdeskSettings(ConnectionFields, BaseSiteSetting):
    """How a site reaches the helpdesk."""

    panels = [
        MultiFieldPanel(
            [FieldPanel(name) for name in ("url", "site_key", "kid", "secret", "timeout")], heading=_("Connection")
        ),
        FieldPanel("widget"),
        HelpPanel(template="wagtail_helpdesk/test_panel.html", heading=_("Does it work?")),
    ]
    base_form_class = SettingsForm

    class Meta:
        verbose_name = verbose_name_plural = _("Helpdesk")
