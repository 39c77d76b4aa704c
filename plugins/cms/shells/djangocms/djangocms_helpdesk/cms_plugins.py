"""The plugin for placeholders."""

from cms.plugin_base import CMSPluginBase
from cms.plugin_pool import plugin_pool
from django.utils.translation import gettext_lazy as _

from djangocms_helpdesk.models import HelpdeskPart


@plugin_pool.register_plugin
class HelpdeskPlugin(CMSPluginBase):
    """A piece of the helpdesk, for who looks at the page; so a page with it is kept in no cache that others share."""

    model = HelpdeskPart
    name = _("Helpdesk")
    module = _("Helpdesk")
    render_template = "djangocms_helpdesk/part.html"
    cache = False
