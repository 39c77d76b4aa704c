"""Make the tables."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """The first."""

    initial = True

    dependencies = [
        ("wagtailcore", "0098_apitoken"),
    ]

    operations = [
        migrations.CreateModel(
            name="HelpdeskSettings",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "url",
                    models.URLField(
                        blank=True, help_text="Such as https://help.example.com", verbose_name="address of the helpdesk"
                    ),
                ),
                (
                    "site_key",
                    models.CharField(
                        blank=True,
                        help_text="What the helpdesk calls this site.",
                        max_length=64,
                        verbose_name="site key",
                    ),
                ),
                ("kid", models.CharField(blank=True, max_length=64, verbose_name="id of the secret")),
                (
                    "secret",
                    models.CharField(
                        blank=True,
                        help_text="The helpdesk shows it once. Leave this empty to keep the one that is stored.",
                        max_length=500,
                        verbose_name="secret",
                    ),
                ),
                (
                    "timeout",
                    models.FloatField(
                        default=3.0,
                        help_text="Seconds that a page waits for the helpdesk at most.",
                        verbose_name="patience",
                    ),
                ),
                (
                    "widget",
                    models.BooleanField(
                        default=False,
                        help_text="Where templates have the tag helpdesk_widget.",
                        verbose_name="help button on all pages",
                    ),
                ),
                (
                    "site",
                    models.OneToOneField(
                        editable=False, on_delete=django.db.models.deletion.CASCADE, to="wagtailcore.site"
                    ),
                ),
            ],
            options={
                "verbose_name": "Helpdesk",
                "verbose_name_plural": "Helpdesk",
            },
        ),
    ]
