"""An entry for agents in the toolbar."""

from cms.toolbar_base import CMSToolbar
from cms.toolbar_pool import toolbar_pool
from django.urls import reverse
from django.utils.translation import gettext as _


@toolbar_pool.register
class HelpdeskToolbar(CMSToolbar):
    """Leads to what waits in the helpdesk."""

    def populate(self) -> None:
        """Add the entry for those who may see what waits."""
        if self.request.user.has_perm("helpdesk_shell.see_dashboard"):
            menu = self.toolbar.get_or_create_menu("helpdesk", _("Helpdesk"))
            menu.add_link_item(_("What waits"), url=reverse("helpdesk:dashboard"))
