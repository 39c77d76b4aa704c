"""A site made with django CMS."""

from typing import ClassVar

from .django_site import DjangoSite


class DjangoCms(DjangoSite):
    """The example project with django CMS's pages and Django's admin."""

    name: ClassVar[str] = "djangocms"
    table: ClassVar[str] = "helpdesk_shell_connection"
    dashboard: ClassVar[str] = "/helpdesk/dashboard/"
    settings: ClassVar[str] = "/django-admin/helpdesk_shell/connection/1/change/"
