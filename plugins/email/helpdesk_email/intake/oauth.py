"""OAuth 2.0 for mailboxes (RFC 6749, RFC 7636) as Google and Microsoft document it: consent, tokens, refresh."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

from helpdesk_core.api import Actor, Helpdesk
from helpdesk_core.api.errors import Refused

from ..senders import GATEWAY
from ..sentences import words_of
from ..texts import texts
from .events import WayInChanged
from .mailboxes import find_mailbox, keep_secrets, secrets_of
from .models import Mailbox
from .secrets import seal
from .sessions import MailboxFailed

_l = texts.lazy

TIMEOUT = 20.0
EARLY: Final = timedelta(minutes=5)
"""A token is renewed so long before it ends."""
STATE_LASTS: Final = timedelta(minutes=30)
"""So long somebody may take to consent at the provider."""


@dataclass(frozen=True, slots=True)
class Provider:
    """Where a provider asks for consent and hands out tokens, and what is asked for."""

    title: str
    authorize_url: str
    token_url: str
    scopes: Mapping[str, str]
    """By protocol."""
    extra: Mapping[str, str]


PROVIDERS: Mapping[str, Provider] = {
    "google": Provider(
        "Google",
        "https://accounts.google.com/o/oauth2/v2/auth",
        "https://oauth2.googleapis.com/token",
        {"imap": "https://mail.google.com/", "pop3": "https://mail.google.com/"},
        {"access_type": "offline", "prompt": "consent"},
    ),
    "microsoft": Provider(
        "Microsoft",
        "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize",
        "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token",
        {
            "imap": "https://outlook.office.com/IMAP.AccessAsUser.All offline_access",
            "pop3": "https://outlook.office.com/POP.AccessAsUser.All offline_access",
        },
        {"prompt": "select_account"},
    ),
}


@dataclass(frozen=True, slots=True)
class Client:
    """This site as the provider knows it."""

    provider: Provider
    client_id: str
    client_secret: str

    @classmethod
    def of(cls, desk: Helpdesk, login: str) -> "Client":
        """Return what the settings say; `Refused` with the mend if the site is not registered there yet."""
        provider = PROVIDERS[login]
        settings = desk.settings.effective("email").values
        client_id, secret = settings[f"{login}_client_id"], settings[f"{login}_client_secret"].reveal()
        if not client_id or not secret:
            raise Refused(
                _l(
                    "This site is not registered with %(provider)s yet: enter %(id)s and %(secret)s in the settings of "
                    "the plugin Email.",
                    provider=provider.title,
                    id=f"{login}_client_id",
                    secret=f"{login}_client_secret",
                )
            )
        tenant = quote(settings["microsoft_tenant"] or "common", safe="")
        urls = (provider.authorize_url.replace("{tenant}", tenant), provider.token_url.replace("{tenant}", tenant))
        return cls(replace(provider, authorize_url=urls[0], token_url=urls[1]), client_id, secret)


def consent_address(desk: Helpdesk, mailbox: Mailbox, actor: Actor, callback: str) -> str:
    """Return the provider's page where the owner of the account lets this site in."""
    client = Client.of(desk, mailbox.login)
    state = _sign(desk, f"{mailbox.uid}.{actor.uid}.{int((desk.now() + STATE_LASTS).timestamp())}")
    challenge = hashlib.sha256(_verifier(desk, state).encode()).digest()
    return f"{client.provider.authorize_url}?" + urlencode(
        {
            "client_id": client.client_id,
            "redirect_uri": callback,
            "response_type": "code",
            "scope": client.provider.scopes[mailbox.protocol],
            "state": state,
            "login_hint": mailbox.username,
            "code_challenge": _base64url(challenge),
            "code_challenge_method": "S256",
            **client.provider.extra,
        }
    )


def connect(desk: Helpdesk, actor: Actor, state: str, code: str, callback: str) -> Mailbox:
    """Take what the provider's page has sent back, and keep the tokens; return the mailbox.

    `Refused` if nobody here has asked for it, or the provider does not give tokens.
    """
    uid = _asked_for(desk, actor, state)
    with desk.read() as session:
        mailbox = find_mailbox(session, uid)
    client = Client.of(desk, mailbox.login)
    given = {"grant_type": "authorization_code", "code": code, "redirect_uri": callback}
    try:
        tokens = _ask(client, given | {"code_verifier": _verifier(desk, state)})
    except MailboxFailed as error:
        raise Refused(words_of(error)) from error
    if not tokens.get("refresh_token"):
        raise Refused(
            _l(
                "%(provider)s gave no refresh token. Remove this site's access there and connect again.",
                provider=client.provider.title,
            )
        )
    with desk.begin(actor) as tx:
        kept = find_mailbox(tx.session, uid)
        kept.sealed = seal(desk, uid, _kept(desk, tokens, {}))
        kept.changed_at, kept.next_at, kept.failures, kept.last_error = tx.now, None, 0, None
        tx.record(WayInChanged(kind="mailbox", name=kept.name, what="connected"))
    return kept


def access_token(desk: Helpdesk, mailbox: Mailbox, *, fresh: bool = False) -> str:
    """Return a token that is good for some minutes, renewed if it has to be or `fresh` asks for it."""
    known = secrets_of(desk, mailbox)
    until = known.get("expires_at")
    if not fresh and until and datetime.fromisoformat(until) > desk.now() + EARLY:
        return str(known["access_token"])
    if not known.get("refresh_token"):
        raise MailboxFailed(_l("The account is not connected. Connect it on the page of the mailbox."))
    try:
        client = Client.of(desk, mailbox.login)
    except Refused as error:
        raise MailboxFailed(words_of(error)) from error
    given = {"grant_type": "refresh_token", "refresh_token": known["refresh_token"]}
    if mailbox.login == "microsoft":
        given["scope"] = client.provider.scopes[mailbox.protocol]
    kept = _kept(desk, _ask(client, given), known)
    keep_secrets(desk, mailbox.id, kept, actor=GATEWAY)
    mailbox.sealed = seal(desk, mailbox.uid, kept)
    return str(kept["access_token"])


def _kept(desk: Helpdesk, tokens: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """Return what to keep; a provider that hands out a new refresh token makes the old one void."""
    lasts = timedelta(seconds=int(tokens.get("expires_in") or 3600))
    # Google says so of an access that ends (a project in testing); an answer that does not leaves what is known.
    renews = tokens.get("refresh_token_expires_in")
    ends = desk.now() + timedelta(seconds=int(renews)) if renews else None
    if ends is None and not tokens.get("refresh_token"):
        ends = known.get("refresh_ends_at")
    return {
        "refresh_token": tokens.get("refresh_token") or known.get("refresh_token"),
        "access_token": tokens["access_token"],
        "expires_at": desk.now() + lasts,
        "refresh_ends_at": ends,
        "connected_at": known.get("connected_at") or desk.now(),
    }


def _ask(client: Client, given: Mapping[str, str]) -> dict[str, Any]:
    """Ask the token endpoint (RFC 6749, 5); what it refuses is told in its own words."""
    form = {**given, "client_id": client.client_id, "client_secret": client.client_secret}
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    request = Request(client.provider.token_url, urlencode(form).encode("ascii"), headers)  # noqa: S310 - a fixed address
    title = client.provider.title
    try:
        with urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310 - as above
            tokens: Any = json.loads(answer.read(1_000_000))
    except HTTPError as error:
        raise MailboxFailed(_refusal(title, error)) from error
    except (URLError, OSError, ValueError) as error:
        why = _l("%(provider)s cannot be asked for a token: %(why)s", provider=title, why=str(error))
        raise MailboxFailed(why) from error
    if not isinstance(tokens, dict) or not tokens.get("access_token"):
        raise MailboxFailed(_l("%(provider)s answered without a token.", provider=title))
    return tokens


def _refusal(title: str, error: HTTPError) -> str:
    try:
        said = json.loads(error.read(100_000))
        code, text = str(said.get("error", "")), str(said.get("error_description", "")).splitlines()[:1]
    except (ValueError, AttributeError, OSError):
        return _l("%(provider)s refuses to give a token (%(why)s).", provider=title, why=f"HTTP {error.code}")
    why = ": ".join([code, *text])
    if code == "invalid_grant":
        return _l("%(provider)s has ended the access (%(why)s). Connect the account again.", provider=title, why=why)
    return _l("%(provider)s refuses to give a token (%(why)s).", provider=title, why=why)


def _asked_for(desk: Helpdesk, actor: Actor, state: str) -> str:
    text, _dot, _signature = state.rpartition(".")
    parts = text.split(".")
    good = len(parts) == 3 and hmac.compare_digest(_sign(desk, text).encode(), state.encode("utf-8", "replace"))
    if not good or parts[1] != actor.uid or not parts[2].isdecimal() or int(parts[2]) < desk.now().timestamp():
        raise Refused(
            _l("Nobody here has asked to connect this account, or it was too long ago. Begin again at the mailbox.")
        )
    return parts[0]


def _sign(desk: Helpdesk, text: str) -> str:
    return f"{text}.{_base64url(hmac.digest(desk.secret, f'email oauth state {text}'.encode(), 'sha256'))}"


def _verifier(desk: Helpdesk, state: str) -> str:
    """Return the secret of PKCE, made from the state, so that it has to be kept nowhere."""
    return _base64url(hmac.digest(desk.secret, f"email oauth verifier {state}".encode(), "sha256"))


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii")
