"""Where the settings come from: `HELPDESK` in settings.py, else what an admin entered on a page."""

from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings as django_settings
from django.http import HttpRequest
from django.utils.module_loading import import_string

from helpdesk_shell import Settings

Provider = Callable[[HttpRequest | None], Settings | None]
KNOWN = {"URL", "SITE", "KID", "SECRET", "TIMEOUT", "WIDGET", "EMAIL_VERIFIED", "ACCOUNT_DATA", "CACHE"}
_providers: "list[tuple[Provider, Callable[[HttpRequest | None], bool]]]" = []


def provide(provider: Provider, widget: Callable[[HttpRequest | None], bool]) -> None:
    """Ask this for the settings, and for the widget's switch, before the row of `Connection`; for a CMS's own page."""
    _providers.insert(0, (provider, widget))


def option(name: str, default: Any = None) -> Any:
    """Return an entry of `HELPDESK` in settings.py."""
    given: Mapping[str, Any] = getattr(django_settings, "HELPDESK", None) or {}
    return given.get(name, default)


def function(name: str) -> "Callable[..., Any] | None":
    """Return the function that an entry of `HELPDESK` is or names."""
    given = option(name)
    return import_string(given) if isinstance(given, str) else given if callable(given) else None


def is_in_file() -> bool:
    """Tell whether settings.py says it all, so that the page has nothing to say."""
    return bool(option("URL") and option("SECRET"))


def connection(request: HttpRequest | None) -> Settings | None:
    """Return the settings for this request's site; None while nobody has entered them, or they are not sound."""
    if is_in_file():
        found: Settings | None = Settings(
            url=option("URL"),
            site=option("SITE", ""),
            kid=option("KID", ""),
            secret=option("SECRET"),
            timeout=float(option("TIMEOUT", 3)),
        )
    else:
        found = next((given for each, _ in _providers if (given := each(request))), None) or _row()
    return found if found and not found.problems() else None


def has_widget(request: HttpRequest | None) -> bool:
    """Tell whether the help button stands on all pages."""
    if is_in_file() or option("WIDGET") is not None:
        return bool(option("WIDGET", False))
    if any(widget(request) for _, widget in _providers):
        return True
    from helpdesk_shell.django.models import Connection

    return Connection.objects.filter(widget=True).exists()


def _row() -> Settings | None:
    from helpdesk_shell.django.models import Connection

    row = Connection.objects.first()
    return row.settings() if row else None
