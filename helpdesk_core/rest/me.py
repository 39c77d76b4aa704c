"""Whose token it is, and that person's tokens."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from helpdesk_core.errors import NotFound
from helpdesk_core.rest.context import current_actor, current_desk, db, words
from helpdesk_core.rest.routing import SIGNED_IN, Answer, Endpoints
from helpdesk_core.rest.views import Page
from helpdesk_core.users import accounts, schemas, tokens
from helpdesk_core.users.directory import read_user
from helpdesk_core.users.models import ApiToken, User

endpoints: Final = Endpoints("Me", "Whose token it is, and the tokens of that person.")


@dataclass(frozen=True, slots=True)
class _Me:
    """A person together with what the token in hand may do."""

    user: User
    permissions: Mapping[str, list[str] | None]
    limited: bool
    read_only: bool

    def __getattr__(self, name: str) -> Any:
        return getattr(self.user, name)


@dataclass(frozen=True, slots=True)
class _Made:
    token: str
    row: ApiToken

    def __getattr__(self, name: str) -> Any:
        return getattr(self.row, name)


@endpoints.get("/me", permission=SIGNED_IN, returns=schemas.Me)
def read_me() -> Any:
    """Read whose token this is, and what it may do."""
    actor = current_actor()
    keys = {each.id: each.key for each in words().departments.values()}
    permissions = {
        name: None if where is None else sorted(keys[each] for each in where if each in keys)
        for name, where in sorted(actor.grants.items())
    }
    return _Me(read_user(db(), actor, actor.uid or ""), permissions, actor.limited, actor.read_only)


@endpoints.patch("/me", permission=SIGNED_IN, body=schemas.UserChange, returns=schemas.Me)
def change_me(body: dict[str, Any]) -> Any:
    """Change what is written about oneself; the organisation needs `user.manage`."""
    actor = current_actor()
    accounts.change_user(current_desk(), actor, actor.uid or "", **body)
    return read_me()


@endpoints.get("/me/tokens", permission=SIGNED_IN, returns=schemas.TokenPage)
def list_tokens() -> Page:
    """List one's own tokens, newest first."""
    return Page(_mine())


@endpoints.post(
    "/me/tokens", permission=SIGNED_IN, body=schemas.TokenNew, returns=schemas.TokenMade, status=201, secret=True
)
def create_token(body: dict[str, Any]) -> Answer:
    """Make a token for oneself; it is shown this once.

    A token that is limited to some permissions makes no others. There is no `Idempotency-Key` here: the answer is
    kept nowhere.
    """
    actor = current_actor()
    made = tokens.create_token(current_desk(), actor, actor.uid or "", **body)
    return Answer(_Made(made.token, made.row))


@endpoints.delete("/me/tokens/<id>", permission=SIGNED_IN)
def revoke_token(id: str) -> None:
    """Make one of one's own tokens worthless at once."""
    if id not in {each.uid for each in _mine()}:
        raise NotFound("You have no such token; it may have been revoked already.")
    tokens.revoke_token(current_desk(), current_actor(), id)


def _mine() -> list[ApiToken]:
    actor = current_actor()
    return list(tokens.tokens_of(db(), actor, actor.uid or ""))
