"""Who logs out of the site is signed out of the helpdesk, too."""

from typing import Any

from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from helpdesk_shell import Shell
from helpdesk_shell.django import conf, embedding, people

SIGNED_IN = "helpdesk_signed_in"
"""Under this name the session remembers that it has begun one in the helpdesk."""


@receiver(user_logged_out, dispatch_uid="helpdesk_shell.sign_out")
def sign_out(sender: Any, request: "HttpRequest | None", user: Any, **_: Any) -> None:
    """End the person's sessions in the helpdesk, if this one led there."""
    session = getattr(request, "session", None)
    if user is None or session is None or not session.get(SIGNED_IN):
        return
    settings = conf.connection(request)
    if settings:
        Shell(settings, embedding.KeptInCache(), people.person(user, request)).sign_out()
