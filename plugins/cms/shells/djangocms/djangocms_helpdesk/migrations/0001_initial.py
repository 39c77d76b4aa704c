"""Make the tables."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """The first."""

    initial = True

    dependencies = [
        ("cms", "0045_pageurl_site_unique_path"),
    ]

    operations = [
        migrations.CreateModel(
            name="HelpdeskPart",
            fields=[
                (
                    "cmsplugin_ptr",
                    models.OneToOneField(
                        auto_created=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        parent_link=True,
                        primary_key=True,
                        related_name="%(app_label)s_%(class)s",
                        serialize=False,
                        to="cms.cmsplugin",
                    ),
                ),
                (
                    "part",
                    models.CharField(
                        choices=[
                            ("new", "Form for a new ticket"),
                            ("tickets", "Own tickets"),
                            ("search", "Search of the knowledge base"),
                            ("status", "State of the services"),
                        ],
                        default="new",
                        max_length=16,
                        verbose_name="what",
                    ),
                ),
                (
                    "in_frame",
                    models.BooleanField(
                        default=False, help_text="Lives on its own; needs JavaScript.", verbose_name="in a frame"
                    ),
                ),
            ],
            bases=("cms.cmsplugin",),
        ),
    ]
