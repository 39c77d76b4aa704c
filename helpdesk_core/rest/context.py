"""What belongs to the API request at hand: the helpdesk, who asks, a session for reading."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import cast

from flask import current_app, g, request
from sqlalchemy.orm import Session

from helpdesk_core.actor import ANONYMOUS, Actor
from helpdesk_core.errors import Forbidden, SignInRequired
from helpdesk_core.glance import glance
from helpdesk_core.rest.routing import PUBLIC, SIGNED_IN, STAFF
from helpdesk_core.runtime import Helpdesk, let_go
from helpdesk_core.tickets.vocabulary import Vocabulary, vocabulary
from helpdesk_core.users.actors import SignedIn, load_actor_by_api_token, load_actor_by_session
from helpdesk_core.users.permissions import refusal
from helpdesk_core.users.sessions import SESSION_COOKIE, proves_page, touch

PAGE_HEADER = "X-CSRFToken"
NO_TOKEN = "Send an API token: Authorization: Bearer <token>. Make one on your profile page."  # noqa: S105 - a sentence
BAD_TOKEN = "This API token is unknown, has expired or was revoked. Make a new one."  # noqa: S105 - a sentence

STALE_PAGE = "You signed in or out since this page was opened. Reload it and send again."


@dataclass
class ApiState:
    """Kept on `flask.g` while a request lasts."""

    session: Session | None = None
    signed_in: SignedIn | None = None
    loaded: bool = False
    opened: ExitStack = field(default_factory=ExitStack)


def current_desk() -> Helpdesk:
    """Return the helpdesk that serves this request."""
    return cast(Helpdesk, current_app.extensions["helpdesk"])


def db() -> Session:
    """Return the request's session for reading, opened when first asked for and closed at the end of the request."""
    mine = _state()
    if mine.session is None:
        mine.session = mine.opened.enter_context(current_desk().read())
        mine.opened.enter_context(glance(mine.session, shows_all=True))
    return mine.session


def close_session(error: BaseException | None = None) -> None:
    """Let go of the request's session; the next one sees what was committed since.

    `error` is what the request ended with; see `let_go`.
    """
    mine = _state()
    opened, mine.opened, mine.session = mine.opened, ExitStack(), None
    let_go(opened, error)


def current_actor() -> Actor:
    """Return who asks: by token, or by the sign-in behind a page of ours, or nobody.

    Raises `SignInRequired` if the token is no good.
    """
    signed = signed_in()
    return signed.actor if signed else ANONYMOUS.through("api")


def signed_in() -> SignedIn | None:
    """Return the account, and the token or session, behind the actor, or None."""
    mine = _state()
    if not mine.loaded:
        given = request.authorization
        if given is not None and given.type == "bearer":
            mine.signed_in = load_actor_by_api_token(current_desk(), db(), given.token or "")
            if mine.signed_in is None:
                raise SignInRequired(BAD_TOKEN)
        else:
            mine.signed_in = _by_session()
        mine.loaded = True
    return mine.signed_in


def words() -> Vocabulary:
    """Return the site's statuses, priorities, types and departments, without a query when nothing has changed."""
    return vocabulary(current_desk(), db(), generation())


def generation() -> int | None:
    """Return the counter of reference data as it was read with the token."""
    signed = signed_in()
    return signed.generation if signed else None


def check(permission: str | tuple[str, ...], *, changes: bool) -> None:
    """Raise unless the token may use an operation that needs the permission, or one of several."""
    if permission == PUBLIC:
        return
    signed = signed_in()
    if signed is None:
        raise SignInRequired(NO_TOKEN)
    actor = signed.actor
    if changes and actor.read_only:
        raise Forbidden("This API token may only read. Make one with a wider scope to change something.")
    if permission == STAFF and not actor.is_staff:
        raise Forbidden("This is for people who work tickets. Ask an administrator for a role.")
    if permission not in (SIGNED_IN, STAFF):
        wanted = (permission,) if isinstance(permission, str) else permission
        if not any(actor.may(each) for each in wanted):
            raise refusal(actor, wanted[0])
    touch(current_desk(), signed)


def _by_session() -> SignedIn | None:
    """Return who is signed in if a page of ours asks; a cookie alone, which comes by itself, proves nothing."""
    cookie, proof = request.cookies.get(SESSION_COOKIE), request.headers.get(PAGE_HEADER)
    if cookie is None or proof is None:
        return None
    if not proves_page(current_desk().secret, cookie, proof):
        raise SignInRequired(STALE_PAGE)
    return load_actor_by_session(current_desk(), db(), cookie, channel="api")


def _state() -> ApiState:
    if "helpdesk_api" not in g:
        g.helpdesk_api = ApiState()
    return cast(ApiState, g.helpdesk_api)
