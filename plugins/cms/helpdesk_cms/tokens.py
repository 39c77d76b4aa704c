"""Tokens: signed statements of a site about who is in front of it (JWT, RFC 7519, with HS256 and nothing else)."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

import jwt
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from helpdesk_core.api import ANONYMOUS, Helpdesk, HelpdeskError
from helpdesk_core.api.errors import Invalid
from helpdesk_core.api.users import clean_name, normalise

from .models import Site, UsedToken
from .signing import token_key
from .sites import KEY, secrets_of
from .texts import lazy as _l

Use = Literal["sign-in", "frame", "server"]
ALGORITHM: Final = "HS256"
SKEW: Final = timedelta(seconds=60)
LONGEST: Final = timedelta(seconds=300)
MOST_DATA, LONGEST_DATUM, MOST_ROLES = 20, 200, 100
LONGEST_TOKEN: Final = 16_000


class TokenRefused(HelpdeskError):
    """A token that proves nothing here; the message says why and what to do. `site` is whose it claims to be."""

    status = 401

    def __init__(self, code: str, message: str, site: Site | None = None) -> None:
        super().__init__(message)
        self.code = f"token-{code}"
        self.site = site


@dataclass(frozen=True, slots=True)
class Claims:
    """What a good token says. `sub` is empty for a visitor, `sid` for no session; `email` is normalised, or empty."""

    site: Site
    jti: str
    expires_at: datetime
    sub: str = ""
    email: str = ""
    email_verified: bool = False
    name: str = ""
    locale: str | None = None
    roles: frozenset[str] | None = None
    data: Mapping[str, str] = field(default_factory=dict)
    ip: str | None = None
    sid: str = ""


def check(desk: Helpdesk, token: str, use: Use, site_key: str = "") -> Claims:
    """Return what the token says, or raise `TokenRefused`; whether it was used before is for `spend` to tell.

    With `site_key`, a token of another site is refused.
    """
    header, unproved = _parts(token)
    site, secret = _signer(desk, header, unproved)
    try:
        proved = jwt.decode(token, token_key(secret), algorithms=[ALGORITHM], options=_SIGNATURE_ONLY)
    except jwt.PyJWTError:
        raise TokenRefused(
            "signature", _l("The token is not signed with this site's secret. Compare key id and secret."), site
        ) from None
    if site_key and site.key != site_key:
        raise TokenRefused("site", _l("The token is of another site. Sign it for this one."), site)
    _check_audience(desk, proved, site)
    expires_at = _check_times(desk.now(), proved, site)
    _check_use(proved, use, site)
    try:
        return _claims(proved, site, expires_at, use)
    except (TypeError, ValueError, Invalid) as error:
        said = error.problems if isinstance(error, Invalid) else error
        reason = next(iter(said.values()))[0] if isinstance(said, dict) else str(said)
        raise TokenRefused("claims", _l("The token's claims do not fit: %(reason)s", reason=reason), site) from None


def spend(desk: Helpdesk, claims: Claims) -> None:
    """Use up a token that is good for one use; `TokenRefused` if that was done before, in whichever process."""
    row = UsedToken(
        site_id=claims.site.id,
        jti_hash=hashlib.sha256(claims.jti.encode()).hexdigest(),
        expires_at=claims.expires_at + SKEW,
    )
    try:
        with desk.begin(ANONYMOUS) as tx:
            tx.session.add(row)
    except IntegrityError:
        raise TokenRefused(
            "replayed", _l("The link was used already. Go back to the site and follow it anew."), claims.site
        ) from None


_SIGNATURE_ONLY: Final[Any] = {
    "verify_signature": True,
    **dict.fromkeys(("verify_exp", "verify_nbf", "verify_iat", "verify_aud", "verify_iss", "verify_sub"), False),
    "verify_jti": False,
    "require": [],
}


def _parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    if not token:
        raise TokenRefused("missing", _l("There is no token. Send one as “Authorization: Bearer …”."))
    malformed = TokenRefused("malformed", _l("This is no token: it has to be a JWT in its compact form."))
    if len(token) > LONGEST_TOKEN:
        raise malformed
    try:
        header = jwt.get_unverified_header(token)
        unproved = jwt.decode(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise malformed from None
    if header.get("alg") != ALGORITHM:
        raise TokenRefused("algorithm", _l("Tokens are signed with HS256 and with nothing else."))
    return header, unproved


def _signer(desk: Helpdesk, header: dict[str, Any], unproved: dict[str, Any]) -> tuple[Site, str]:
    key, kid = unproved.get("iss"), header.get("kid")
    with desk.read() as session:
        known_as = isinstance(key, str) and KEY.fullmatch(key)
        site = session.scalar(select(Site).where(Site.key == key)) if known_as else None
    if site is None:
        raise TokenRefused("site", _l("No site here has the key that the token names in “iss”."))
    if not site.is_active:
        raise TokenRefused("site", _l("The site is switched off here. Ask an administrator of the helpdesk."), site)
    known = secrets_of(desk, site)
    if not isinstance(kid, str) or kid not in known:
        raise TokenRefused("key", _l("The site has no secret with the id that the token names in “kid”."), site)
    return site, known[kid]


def _check_audience(desk: Helpdesk, proved: dict[str, Any], site: Site) -> None:
    here, given = desk.settings.site().url.rstrip("/"), proved.get("aud")
    meant = given if isinstance(given, list) else [given]
    if here not in [each.rstrip("/") for each in meant if isinstance(each, str)]:
        raise TokenRefused(
            "audience", _l("The token is for another helpdesk; this one is called %(here)s in “aud”.", here=here), site
        )


def _check_times(now: datetime, proved: dict[str, Any], site: Site) -> datetime:
    """Return when the token ends."""
    try:
        begins, ends = (datetime.fromtimestamp(_whole(proved.get(each)), UTC) for each in ("iat", "exp"))
    except (ValueError, OverflowError, OSError):
        raise TokenRefused("claims", _l("The token needs “iat” and “exp” in whole seconds since 1970."), site) from None
    if not timedelta() < ends - begins <= LONGEST:
        raise TokenRefused("claims", _l("The token may last 300 seconds at most: from “iat” to “exp”."), site)
    times = {"token": begins.strftime("%H:%M:%S"), "here": now.strftime("%H:%M:%S")}
    if begins - SKEW > now:
        raise TokenRefused(
            "clock",
            _l("The site's clock is ahead: there it was %(token)s, here it is %(here)s (UTC). Set both.", **times),
            site,
        )
    if ends + SKEW < now:
        raise TokenRefused(
            "expired",
            _l(
                "The token was made at %(token)s and is over; here it is %(here)s (UTC). Make a new one; if this "
                "one is new, set the clocks.",
                **times,
            ),
            site,
        )
    return ends


def _check_use(proved: dict[str, Any], use: Use, site: Site) -> None:
    if proved.get("use") != use:
        raise TokenRefused(
            "use", _l("The token is for another use: this needs one with “use”: “%(use)s”.", use=use), site
        )


def _claims(proved: dict[str, Any], site: Site, expires_at: datetime, use: Use) -> Claims:
    jti = _text(proved, "jti", 255)
    if len(jti) < 16:
        raise ValueError("“jti” needs 16 characters or more, different each time.")
    sub = _text(proved, "sub", 255)
    if use == "sign-in" and not sub:
        raise ValueError("“sub” is missing: a sign-in needs the person's id.")
    email = _text(proved, "email", 320)
    return Claims(
        site=site,
        jti=jti,
        expires_at=expires_at,
        sub=sub,
        email=normalise(email) if email.strip() else "",
        email_verified=proved.get("email_verified") is True,
        name=clean_name(_text(proved, "name", 1000)),
        locale=_locale(_text(proved, "locale", 35)),
        roles=_roles(proved.get("roles")),
        data=_data(proved.get("data")),
        ip=_text(proved, "ip", 45) or None,
        sid=_text(proved, "sid", 64),
    )


def _text(proved: dict[str, Any], name: str, most: int) -> str:
    value = proved.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > most or "\0" in value:
        raise ValueError(f"“{name}” has to be a text of at most {most} characters.")
    value.encode()  # a lone half of a surrogate pair is a ValueError
    return value


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        raise ValueError
    return int(value)


def _locale(tag: str) -> str | None:
    wanted = tag.replace("-", "_")
    return wanted if re.fullmatch(r"[A-Za-z]{2,3}(_[A-Za-z0-9]{2,8})*", wanted) and len(wanted) <= 16 else None


def _roles(given: Any) -> frozenset[str] | None:
    """Return the names, or None where the token says nothing about roles."""
    if given is None:
        return None
    if not isinstance(given, list) or len(given) > MOST_ROLES or not all(isinstance(each, str) for each in given):
        raise ValueError(f"“roles” has to be a list of at most {MOST_ROLES} texts.")
    return frozenset(given)


def _data(given: Any) -> Mapping[str, str]:
    if given is None or given == []:  # PHP writes an empty mapping like that
        return {}
    fits = isinstance(given, dict) and len(given) <= MOST_DATA
    if not fits or not all(isinstance(each, str | int | float | bool) or each is None for each in given.values()):
        raise ValueError(f"“data” has to be a flat mapping of at most {MOST_DATA} entries.")
    found = {str(key): "" if value is None else str(value) for key, value in given.items()}
    if any(len(key) > 64 or len(value) > LONGEST_DATUM for key, value in found.items()):
        raise ValueError(f"“data” may have names of 64 and texts of {LONGEST_DATUM} characters.")
    "".join((*found, *found.values())).encode()  # a lone half of a surrogate pair is a ValueError
    return {key.replace("\0", ""): value.replace("\0", "") for key, value in found.items()}
