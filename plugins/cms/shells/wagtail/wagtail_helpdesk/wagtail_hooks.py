"""What is added to Wagtail's admin: a panel on its home, the test of the connection, the right to see the panel."""

from typing import Any

from django.contrib.auth.models import Permission
from django.db.models import QuerySet
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from wagtail import hooks
from wagtail.admin.ui.components import Component

from helpdesk_shell.django.templatetags import helpdesk
from wagtail_helpdesk import views


class DashboardPanel(Component):
    """What waits for an agent."""

    name = "helpdesk"
    order = 150

    def render_html(self, parent_context: Any = None) -> SafeString:
        """Return the panel; nothing for people who may not see it."""
        html = helpdesk.dashboard(parent_context["request"])
        if not html:
            return SafeString("")
        head = format_html('<h2 id="helpdesk-panel">{}</h2>', _("Helpdesk"))
        return format_html('<section aria-labelledby="helpdesk-panel">{}{}</section>', head, html)


@hooks.register("construct_homepage_panels")
def add_panel(request: Any, panels: "list[Any]") -> None:
    """Show agents what waits."""
    if request.user.has_perm("helpdesk_shell.see_dashboard"):
        panels.append(DashboardPanel())


@hooks.register("register_permissions")
def permissions() -> "QuerySet[Permission]":
    """Let groups be given the right to see the panel."""
    return Permission.objects.filter(content_type__app_label="helpdesk_shell", codename="see_dashboard")


@hooks.register("register_admin_urls")
def urls() -> "list[URLPattern]":
    """Return the addresses in Wagtail's admin."""
    return [path("helpdesk/test/<int:site>/", views.test_connection, name="wagtail_helpdesk_test")]
