"""Sign-ins that a site began, and their end; frames that stand open."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import delete, or_, select

from helpdesk_core.api import SYSTEM, Helpdesk
from helpdesk_core.api.errors import NotFound
from helpdesk_core.api.users import Credentials, NewSession, load_actor_by_user, open_session, revoke_session

from .models import Begun, Frame, Refusal, Site, UsedToken
from .people import NotFromHere, Who, find_person, may_come, recognise, recognise_customer
from .sites import find_site
from .texts import ID
from .texts import lazy as _l
from .tokens import Claims, check, spend

FRAME_LASTS: Final = timedelta(hours=1)
LONGEST_SESSION: Final = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class OpenFrame:
    """A frame with who is in front of it; `key` is empty for a visitor of whom nothing is known."""

    site: Site
    who: Who
    key: str = ""


def sign_in(desk: Helpdesk, token: str, *, ip: str | None, device: str) -> NewSession:
    """Sign in whom the token names, once; `TokenRefused`, `NotFromHere`, or a plugin's `Refused`."""
    claims = check(desk, token, "sign-in")
    spend(desk, claims)
    who = recognise(desk, claims)
    if who.signed is None:
        raise NotFromHere(_l("The site has not confirmed your e-mail address yet. Confirm it there, and come again."))
    user = who.signed.user
    begun = open_session(desk, user.uid, Credentials(address=who.email, ip=ip, device=device), method=ID)
    if begun.signed_in.session is not None:
        with desk.begin(SYSTEM) as tx:
            uid = begun.signed_in.session.uid
            row = Begun(
                site_id=claims.site.id, user_id=user.id, session_uid=uid, sid=claims.sid or None, begun_at=tx.now
            )
            tx.session.add(row)
    return begun


def end_of(desk: Helpdesk, claims: Claims) -> int:
    """End the person's sessions and frames that the site began; return how many sessions there were.

    With a `sid` only those that this session of the site began, and those of which no session is known: who logs out
    in one browser stays where they are in another.
    """
    with desk.read() as session:
        person = find_person(session, claims.site, claims.sub)
        if person is None:
            return 0
        theirs = [Begun.site_id == claims.site.id, Begun.user_id == person.user_id]
        frames = [Frame.site_id == claims.site.id, Frame.user_id == person.user_id]
        if claims.sid:
            theirs.append(or_(Begun.sid == claims.sid, Begun.sid.is_(None)))
            frames.append(or_(Frame.sid == claims.sid, Frame.sid.is_(None)))
        begun = session.scalars(select(Begun.session_uid).where(*theirs)).all()
    ended = 0
    for uid in begun:
        try:
            revoke_session(desk, SYSTEM, uid)
        except NotFound:
            continue  # signed out here already
        ended += 1
    with desk.begin(SYSTEM) as tx:
        tx.session.execute(delete(Begun).where(*theirs))
        tx.session.execute(delete(Frame).where(*frames))
    return ended


def goes_on_to(desk: Helpdesk, session_uid: str) -> str | None:
    """Return where the site that began a session logs people out, if it says so; the session is forgotten."""
    with desk.begin(SYSTEM) as tx:
        query = select(Begun, Site).join(Site, Site.id == Begun.site_id).where(Begun.session_uid == session_uid)
        row = tx.session.execute(query).first()
        if row is None:
            return None
        tx.session.delete(row[0])
        return row[1].logout_url or None


def open_frame(desk: Helpdesk, site_key: str, token: str) -> str:
    """Change a token for the key of a frame, once; the key is kept nowhere as it is."""
    claims = check(desk, token, "frame", site_key)
    spend(desk, claims)
    who = recognise_customer(desk, claims)
    key = secrets.token_urlsafe(32)
    visitor = {"name": who.name, "email": who.email, "locale": who.locale or ""} if who.signed is None else {}
    with desk.begin(SYSTEM) as tx:
        row = Frame(
            site_id=claims.site.id, key_hash=_hashed(key), visitor=visitor, data=dict(who.data), sid=claims.sid or None
        )
        row.user_id = who.signed.user.id if who.signed else None
        row.expires_at = tx.now + FRAME_LASTS
        tx.session.add(row)
    return key


def find_frame(desk: Helpdesk, site_key: str, key: str, ip: str | None) -> OpenFrame | None:
    """Return the frame with that key, or a visitor's without one; None if it is over. `NotFound` for no such site."""
    with desk.read() as session:
        site = find_site(session, site_key)
        if not site.is_active:
            raise NotFound(_l("There is no site “%(key)s”.", key=site_key[:64]))
        if not key:
            return OpenFrame(site, Who(ip=ip))
        query = select(Frame).where(Frame.key_hash == _hashed(key), Frame.site_id == site.id)
        frame = session.scalar(query.where(Frame.expires_at > desk.now()))
        if frame is None:
            return None
        if frame.user_id is None:
            kept = frame.visitor
            who = Who(None, kept.get("name", ""), kept.get("email", ""), kept.get("locale") or None, ip, frame.data)
            return OpenFrame(site, who, key)
        signed = load_actor_by_user(desk, session, frame.user_id, channel="web")
    if signed is None or not may_come(site, signed):
        return None
    return OpenFrame(site, Who(signed, signed.actor.name, signed.actor.email, None, ip, frame.data), key)


def forget_old(desk: Helpdesk, keep: timedelta) -> None:
    """Delete what is over: used tokens, frames, sessions, refusals; for the job."""
    with desk.begin(SYSTEM) as tx:
        tx.session.execute(delete(UsedToken).where(UsedToken.expires_at < tx.now))
        tx.session.execute(delete(Frame).where(Frame.expires_at < tx.now))
        tx.session.execute(delete(Begun).where(Begun.begun_at < tx.now - LONGEST_SESSION))
        tx.session.execute(delete(Refusal).where(Refusal.at < tx.now - keep))


def _hashed(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
