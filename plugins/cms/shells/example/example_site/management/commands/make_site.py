"""`manage.py make_site`: pages and people of the example, from JSON on standard input."""

import json
import sys
from typing import Any

from django.conf import settings
from django.contrib.sites.models import Site
from django.core.management.base import BaseCommand
from django.db import transaction

from example_site.people import make_people

PAGES: "list[tuple[str, str, list[dict[str, Any]]]]" = [
    ("support", "Support", [{"part": "new", "in_frame": False}]),
    ("tickets", "My tickets", [{"part": "tickets", "in_frame": False}]),
    ("framed", "Support in a frame", [{"part": "new", "in_frame": True}]),
    ("talk", "Talk", []),
]


class Command(BaseCommand):
    """Make the site; `{"people": {key: {"name", "email"}}, "password": …}` comes in."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        """Make everything."""
        given = json.load(sys.stdin)
        domain = settings.SITE_URL.partition("://")[2]
        Site.objects.update_or_create(pk=settings.SITE_ID, defaults={"domain": domain, "name": "Example"})
        make_people(given["people"], given["password"])
        with transaction.atomic():
            _wagtail() if settings.MADE_WITH == "wagtail" else _djangocms()


def _wagtail() -> None:
    from example_pages.models import ContentPage
    from wagtail.models import Page
    from wagtail.models import Site as WagtailSite
    from wagtail_helpdesk.models import HelpdeskSettings

    root = Page.objects.get(depth=1)
    Page.objects.filter(depth=2).delete()
    root = Page.objects.get(pk=root.pk)
    home = root.add_child(instance=ContentPage(title="Example", slug="home"))
    site, _ = WagtailSite.objects.update_or_create(
        is_default_site=True, defaults={"hostname": "localhost", "root_page": home, "site_name": "Example"}
    )
    for slug, title, parts in PAGES:
        body = json.dumps([{"type": "helpdesk", "value": part} for part in parts])
        home.add_child(instance=ContentPage(title=title, slug=slug, body=body, with_comments=slug == "talk"))
    HelpdeskSettings.objects.create(site=site)


def _djangocms() -> None:
    from cms.api import add_plugin, create_page

    from helpdesk_shell.django.models import Connection

    template = settings.CMS_TEMPLATES[0][0]
    home = create_page("Example", template, "en", slug="home")
    home.set_as_homepage()
    for slug, title, parts in PAGES:
        page = create_page(title, template, "en", slug=slug, reverse_id=slug)
        placeholder = page.get_placeholders("en").get(slot="content")
        for part in parts:
            add_plugin(placeholder, "HelpdeskPlugin", "en", **part)
    Connection.objects.create()
