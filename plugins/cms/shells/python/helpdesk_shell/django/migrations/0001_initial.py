"""Make the tables."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """The first."""

    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="CommentTicket",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("comment", models.CharField(max_length=64, unique=True)),
                ("number", models.CharField(max_length=32)),
                ("url", models.URLField(max_length=500)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "verbose_name": "ticket of a comment",
                "verbose_name_plural": "tickets of comments",
                "permissions": [("see_dashboard", "Can see what waits in the helpdesk")],
            },
        ),
        migrations.CreateModel(
            name="Connection",
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
            ],
            options={
                "verbose_name": "connection to the helpdesk",
                "verbose_name_plural": "connection to the helpdesk",
            },
        ),
        migrations.CreateModel(
            name="PostedAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("message", models.CharField(max_length=64, unique=True)),
                ("comment", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
    ]
