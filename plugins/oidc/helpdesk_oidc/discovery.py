"""What a provider says of itself (OpenID Connect Discovery 1.0), and its keys (RFC 7517), kept for a while.

Kept in each process. Keys are asked for again when one is named that is not known, so a provider changes them whenever
it likes; at most every half minute, so that forged tokens make no load.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import jwt

from helpdesk_core.api import Helpdesk
from helpdesk_core.api.outgoing import AddressRefused, NoReply, Reply, send

from .failing import SignInFailed
from .settings import rules
from .texts import lazy as _l

T = TypeVar("T")
KEPT: Final = timedelta(hours=1)
ASKED_AGAIN: Final = timedelta(seconds=30)
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures that only the provider can make; never `none`, and none whose key the helpdesk has as well."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a provider says of itself; addresses that it does not have are empty."""

    issuer: str
    authorization: str
    token: str
    keys: str
    userinfo: str = ""
    end_session: str = ""
    secret_in_form: bool = False


@dataclass(slots=True)
class _Known:
    """What is kept of one issuer. `problems` are, by what was asked for, the last failure and until when to rest."""

    metadata: Metadata | None = None
    metadata_until: datetime | None = None
    keys: dict[str, jwt.PyJWK] | None = None
    keys_asked: datetime | None = None
    keys_until: datetime | None = None
    problems: dict[str, tuple[SignInFailed, datetime]] = field(default_factory=dict)


class Directory:
    """Providers as they describe themselves, for one helpdesk in one process."""

    def __init__(self, desk: Helpdesk) -> None:
        self._desk = desk
        self._known: dict[str, _Known] = {}
        self._lock = Lock()

    def metadata(self, issuer: str, *, fresh: bool = False) -> Metadata:
        """Return what the provider says of itself; `SignInFailed` with a sentence when it does not, or says wrong."""
        known, now = self._of(issuer), self._desk.now()
        if not fresh and known.metadata and known.metadata_until and now < known.metadata_until:
            return known.metadata
        found = self._asked(known, "metadata", fresh, lambda: _metadata(issuer, self.fetch(_well_known(issuer))))
        known.metadata, known.metadata_until = found, now + KEPT
        return found

    def key(self, issuer: str, kid: str | None) -> jwt.PyJWK:
        """Return the key with that id (None: the only one there is); asks again for one that is not known.

        While the keys cannot be asked for, those that are known are good.
        """
        known, now = self._of(issuer), self._desk.now()
        stale = known.keys is None or known.keys_until is None or now >= known.keys_until
        unknown = known.keys is not None and _pick(known.keys, kid) is None
        rested = known.keys_asked is None or now - known.keys_asked >= ASKED_AGAIN
        if stale or (unknown and rested):
            known.keys_asked = now
            try:
                self.keys(issuer, fresh=False)
            except SignInFailed:
                if _pick(known.keys or {}, kid) is None:
                    raise
        found = _pick(known.keys or {}, kid)
        if found is None:
            raise SignInFailed(_l("The provider signed with a key that it does not publish. Try again in a minute."))
        return found

    def keys(self, issuer: str, *, fresh: bool = True) -> int:
        """Ask for the keys now, unless not `fresh` and they were not there just before; return how many there are."""
        known = self._of(issuer)
        address = self.metadata(issuer).keys
        known.keys = self._asked(known, "keys", fresh, lambda: _keys(self.fetch(address)))
        known.keys_asked = self._desk.now()
        known.keys_until = known.keys_asked + KEPT
        return len(known.keys)

    def fetch(self, url: str, **given: Any) -> Reply:
        """Ask a provider, within the bounds of the settings; `SignInFailed` when nobody answers."""
        rule = rules(self._desk)
        try:
            return send(url, timeout=rule.timeout.total_seconds(), allowed=rule.allowed, **given)
        except (AddressRefused, NoReply) as error:
            raise SignInFailed(
                _l(
                    "The provider cannot be reached: %(problem)s Try again, or sign in another way.", problem=str(error)
                ),
                status=503,
            ) from error

    def forget(self, issuer: str) -> None:
        """Ask anew next time."""
        with self._lock:
            self._known.pop(issuer, None)

    def _of(self, issuer: str) -> _Known:
        with self._lock:
            return self._known.setdefault(issuer, _Known())

    def _asked(self, known: _Known, what: str, fresh: bool, ask: Callable[[], T]) -> T:
        now, failed = self._desk.now(), known.problems.get(what)
        if not fresh and failed is not None and now < failed[1]:
            raise failed[0]
        try:
            found = ask()
        except SignInFailed as problem:
            known.problems[what] = (problem, now + ASKED_AGAIN / 3)
            raise
        known.problems.pop(what, None)
        return found


def is_safe(url: str) -> bool:
    """Tell whether secrets may travel there: by HTTPS, or to this machine."""
    try:
        place = urlsplit(url)
        host = place.hostname
    except ValueError:
        return False
    return bool(host) and (place.scheme == "https" or (place.scheme == "http" and host in LOOPBACK))


def _well_known(issuer: str) -> str:
    return f"{issuer.rstrip('/')}/.well-known/openid-configuration"


def _metadata(issuer: str, reply: Reply) -> Metadata:
    told = _json(reply)
    if str(told.get("issuer", "")).rstrip("/") != issuer.rstrip("/"):
        raise SignInFailed(
            _l(
                "The provider calls itself “%(issuer)s”; enter that as its address.",
                issuer=str(told.get("issuer"))[:200],
            )
        )
    return Metadata(
        issuer=str(told["issuer"]),
        authorization=_address(told, "authorization_endpoint"),
        token=_address(told, "token_endpoint"),
        keys=_address(told, "jwks_uri"),
        userinfo=_address(told, "userinfo_endpoint", needed=False),
        end_session=_address(told, "end_session_endpoint", needed=False),
        secret_in_form="client_secret_basic"
        not in (told.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]),
    )


def _address(told: dict[str, Any], name: str, *, needed: bool = True) -> str:
    url = told.get(name)
    if url is None and not needed:
        return ""
    if not isinstance(url, str) or not is_safe(url):
        raise SignInFailed(_l("What the provider says of itself has no good “%(name)s”. Ask who runs it.", name=name))
    return url


def _keys(reply: Reply) -> dict[str, jwt.PyJWK]:
    """Return the keys for signatures by their ids; those of kinds we do not know are left out."""
    found: dict[str, jwt.PyJWK] = {}
    for number, each in enumerate(_json(reply).get("keys") or ()):
        if not isinstance(each, dict) or each.get("use", "sig") != "sig" or each.get("kty") == "oct":
            continue
        try:
            key = jwt.PyJWK(each)
        except (jwt.PyJWTError, ValueError, TypeError):
            continue
        found[key.key_id or f"#{number}"] = key
    if not found:
        raise SignInFailed(_l("The provider publishes no keys for its signatures. Ask who runs it."))
    return found


def _pick(keys: dict[str, jwt.PyJWK], kid: str | None) -> jwt.PyJWK | None:
    if kid is not None:
        return keys.get(kid)
    return next(iter(keys.values())) if len(keys) == 1 else None


def _json(reply: Reply) -> dict[str, Any]:
    try:
        told = json.loads(reply.body) if reply.ok else None
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise SignInFailed(
            _l(
                "%(url)s does not answer as a provider does (HTTP %(status)s).",
                url=reply.url[:200],
                status=reply.status,
            ),
            status=502,
        )
    return told
