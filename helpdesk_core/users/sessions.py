"""Sessions: signed-in browsers, which their owner can list and end."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from helpdesk_core.actor import SYSTEM, Actor
from helpdesk_core.db.base import new_uid
from helpdesk_core.errors import HelpdeskError, NotFound
from helpdesk_core.runtime import Helpdesk, Transaction
from helpdesk_core.texts import lazy as _l
from helpdesk_core.users.accounts import end_access, find_user
from helpdesk_core.users.actors import SignedIn, hashed, load_actor_by_user
from helpdesk_core.users.events import UserSignedIn
from helpdesk_core.users.guards import require_reader, require_self_or_manager
from helpdesk_core.users.models import ApiToken, LoginSession, User

SESSION_COOKIE: Final = "hd_session"
TOUCHED_AFTER: Final = timedelta(minutes=5)
_SALT: Final = 32
LONGEST: Final = timedelta(days=400)
"""However often one comes back, after so long one signs in again."""


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session just begun: `token` goes into the cookie and is kept nowhere else."""

    token: str
    signed_in: SignedIn


def page_proof(secret: bytes, cookie: str, salt: str = "") -> str:
    """Return what our pages send along to prove that they are ours; made from the browser's cookie.

    It is another one each time, so that the lengths of compressed pages tell nothing about it. `salt` repeats one.
    """
    salt = salt or secrets.token_hex(_SALT // 2)
    key = hashlib.sha256(b"csrf:" + secret).digest()
    return salt + hmac.new(key, (salt + cookie).encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def proves_page(secret: bytes, cookie: str, given: str) -> bool:
    """Tell whether `given` is the proof for this cookie."""
    proof = page_proof(secret, cookie, given[:_SALT])
    return hmac.compare_digest(proof.encode("utf-8", "surrogatepass"), given.encode("utf-8", "surrogatepass"))


def begin_session(tx: Transaction, user: User, *, method: str, device: str) -> NewSession:
    """Begin a session for somebody who has proved who they are; it ends after `[site] session_days` without a visit."""
    token = secrets.token_urlsafe(32)
    row = LoginSession(
        uid=new_uid(),
        user_id=user.id,
        token_hash=hashed(token),
        device=" ".join(device.split())[:255],
        created_at=tx.now,
        last_used_at=tx.now,
        expires_at=tx.now + timedelta(days=tx.desk.settings.site().session_days),
    )
    user.last_seen_at = tx.now
    tx.session.add(row)
    tx.session.flush()
    signed_in = load_actor_by_user(tx.desk, tx.session, user.id, channel="web")
    if signed_in is None:
        raise HelpdeskError("This account is deactivated, so nobody can sign in to it.")
    tx.record(UserSignedIn(user_id=user.id, method=method), actor=signed_in.actor)
    return NewSession(token, SignedIn(signed_in.actor, user, signed_in.generation, session=row))


def touch(desk: Helpdesk, signed_in: SignedIn) -> None:
    """Note that the session or API token is in use, at most every five minutes; a session lives on from here."""
    now, used = desk.now(), signed_in.session or signed_in.token
    if used is None or (used.last_used_at is not None and now - used.last_used_at < TOUCHED_AFTER):
        return
    with desk.begin(SYSTEM) as tx:
        if signed_in.session is not None:
            lasts = min(now + timedelta(days=desk.settings.site().session_days), signed_in.session.created_at + LONGEST)
            values = {"last_used_at": now, "expires_at": lasts}
            tx.session.execute(update(LoginSession).where(LoginSession.id == used.id).values(values))
        else:
            tx.session.execute(update(ApiToken).where(ApiToken.id == used.id).values(last_used_at=now))
        tx.session.execute(update(User).where(User.id == signed_in.user.id).values(last_seen_at=now))


def sessions_of(desk: Helpdesk, session: Session, actor: Actor, uid: str) -> Sequence[LoginSession]:
    """Return where the person is signed in, last used first; one's own, or with `user.read` anybody's."""
    user = find_user(session, uid)
    require_reader(actor, user)
    query = select(LoginSession).where(LoginSession.user_id == user.id, LoginSession.expires_at > desk.now())
    return session.scalars(query.order_by(LoginSession.last_used_at.desc(), LoginSession.id)).all()


def revoke_session(desk: Helpdesk, actor: Actor, session_uid: str) -> None:
    """Sign out one browser, by the session's uid."""
    with desk.begin(actor) as tx:
        query = select(LoginSession, User).join(User, User.id == LoginSession.user_id)
        row = tx.session.execute(query.where(LoginSession.uid == session_uid)).first()
        if row is None:
            raise NotFound(_l("That browser is signed out already."))
        require_self_or_manager(tx.session, actor, row[1])
        tx.session.delete(row[0])


def revoke_sessions(desk: Helpdesk, actor: Actor, uid: str, *, keep: LoginSession | None = None) -> None:
    """Sign the person out everywhere, except for the session to `keep`; API tokens stay."""
    with desk.begin(actor) as tx:
        user = find_user(tx.session, uid)
        require_self_or_manager(tx.session, actor, user)
        end_access(tx, user, tokens=False, keep=keep)


def sign_out(desk: Helpdesk, token: str) -> None:
    """End the session of this cookie; an unknown one is no error."""
    with desk.begin(SYSTEM) as tx:
        tx.session.execute(delete(LoginSession).where(LoginSession.token_hash == hashed(token)))
