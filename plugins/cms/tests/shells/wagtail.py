"""A site made with Wagtail."""

from typing import ClassVar

from .django_site import DjangoSite


class Wagtail(DjangoSite):
    """The example project with Wagtail's pages and admin."""

    name: ClassVar[str] = "wagtail"
    table: ClassVar[str] = "wagtail_helpdesk_helpdesksettings"
    dashboard: ClassVar[str] = "/admin/"
    settings: ClassVar[str] = "/admin/settings/wagtail_helpdesk/helpdesksettings/"
