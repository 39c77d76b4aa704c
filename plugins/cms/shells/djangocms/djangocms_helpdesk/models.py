"""What an editor chooses for a piece of the helpdesk."""

from cms.models.pluginmodel import CMSPlugin
from django.db import models
from django.utils.translation import gettext_lazy as _


class HelpdeskPart(CMSPlugin):
    """A piece of the helpdesk in a placeholder."""

    class Part(models.TextChoices):
        """The pieces there are."""

        NEW = "new", _("Form for a new ticket")
        TICKETS = "tickets", _("Own tickets")
        SEARCH = "search", _("Search of the knowledge base")
        STATUS = "status", _("State of the services")

    part = models.CharField(_("what"), max_length=16, choices=Part.choices, default=Part.NEW)
    in_frame = models.BooleanField(_("in a frame"), default=False, help_text=_("Lives on its own; needs JavaScript."))

    def __str__(self) -> str:
        """Return what it is."""
        return str(self.get_part_display())
