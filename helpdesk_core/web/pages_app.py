"""Flask for pages: what a page asks again and again is found out once.

A page names some fifty addresses, most of them those of the page before; what an endpoint and its values make never
changes while the application lives.
"""

from typing import Any, Final

from flask import Flask, has_request_context, request
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer

from helpdesk_core.web.context import current_actor, state

KEPT: Final = 8192
"""How many addresses are kept; then all are forgotten, and it begins anew."""
LONGEST: Final = 300
"""How many characters an address that is kept may have."""
_PLAIN: Final = frozenset({str, int, type(None)})
_SPECIAL: Final = frozenset({"_anchor", "_method", "_scheme", "_external"})


class PagesApp(Flask):
    """Flask, which builds no address of a page twice, nor what all templates of a page share."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._addresses: dict[tuple[Any, ...], str] = {}

    def update_template_context(self, context: dict[str, Any]) -> None:
        """Add what all templates know, found out once for a page and who asks for it; see Flask."""
        if not has_request_context():
            super().update_template_context(context)
            return
        mine, actor = state(), current_actor()
        if mine.known_to_all is None or mine.known_to_all[0] is not actor:
            shared: dict[str, Any] = {}
            super().update_template_context(shared)
            mine.known_to_all = (actor, shared)
        given = context.copy()
        context.update(mine.known_to_all[1])
        context.update(given)

    def url_for(self, /, endpoint: str, **values: Any) -> str:
        """Return the address; see Flask."""
        if endpoint[:1] == "." or not has_request_context() or not _PLAIN.issuperset(map(type, values.values())):
            return super().url_for(endpoint, **values)
        key = (request.script_root, endpoint, *values.items())
        found = self._addresses.get(key)
        if found is None:
            found = super().url_for(endpoint, **values)
            if values.keys() & _SPECIAL or len(found) > LONGEST:
                return found
            if len(self._addresses) >= KEPT:
                self._addresses.clear()
            self._addresses[key] = found
        return found


class Sessions(SecureCookieSessionInterface):
    """Flask's sessions in a signed cookie; what signs is made once, as every request asks for it."""

    _signing: URLSafeTimedSerializer | None = None

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Return what signs; the key of an application does not change while it lives."""
        if self._signing is None:
            self._signing = super().get_signing_serializer(app)
        return self._signing
