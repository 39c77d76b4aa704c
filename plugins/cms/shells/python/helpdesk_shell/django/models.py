"""What a site keeps: how to reach the helpdesk, and which comment is which ticket."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from helpdesk_shell import Settings
from helpdesk_shell.settings import LEAST_SECRET


class ConnectionFields(models.Model):
    """The settings, as fields of a page in some admin."""

    url = models.URLField(_("address of the helpdesk"), blank=True, help_text=_("Such as https://help.example.com"))
    site_key = models.CharField(
        _("site key"), max_length=64, blank=True, help_text=_("What the helpdesk calls this site.")
    )
    kid = models.CharField(_("id of the secret"), max_length=64, blank=True)
    secret = models.CharField(
        _("secret"),
        max_length=500,
        blank=True,
        help_text=_("The helpdesk shows it once. Leave this empty to keep the one that is stored."),
    )
    timeout = models.FloatField(
        _("patience"), default=3.0, help_text=_("Seconds that a page waits for the helpdesk at most.")
    )
    widget = models.BooleanField(
        _("help button on all pages"), default=False, help_text=_("Where templates have the tag helpdesk_widget.")
    )

    class Meta:
        abstract = True

    def settings(self) -> Settings:
        """Return what was entered."""
        return Settings(url=self.url, site=self.site_key, kid=self.kid, secret=self.secret, timeout=self.timeout)


def problems_of(entered: Settings) -> "dict[str, Any]":
    """Return what is wrong by the names of the fields, in the language of who reads."""
    said = {
        "url": _("Write an address such as https://help.example.com; http:// is for this machine only."),
        "site": _("Enter the key of this site; the helpdesk shows it beside the site."),
        "kid": _("Enter the id of the secret; the helpdesk shows it beside the site."),
        "secret": _("Enter the whole secret that the helpdesk showed; it has %(least)s characters or more.")
        % {"least": LEAST_SECRET},
        "timeout": _("Wait between 0.1 and 30 seconds."),
    }
    return {{"site": "site_key"}.get(name, name): said[name] for name in entered.problems()}


class Connection(ConnectionFields):
    """The one connection of a site that does not state it in settings.py."""

    class Meta:
        verbose_name = verbose_name_plural = _("connection to the helpdesk")

    def __str__(self) -> str:
        """Return the address."""
        return self.url


class CommentTicket(models.Model):
    """The ticket that was made of a comment."""

    comment = models.CharField(max_length=64, unique=True)
    number = models.CharField(max_length=32)
    url = models.URLField(max_length=500)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("ticket of a comment")
        verbose_name_plural = _("tickets of comments")
        permissions = [("see_dashboard", _("Can see what waits in the helpdesk"))]

    def __str__(self) -> str:
        """Return the number."""
        return self.number


class PostedAnswer(models.Model):
    """An answer that came from the helpdesk and is a comment now; each comes in once."""

    message = models.CharField(max_length=64, unique=True)
    comment = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        """Return the message's id."""
        return self.message
