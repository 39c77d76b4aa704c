"""Blocks for StreamFields."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from helpdesk_shell.django.templatetags import helpdesk

PARTS = [
    ("new", _("Form for a new ticket")),
    ("tickets", _("Own tickets")),
    ("search", _("Search of the knowledge base")),
    ("status", _("State of the services")),
]


class HelpdeskBlock(blocks.StructBlock):
    """A piece of the helpdesk: in the page itself, or in a frame."""

    part = blocks.ChoiceBlock(choices=PARTS, default="new", label=_("What"))
    in_frame = blocks.BooleanBlock(
        required=False, label=_("In a frame"), help_text=_("Lives on its own; needs JavaScript.")
    )

    class Meta:
        icon = "help"
        label = _("Helpdesk")

    def render(self, value: Any, context: Any = None) -> str:
        """Return the piece for who looks at the page; nothing where there is no request, such as in a search index."""
        request = (context or {}).get("request")
        if request is None:
            return ""
        show = helpdesk.frame if value.get("in_frame") else helpdesk.fragment
        return show(request, value.get("part") or "new")
