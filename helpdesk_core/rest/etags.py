"""Versions of what is changed: `ETag` going out, `If-Match` coming in (RFC 9110)."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from flask import request
from marshmallow import Schema
from sqlalchemy.orm import Session

from helpdesk_core.db.base import canonical_json
from helpdesk_core.errors import Conflict
from helpdesk_core.rest.context import current_actor, current_desk


class PreconditionFailed(Conflict):
    """The thing is no longer what the client saw: read it again, compare, and send the change with its new ETag."""

    status = 412
    code = "precondition-failed"


def etag_of(schema: type[Schema], thing: Any, *, without: Sequence[str] = ()) -> str:
    """Return the version of a thing that counts none itself: a hash of what the API shows of it.

    `without` names fields that change by themselves.
    """
    shown = canonical_json(schema(exclude=tuple(without)).dump(thing))
    return hashlib.sha256(shown.encode()).hexdigest()[:20]


@contextmanager
def still_as_seen(version: Callable[[Session], str]) -> Iterator[None]:
    """Run a change only if the thing still has the version that `If-Match` names; without the header, in any case.

    `version` locks the thing and returns its version. With the header, check and change are one unit of work; raises
    `PreconditionFailed`.
    """
    wanted = request.if_match
    if not wanted:
        yield
        return
    with current_desk().begin(current_actor()) as tx:
        if not wanted.contains(version(tx.session)):
            raise PreconditionFailed(
                "Somebody changed this since you read it, so nothing was changed. "
                "Read it again, compare, and send your change with its new ETag."
            )
        yield
