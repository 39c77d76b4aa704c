"""Make the tables."""

import django.db.models.deletion
import wagtail.fields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """The first."""

    initial = True

    dependencies = [
        ("wagtailcore", "0098_apitoken"),
    ]

    operations = [
        migrations.CreateModel(
            name="ContentPage",
            fields=[
                (
                    "page_ptr",
                    models.OneToOneField(
                        auto_created=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        parent_link=True,
                        primary_key=True,
                        serialize=False,
                        to=settings.WAGTAIL_PAGE_MODEL,
                    ),
                ),
                (
                    "body",
                    wagtail.fields.StreamField(
                        [("text", 0), ("helpdesk", 3)],
                        blank=True,
                        block_lookup={
                            0: ("wagtail.blocks.RichTextBlock", (), {}),
                            1: (
                                "wagtail.blocks.ChoiceBlock",
                                [],
                                {
                                    "choices": [
                                        ("new", "Form for a new ticket"),
                                        ("tickets", "Own tickets"),
                                        ("search", "Search of the knowledge base"),
                                        ("status", "State of the services"),
                                    ],
                                    "label": "What",
                                },
                            ),
                            2: (
                                "wagtail.blocks.BooleanBlock",
                                (),
                                {
                                    "help_text": "Lives on its own; needs JavaScript.",
                                    "label": "In a frame",
                                    "required": False,
                                },
                            ),
                            3: ("wagtail.blocks.StructBlock", [[("part", 1), ("in_frame", 2)]], {}),
                        },
                    ),
                ),
                ("with_comments", models.BooleanField(default=False)),
            ],
            options={
                "abstract": False,
            },
            bases=("wagtailcore.page",),
        ),
    ]
