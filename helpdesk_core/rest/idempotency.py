"""`Idempotency-Key`: the same request, sent again because its answer was lost, is done once and answered twice."""

import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from flask import request
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from werkzeug.wrappers import Response

from helpdesk_core.actor import SYSTEM, Actor
from helpdesk_core.db.rows import affect
from helpdesk_core.errors import Conflict, Invalid
from helpdesk_core.rest.models import IdempotencyKey
from helpdesk_core.runtime import Helpdesk

HEADER: Final = "Idempotency-Key"
KEPT_FOR: Final = timedelta(days=2)
GIVEN_UP_AFTER: Final = timedelta(minutes=10)
"""A request without an answer after so long has died with its process; the next one with its key is done anew."""
_HEADERS: Final = ("Content-Type", "Location", "ETag")


class InProgress(Conflict):
    """The first request with this key is still being worked on; ask again in a moment."""

    code = "request-in-progress"


class KeyReused(Invalid):
    """The key was used for another request; give each request a key of its own."""

    code = "key-reused"


def once(desk: Helpdesk, actor: Actor, execute: Callable[[], Response]) -> Response:
    """Return the answer of the request, executing it unless it was answered before under the same key and person.

    Only answers that something was done are kept: what was refused changed nothing, and may be tried again.
    """
    key = request.headers.get(HEADER)
    if key is None or actor.user_id is None:
        return execute()
    if not 0 < len(key) <= 255 or not key.isascii() or not key.isprintable():
        raise Invalid({HEADER: ["A key has 1 to 255 printable ASCII characters, such as a UUID."]})
    taken = _take(desk, actor.user_id, key)
    if isinstance(taken, Response):
        return taken
    try:
        response = execute()
    except BaseException:
        _forget(desk, taken)
        raise
    if response.status_code >= 400:
        _forget(desk, taken)
    else:
        _keep(desk, taken, response)
    return response


def forget_old_keys(desk: Helpdesk) -> None:
    """Delete keys older than two days; for a daily job."""
    with desk.begin(SYSTEM) as tx:
        tx.session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < tx.now - KEPT_FOR))


def _take(desk: Helpdesk, user_id: int, key: str) -> int | Response:
    """Return the id of a new row for the key, or the answer that was given before."""
    digest = _digest(desk.secret)
    for _try in range(2):
        try:
            with desk.begin(SYSTEM) as tx:
                row = IdempotencyKey(user_id=user_id, key=key, request_hash=digest, headers={}, created_at=tx.now)
                tx.session.add(row)
                tx.session.flush()
                return row.id
        except IntegrityError:
            taken = _look(desk, user_id, key, digest)
        if taken is not None:
            return taken
    raise InProgress("The same request is being worked on. Send it again in a moment.")


def _look(desk: Helpdesk, user_id: int, key: str, digest: str) -> int | Response | None:
    """Return what `_take` does for a key that is there; None if it has vanished by now, because its request failed."""
    query = select(IdempotencyKey).where(IdempotencyKey.user_id == user_id, IdempotencyKey.key == key)
    with desk.begin(SYSTEM) as tx:
        row = tx.session.scalar(query.with_for_update())
        if row is None:
            return None
        answer = _known(row, digest, tx.now)
        if answer is not None:
            return answer
        row.request_hash, row.created_at = digest, tx.now
        return row.id


def _known(row: IdempotencyKey, digest: str, now: datetime) -> Response | None:
    """Return the answer kept for the request; None if it was given up and is to be done anew."""
    if row.status is None and now - row.created_at > GIVEN_UP_AFTER:
        return None
    if not hmac.compare_digest(row.request_hash, digest):
        raise KeyReused({HEADER: ["This key was used for another request. Give each request a key of its own."]})
    if row.status is None:
        raise InProgress("The same request is being worked on. Send it again in a moment.")
    response = Response(row.body or "", status=row.status)
    response.headers.remove("Content-Type")
    response.headers.extend(row.headers)
    response.headers["Idempotency-Replayed"] = "true"
    return response


def _keep(desk: Helpdesk, row_id: int, response: Response) -> None:
    with desk.begin(SYSTEM) as tx:
        row = tx.session.get(IdempotencyKey, row_id)
        if row is not None:
            row.status = response.status_code
            row.headers = {name: response.headers[name] for name in _HEADERS if name in response.headers}
            row.body = response.get_data(as_text=True)


def _forget(desk: Helpdesk, row_id: int) -> None:
    with desk.begin(SYSTEM) as tx:
        affect(tx.session, delete(IdempotencyKey).where(IdempotencyKey.id == row_id))


def _digest(secret: bytes) -> str:
    """Return what tells one request from another; a form's parts count, not the boundary between them.

    Keyed, because a body may hold a password that could else be guessed from its hash.
    """
    hashed = hmac.new(hashlib.sha256(b"idempotency:" + secret).digest(), digestmod=hashlib.sha256)
    parts: list[bytes] = [request.method.encode(), request.full_path.encode("utf-8", "replace")]
    if request.mimetype == "multipart/form-data":
        for name, value in sorted(request.form.items(multi=True)):
            parts += [name.encode("utf-8", "replace"), value.encode("utf-8", "replace")]
        for name, file in sorted(request.files.items(multi=True), key=lambda pair: pair[0]):
            parts += [name.encode("utf-8", "replace"), (file.filename or "").encode("utf-8", "replace")]
            parts.append(hashlib.sha256(file.stream.read()).digest())
            file.stream.seek(0)
    else:
        parts.append(request.get_data(cache=True))
    for part in parts:
        hashed.update(len(part).to_bytes(8, "big") + part)
    return hashed.hexdigest()
