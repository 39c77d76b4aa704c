"""Signing in: the authorization code flow with PKCE (OpenID Connect Core 1.0, 3.1; RFC 7636), and its end."""

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote, urlencode

from sqlalchemy import delete, select

from helpdesk_core.api import SYSTEM, Helpdesk
from helpdesk_core.api.errors import NotFound
from helpdesk_core.api.settings import CannotOpen, Seal
from helpdesk_core.api.users import Credentials, NewSession, open_session, revoke_session

from . import people, providers, tokens
from .discovery import Directory, Metadata
from .failing import SignInFailed
from .models import Begun, Person, Provider
from .texts import ID
from .texts import lazy as _l

LASTS: Final = timedelta(minutes=15)
"""So long somebody may take at the provider."""
FORGOTTEN_AFTER: Final = timedelta(days=400)
METHOD: Final = "oidc"


@dataclass(frozen=True, slots=True)
class Begin:
    """A sign-in under way, as the browser's own signed cookie keeps it; good for one answer."""

    provider: str
    state: str
    nonce: str
    verifier: str
    at: float
    onward: str = ""


def redirect_uri(desk: Helpdesk, provider: Provider) -> str:
    """Return where the provider sends people back to; an admin enters it there."""
    return f"{_here(desk)}/x/oidc/back/{provider.key}"


def logout_uri(desk: Helpdesk, provider: Provider) -> str:
    """Return where the provider tells of sessions that it ended (back-channel logout)."""
    return f"{_here(desk)}/x/oidc/ended/{provider.key}"


def home_uri(desk: Helpdesk) -> str:
    """Return where the provider sends people to who signed out there; an admin enters it there, too."""
    return f"{_here(desk)}/"


def begin(desk: Helpdesk, directory: Directory, provider: Provider, onward: str) -> tuple[Begin, str]:
    """Return what to keep in the browser, and the address at the provider to go to."""
    metadata = directory.metadata(provider.issuer)
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": redirect_uri(desk, provider),
        "scope": provider.scopes,
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    kept = Begin(provider.key, state, nonce, verifier, desk.now().timestamp(), onward)
    return kept, _with(metadata.authorization, asked)


def finish(
    desk: Helpdesk,
    directory: Directory,
    provider: Provider,
    begun: Begin,
    answer: Mapping[str, str],
    credentials: Credentials,
) -> NewSession:
    """Open a session for whom the provider vouches; `SignInFailed` with a sentence when something does not fit."""
    code = _code(desk, provider, begun, answer)
    metadata = directory.metadata(provider.issuer)
    told = _exchange(desk, directory, provider, metadata, code, begun.verifier)
    token = told.get("id_token")
    if not isinstance(token, str):
        raise SignInFailed(_l("The provider did not say who you are. Is “openid” among its scopes?"))
    claims = tokens.id_claims(desk, directory, provider, token, begun.nonce)
    if metadata.userinfo and ("email" not in claims or _lacks_roles(provider, claims)):
        claims = {**_userinfo(directory, metadata, told, claims), **claims}
    person, user = people.recognise(desk, provider, claims)
    address = user.primary_email or ""
    session = open_session(
        desk, user.uid, Credentials(address=address, ip=credentials.ip, device=credentials.device), method=METHOD
    )
    _remember(desk, provider, metadata, person, session, claims, token)
    return session


def leaving(desk: Helpdesk, session_uid: str) -> str | None:
    """Return where a browser goes on to whose session here is over, so that it ends at the provider, too."""
    with desk.read() as session:
        row = session.scalar(select(Begun).where(Begun.session_uid == session_uid))
    if row is None or not row.leaving:
        return None
    try:
        return str(Seal(desk.secret).open(ID, row.session_uid, row.leaving))
    except CannotOpen:
        return None


def end(desk: Helpdesk, provider: Provider, sub: str, sid: str) -> int:
    """End the sessions here of a session there (`sid`), or all of a person's (`sub`); return how many."""
    query = select(Begun.session_uid).join(Person, Person.id == Begun.person_id)
    query = query.where(Person.provider_id == provider.id)
    if sub:
        query = query.where(Person.sub == sub)
    if sid:
        query = query.where(Begun.sid == sid)
    with desk.read() as session:
        uids = session.scalars(query).all()
    ended = 0
    for uid in uids:
        try:
            revoke_session(desk, SYSTEM, uid)
        except NotFound:
            continue  # over already
        ended += 1
    with desk.begin(SYSTEM) as tx:
        tx.session.execute(delete(Begun).where(Begun.session_uid.in_(uids)))
    return ended


def forget_old(desk: Helpdesk) -> None:
    """Forget sessions that cannot be there any more; for a daily job."""
    with desk.begin(SYSTEM) as tx:
        tx.session.execute(delete(Begun).where(Begun.created_at < tx.now - FORGOTTEN_AFTER))


def _code(desk: Helpdesk, provider: Provider, begun: Begin, answer: Mapping[str, str]) -> str:
    again = SignInFailed(_l("This sign-in was begun elsewhere, or too long ago. Begin again."), status=400)
    if begun.provider != provider.key or not secrets.compare_digest(
        begun.state.encode(), answer.get("state", "").encode("utf-8", "surrogatepass")
    ):
        raise again
    if desk.now().timestamp() - begun.at > LASTS.total_seconds():
        raise again
    if problem := answer.get("error"):
        if problem == "access_denied":
            raise SignInFailed(_l("You did not allow it at the provider. Begin again, or sign in another way."))
        raise SignInFailed(_l("The provider says no (%(problem)s). Ask an administrator.", problem=problem[:80]))
    if not answer.get("code"):
        raise again
    return answer["code"]


def _exchange(
    desk: Helpdesk, directory: Directory, provider: Provider, metadata: Metadata, code: str, verifier: str
) -> Mapping[str, Any]:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri(desk, provider),
        "code_verifier": verifier,
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    secret = providers.secret_of(desk, provider)
    if secret and not metadata.secret_in_form:
        pair = f"{quote(provider.client_id, safe='')}:{quote(secret, safe='')}"  # RFC 6749, 2.3.1
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    else:
        form |= {"client_id": provider.client_id} | ({"client_secret": secret} if secret else {})
    reply = directory.fetch(metadata.token, method="POST", headers=headers, body=urlencode(form).encode())
    told = _object(reply.body)
    if not reply.ok or told is None:
        problem = str((told or {}).get("error") or f"HTTP {reply.status}")[:80]
        raise SignInFailed(
            _l(
                "The provider did not take our question (%(problem)s). Begin again, or ask an administrator.",
                problem=problem,
            ),
            status=502,
        )
    return told


def _userinfo(
    directory: Directory, metadata: Metadata, told: Mapping[str, Any], claims: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return what the provider says beside the token; nothing if it is not about the same person."""
    access = told.get("access_token")
    if not isinstance(access, str) or not access.isascii() or not access.isprintable():
        return {}
    reply = directory.fetch(metadata.userinfo, headers={"Authorization": f"Bearer {access}"})
    more = _object(reply.body) if reply.ok else None
    return more if more is not None and more.get("sub") == claims.get("sub") else {}


def _lacks_roles(provider: Provider, claims: Mapping[str, Any]) -> bool:
    return bool(provider.roles_claim) and provider.roles_claim not in claims


def _remember(
    desk: Helpdesk,
    provider: Provider,
    metadata: Metadata,
    person: Person,
    session: NewSession,
    claims: Mapping[str, Any],
    token: str,
) -> None:
    begun = session.signed_in.session
    assert begun is not None
    sid, address = claims.get("sid"), ""
    if provider.sign_out and metadata.end_session:
        asked = {
            "id_token_hint": token,
            "client_id": provider.client_id,
            "post_logout_redirect_uri": home_uri(desk),
        }
        address = Seal(desk.secret).close(ID, begun.uid, _with(metadata.end_session, asked))
    with desk.begin(SYSTEM) as tx:
        tx.session.add(
            Begun(
                person_id=person.id,
                session_uid=begun.uid,
                sid=sid[:255] if isinstance(sid, str) else "",
                leaving=address,
                created_at=tx.now,
            )
        )


def _with(address: str, asked: Mapping[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}"


def _here(desk: Helpdesk) -> str:
    return desk.settings.site().url.rstrip("/")


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None
