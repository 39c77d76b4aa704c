"""What belongs to the request at hand: the helpdesk, who asks, a session for reading."""

from collections.abc import Callable, Hashable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any, TypeVar, cast

from babel import Locale
from flask import Flask, current_app, g, has_request_context, request
from flask.globals import _cv_app
from sqlalchemy.orm import Session

from helpdesk_core.actor import ANONYMOUS, Actor
from helpdesk_core.glance import glance
from helpdesk_core.hooks import HookSpec
from helpdesk_core.i18n.catalogues import Texts
from helpdesk_core.runtime import Helpdesk, let_go
from helpdesk_core.tickets.vocabulary import Vocabulary, vocabulary
from helpdesk_core.users.actors import SignedIn, load_actor_by_session
from helpdesk_core.users.links import load_guest
from helpdesk_core.users.sessions import SESSION_COOKIE, touch

if TYPE_CHECKING:
    from helpdesk_core.web.theming import Theming

GUEST_COOKIE = "hd_guest"
LANGUAGE_COOKIE = "hd_language"

_COOKIELESS = "helpdesk.cookieless"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Manner:
    """How one person's pages are written: language, time zone, and the texts in that language."""

    locale: Locale
    zone: tzinfo
    texts: Texts


@dataclass
class PageState:
    """Kept on `flask.g` while a request lasts."""

    session: Session | None = None
    signed_in: SignedIn | None = None
    actor: Actor = ANONYMOUS
    loaded: bool = False
    known_to_all: tuple[Actor, dict[str, Any]] | None = None
    """What all templates of the request share, and for whom it was put together."""
    manner: Manner | None = None
    look: "Theming | None" = None
    """The theme that this page is shown in, once something has asked for it."""
    answers: dict[HookSpec[..., Any], tuple[Mapping[str, Any], Any]] = field(default_factory=dict)
    """Of plugins that were asked ahead, by hook."""
    now: datetime | None = None
    """The moment that "3 minutes ago" is reckoned from, all over the page."""
    setting: object = None
    """What `drawn.setting` has found."""
    addresses: dict[str, str] | None = None
    """Of static files, by path, as far as pages in this look have named them."""
    found: dict[Hashable, Any] = field(default_factory=dict)
    """What `once` has found."""
    opened: ExitStack = field(default_factory=ExitStack)


def current_desk() -> Helpdesk:
    """Return the helpdesk that serves this request."""
    return cast(Helpdesk, current_app.extensions["helpdesk"])


def state() -> PageState:
    """Return the request's own state."""
    try:
        mine: PageState = _cv_app.get().g.helpdesk  # what `g` is: a proxy takes long, and a page asks hundreds of times
    except (AttributeError, LookupError):
        mine = g.setdefault("helpdesk", PageState())
    return mine


def db() -> Session:
    """Return the request's session for reading, opened when first asked for and closed at the end of the request."""
    mine = state()
    if mine.session is None:
        mine.session = mine.opened.enter_context(current_desk().read())
        mine.opened.enter_context(glance(mine.session))
    return mine.session


def close_session(error: BaseException | None = None) -> None:
    """Let go of the request's session; registered to run at its end, and before a service that must see new rows.

    `error` is what the request ended with; see `let_go`.
    """
    mine = state()
    opened, mine.opened, mine.session = mine.opened, ExitStack(), None
    let_go(opened, error)


def current_actor() -> Actor:
    """Return who asks: a signed-in user, a guest with a link, or nobody known."""
    mine = state()
    if not mine.loaded:
        mine.loaded = True
        _load(mine)
    return mine.actor


def signed_in() -> SignedIn | None:
    """Return the account and session behind the actor, or None."""
    current_actor()
    return state().signed_in


def act_as(actor: Actor, signed: SignedIn | None = None) -> None:
    """Let the rest of this request be somebody's: after signing in, or for a token of the API."""
    mine = state()
    mine.loaded, mine.actor, mine.signed_in = True, actor, signed
    mine.manner = mine.setting = None
    mine.answers.clear()


def once(key: Hashable, find: Callable[[], T]) -> T:
    """Return what `find` finds, asked once for the page at hand: for what several hooks of a plugin show a part of.

    The key begins with the plugin's id and names all that the answer depends on, the reader too. Outside of a request
    it is found anew each time.
    """
    if not has_request_context():
        return find()
    known = state().found
    if key not in known:
        known[key] = find()
    value: T = known[key]
    return value


def heed_no_cookies_of(app: Flask, endpoint: str) -> None:
    """Note that at this endpoint cookies prove nothing; see `Route.cookieless`."""
    app.extensions.setdefault(_COOKIELESS, set()).add(endpoint)


def heeds_cookies() -> bool:
    """Tell whether a cookie may say who sent the request at hand."""
    return request.endpoint not in current_app.extensions.get(_COOKIELESS, ())


def words() -> Vocabulary:
    """Return the site's statuses, priorities, types and departments, without a query when nothing has changed."""
    signed = signed_in()
    return vocabulary(current_desk(), db(), signed.generation if signed else None)


def _load(mine: PageState) -> None:
    desk = current_desk()
    if not heeds_cookies():
        return
    if token := request.cookies.get(SESSION_COOKIE):
        mine.signed_in = load_actor_by_session(desk, db(), token)
        if mine.signed_in is not None:
            mine.actor = mine.signed_in.actor
            touch(desk, mine.signed_in)
            return
    if token := request.cookies.get(GUEST_COOKIE):
        mine.signed_in = load_guest(desk, db(), token)
        if mine.signed_in is not None:
            mine.actor = mine.signed_in.actor
