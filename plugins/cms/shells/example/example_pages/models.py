"""The one kind of page."""

from django.db import models
from wagtail import blocks
from wagtail.admin.panels import FieldPanel
from wagtail.fields import StreamField
from wagtail.models import Page
from wagtail_helpdesk.blocks import HelpdeskBlock


class ContentPage(Page):
    """Text and pieces of the helpdesk."""

    body = StreamField([("text", blocks.RichTextBlock()), ("helpdesk", HelpdeskBlock())], blank=True)
    with_comments = models.BooleanField(default=False)
    content_panels = [*Page.content_panels, FieldPanel("body"), FieldPanel("with_comments")]
    template = "example_pages/content_page.html"
