"""The test of the connection in Wagtail's admin."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST
from wagtail.admin import messages
from wagtail.admin.auth import permission_denied
from wagtail.models import Site

from helpdesk_shell.django import testing
from wagtail_helpdesk.models import HelpdeskSettings


@require_POST
def test_connection(request: HttpRequest, site: int) -> HttpResponse:
    """Ask the helpdesk with the settings that are stored, and say what came of it."""
    if not request.user.has_perm("wagtail_helpdesk.change_helpdesksettings"):
        return permission_denied(request)
    row = HelpdeskSettings.for_site(get_object_or_404(Site, pk=site))
    works, sentence = testing.tried(row.settings())
    (messages.success if works else messages.error)(request, sentence)
    return redirect("wagtailsettings:edit", "wagtail_helpdesk", "helpdesksettings", site)
