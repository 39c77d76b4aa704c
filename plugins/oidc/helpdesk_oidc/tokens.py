"""ID tokens (OpenID Connect Core 1.0, 3.1.3.7) and logout tokens (Back-Channel Logout 1.0): are they true?"""

import hmac
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, TypeGuard

import jwt

from helpdesk_core.api import Helpdesk

from .discovery import ALGORITHMS, Directory
from .failing import SignInFailed
from .models import Provider
from .texts import lazy as _l

SKEW: Final = timedelta(seconds=60)
LONGEST_TOKEN: Final = 32_000
LOGOUT_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
OLDEST_LOGOUT: Final = timedelta(minutes=5)
LONGEST_SUB: Final = 255


def id_claims(desk: Helpdesk, directory: Directory, provider: Provider, token: str, nonce: str) -> Mapping[str, Any]:
    """Return what an ID token says, once it is proved to be from the provider, for us, new, and for this sign-in."""
    claims = _proved(desk, directory, provider, token)
    given = claims.get("nonce")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), nonce.encode()):
        raise SignInFailed(_l("The provider's answer belongs to another sign-in. Begin again."))
    return claims


def logout_claims(desk: Helpdesk, directory: Directory, provider: Provider, token: str) -> tuple[str, str]:
    """Return `sub` and `sid` (one may be empty) of sessions that a provider has ended."""
    claims = _proved(desk, directory, provider, token, expires=False)
    events, sid = claims.get("events"), claims.get("sid")
    sub = claims.get("sub")
    made = claims.get("iat")
    if not isinstance(events, dict) or LOGOUT_EVENT not in events or "nonce" in claims or not claims.get("jti"):
        raise SignInFailed(_l("This is no logout token."), status=400)
    if not isinstance(made, int | float) or abs(desk.now().timestamp() - made) > OLDEST_LOGOUT.total_seconds():
        raise SignInFailed(_l("The logout token is too old, or the clocks differ."), status=400)
    found = (sub if isinstance(sub, str) else "", sid if isinstance(sid, str) else "")
    if not any(found):
        raise SignInFailed(_l("The logout token names neither a person nor a session."), status=400)
    return found


def _proved(
    desk: Helpdesk, directory: Directory, provider: Provider, token: str, *, expires: bool = True
) -> Mapping[str, Any]:
    bad = SignInFailed(_l("The provider's answer is not signed as it has to be. Ask who runs it."))
    try:
        header = jwt.get_unverified_header(token) if len(token) <= LONGEST_TOKEN else {}
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise bad from None
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS or not isinstance(kid, str | None):
        raise bad
    key = directory.key(provider.issuer, kid)
    try:
        claims: Mapping[str, Any] = jwt.decode(token, key.key, algorithms=[algorithm], options=_SIGNATURE_ONLY)
    except (jwt.PyJWTError, ValueError, TypeError):
        raise bad from None
    _check(desk, directory.metadata(provider.issuer).issuer, provider, claims, expires)
    return claims


_SIGNATURE_ONLY: Final[Any] = {
    "verify_signature": True,
    "require": [],
    **dict.fromkeys(
        ("verify_exp", "verify_nbf", "verify_iat", "verify_aud", "verify_iss", "verify_sub", "verify_jti"), False
    ),
}


def _check(desk: Helpdesk, issuer: str, provider: Provider, claims: Mapping[str, Any], expires: bool) -> None:
    if claims.get("iss") != issuer:
        raise SignInFailed(_l("The answer is from another provider than the one that was asked. Begin again."))
    audience = claims.get("aud")
    meant = audience if isinstance(audience, list) else [audience]
    if provider.client_id not in meant or (len(meant) > 1 and claims.get("azp") != provider.client_id):
        raise SignInFailed(_l("The provider's answer is meant for another application. Ask an administrator."))
    ends, begins, now = claims.get("exp"), claims.get("nbf"), desk.now().timestamp()
    if expires and (not _is_time(ends) or ends + SKEW.total_seconds() < now):
        raise SignInFailed(_l("The provider's answer is too old. Begin again; if it goes on, the clocks differ."))
    if _is_time(begins) and begins - SKEW.total_seconds() > now:
        raise SignInFailed(_l("The provider's answer is not good yet: the clocks differ. Ask an administrator."))


def _is_time(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
