"""The operations of the API as a table: what each takes, answers and needs; nothing is open by oversight."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar

from marshmallow import Schema

PUBLIC: Final = "public"
"""For everybody; no token is needed."""
SIGNED_IN: Final = "signed-in"
"""For everybody with a token; the service decides what it may do."""
STAFF: Final = "staff"
"""For everybody who works tickets in some department."""

View = Callable[..., Any]
V = TypeVar("V", bound=View)
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a view returns if it has more to say than the body: an ETag, and where to find what was made."""

    body: Any = None
    etag: str | None = None
    location: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiRoute:
    """One operation: a method of one address, the view, and all that the description of the API says of it.

    `rule` is the part below the area (`/clocks/<number>`). `permission` is a permission's name, several of which one
    is enough, or one of `PUBLIC`, `SIGNED_IN`, `STAFF`; one that depends on the department is asked for in any
    department here, and the service asks for the right one. The view gets the parts of the address by name, and what
    `query`, `body` and `form` (multipart) loaded under those names. It returns what `returns` dumps, an `Answer`
    around it, or a whole response. Its docstring is the description: a summary, a blank line, the rest.

    `versioned` adds `ETag` to the answer and, for PATCH and PUT, `If-Match` to the request; the view does the comparing
    (`helpdesk_core.rest.etags`). `secret` says that the answer must not be kept, so that the operation takes no
    `Idempotency-Key`. `media_type` is that of the answer. `problems` are statuses besides the usual ones.
    """

    rule: str
    view: View
    permission: str | tuple[str, ...]
    method: Method = "GET"
    name: str = ""
    query: type[Schema] | None = None
    body: type[Schema] | None = None
    form: type[Schema] | None = None
    returns: type[Schema] | None = None
    status: int = 200
    media_type: str = "application/json"
    versioned: bool = False
    secret: bool = False
    problems: tuple[int, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether it changes something."""
        return self.method != "GET"

    @property
    def takes_key(self) -> bool:
        """Whether it takes an `Idempotency-Key`."""
        return self.method == "POST" and not self.secret and self.permission != PUBLIC

    @property
    def takes_match(self) -> bool:
        """Whether it takes an `If-Match`."""
        return self.method in ("PUT", "PATCH") and self.versioned

    @property
    def operation(self) -> str:
        """Its name in the description."""
        return self.name or self.view.__name__


class Endpoints:
    """Operations of one subject, filled by decorators: `@endpoints.get("/tickets", permission=SIGNED_IN)`."""

    def __init__(self, title: str, description: str) -> None:
        self.title = title
        self.description = description
        self.routes: list[ApiRoute] = []

    def get(self, rule: str, *, permission: str | tuple[str, ...], **options: Any) -> Callable[[V], V]:
        """Add an operation that reads; options are those of `ApiRoute`."""
        return self._add("GET", rule, permission, options)

    def post(self, rule: str, *, permission: str | tuple[str, ...], **options: Any) -> Callable[[V], V]:
        """Add an operation that makes something, or does something."""
        return self._add("POST", rule, permission, options)

    def put(self, rule: str, *, permission: str | tuple[str, ...], **options: Any) -> Callable[[V], V]:
        """Add an operation that puts a whole thing in the place of what was there."""
        return self._add("PUT", rule, permission, options)

    def patch(self, rule: str, *, permission: str | tuple[str, ...], **options: Any) -> Callable[[V], V]:
        """Add an operation that changes the given fields."""
        return self._add("PATCH", rule, permission, options)

    def delete(self, rule: str, *, permission: str | tuple[str, ...], **options: Any) -> Callable[[V], V]:
        """Add an operation that takes something away; it answers 204."""
        return self._add("DELETE", rule, permission, {"status": 204, **options})

    def _add(
        self, method: Method, rule: str, permission: str | tuple[str, ...], options: dict[str, Any]
    ) -> Callable[[V], V]:
        def decorate(view: V) -> V:
            self.routes.append(ApiRoute(rule=rule, view=view, permission=permission, method=method, **options))
            return view

        return decorate
