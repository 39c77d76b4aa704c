"""The helpdesk for a request: its shell, the page it stands in, and forms that come back."""

from typing import Any
from urllib.parse import urlencode

from django.core.cache import caches
from django.http import HttpRequest
from django.utils.translation import get_language

from helpdesk_shell import Settings, Shell, Upload
from helpdesk_shell.django import conf
from helpdesk_shell.django.people import person_of

PARAMETER = "helpdesk"
LONGEST_PATH = 500


class KeptInCache:
    """Keeps what the shell keeps in a cache of Django's."""

    def __init__(self) -> None:
        self._cache = caches[conf.option("CACHE", "default")]

    def get(self, key: str) -> Any:
        """Return what is kept, or None."""
        return self._cache.get(key)

    def set(self, key: str, value: Any, seconds: int) -> None:
        """Keep a value."""
        self._cache.set(key, value, seconds)

    def add(self, key: str, value: Any, seconds: int) -> bool:
        """Keep it unless something is there."""
        return bool(self._cache.add(key, value, seconds))

    def delete(self, key: str) -> None:
        """Forget it."""
        self._cache.delete(key)


def shell_of(request: HttpRequest) -> Shell | None:
    """Return the shell of who makes the request, made once a request; None while the site is not connected."""
    if not hasattr(request, "_helpdesk_shell"):
        settings = conf.connection(request)
        request._helpdesk_shell = make_shell(settings, request) if settings else None
    return request._helpdesk_shell


def make_shell(settings: Settings, request: HttpRequest) -> Shell:
    """Return a shell over these settings."""
    session = getattr(request, "session", None)
    return Shell(
        settings,
        KeptInCache(),
        person_of(request),
        visitor=(session.session_key or "") if session is not None else "",
        locale=get_language() or "",
        ip=request.META.get("REMOTE_ADDR", ""),
    )


def path_of(request: HttpRequest) -> str:
    """Return what of the helpdesk the address of the page asks for; empty for what the page begins with."""
    return request.GET.get(PARAMETER, "").strip()[:LONGEST_PATH]


def page_of(request: HttpRequest) -> str:
    """Return the address of the page without what is the helpdesk's."""
    query = request.GET.copy()
    query.pop(PARAMETER, None)
    return request.build_absolute_uri(request.path + (f"?{query.urlencode()}" if query else ""))


def address_of(page: str, path: str) -> str:
    """Return the address at which the page shows something of the helpdesk."""
    return f"{page}{'&' if '?' in page else '?'}{urlencode({PARAMETER: path})}"


def entered(request: HttpRequest) -> "tuple[list[tuple[str, str]], list[Upload]]":
    """Return the fields and files of the form that was sent, but for the site's own proof against forged ones."""
    fields = [
        (name, str(value)) for name, values in request.POST.lists() for value in values if name != "csrfmiddlewaretoken"
    ]
    uploads = [
        Upload(name, file.name or "", file.content_type or "", file.read())
        for name, files in request.FILES.lists()
        for file in files
    ]
    return fields, uploads
