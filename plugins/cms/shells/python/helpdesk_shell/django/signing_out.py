"""Who logs out of the site is signed out of the helpdesk, too."""

import re
import secrets
from datetime import timedelta
from typing import Any, Final

from django.conf import settings as django_settings
from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse

from helpdesk_shell import Shell
from helpdesk_shell.django import conf, embedding, people

COOKIE: Final = "helpdesk_browser"
"""By this cookie the helpdesk knows the browser once it was led there, also when the site has begun a new session."""
LASTS: Final = timedelta(days=400)
"""As long as sessions of the helpdesk last at most; each visit begins it anew."""
NAME: Final = re.compile(r"[A-Za-z0-9_-]{24}")
SESSION: Final = "helpdesk_session"
"""Under this name sessions kept what is a cookie now; those that run still are told of by it."""
SIGNED_IN: Final = "helpdesk_signed_in"
"""What sessions kept before that: the helpdesk has no name for them."""


def sid_of(request: HttpRequest) -> str:
    """Return what the helpdesk knows this browser by, or a new name; `keep` has the browser keep it."""
    return _known(request) or secrets.token_urlsafe(18)


def keep(answer: HttpResponse, request: HttpRequest, sid: str) -> None:
    """Have the browser keep its name, wherever it sends the cookie of its session."""
    answer.set_cookie(
        COOKIE,
        sid,
        max_age=LASTS,
        path=django_settings.SESSION_COOKIE_PATH,
        domain=django_settings.SESSION_COOKIE_DOMAIN,
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
    )


@receiver(user_logged_out, dispatch_uid="helpdesk_shell.sign_out")
def sign_out(sender: Any, request: "HttpRequest | None", user: Any, **_: Any) -> None:
    """End what this browser was led to in the helpdesk; other browsers of the same person stay signed in."""
    if user is None or request is None:
        return
    sid = _known(request)
    if not sid and SIGNED_IN not in _session(request):
        return
    settings = conf.connection(request)
    if settings:
        Shell(settings, embedding.KeptInCache(), people.person(user, request)).sign_out(sid)


def _known(request: HttpRequest) -> str:
    """Return the name of this browser, empty where it has none."""
    kept = (request.COOKIES.get(COOKIE), _session(request).get(SESSION))
    return next((name for name in kept if isinstance(name, str) and NAME.fullmatch(name)), "")


def _session(request: HttpRequest) -> Any:
    return getattr(request, "session", {})
