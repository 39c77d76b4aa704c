"""Who logs out of the site is signed out of the helpdesk, too."""

import secrets
from typing import Any

from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from helpdesk_shell import Shell
from helpdesk_shell.django import conf, embedding, people

SESSION = "helpdesk_session"
"""Under this name the session keeps what the helpdesk knows it by, once it has led there."""


def sid_of(request: HttpRequest) -> str:
    """Return what the helpdesk knows this session by; a new name stays with it also when Django changes its key."""
    name = request.session.get(SESSION)
    if not isinstance(name, str):
        name = request.session[SESSION] = secrets.token_urlsafe(18)
    return name


@receiver(user_logged_out, dispatch_uid="helpdesk_shell.sign_out")
def sign_out(sender: Any, request: "HttpRequest | None", user: Any, **_: Any) -> None:
    """End what this session led to in the helpdesk; other browsers of the same person stay signed in."""
    session = getattr(request, "session", None)
    sid = session.get(SESSION) if session is not None else None
    if user is None or not isinstance(sid, str):
        return
    settings = conf.connection(request)
    if settings:
        Shell(settings, embedding.KeptInCache(), people.person(user, request)).sign_out(sid)
