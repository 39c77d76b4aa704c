"""Turning tables of operations into Flask views and their description, with flask-smorest."""

from collections.abc import Callable, Sequence
from functools import wraps
from http import HTTPStatus
from typing import Any, Final

from flask_smorest import Blueprint
from marshmallow import Schema
from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response

from helpdesk_core.rest.context import check, close_session, current_actor, current_desk
from helpdesk_core.rest.headers import headers_of
from helpdesk_core.rest.idempotency import once
from helpdesk_core.rest.reading import Parser, check_path
from helpdesk_core.rest.routing import PUBLIC, SIGNED_IN, STAFF, Answer, ApiRoute, View

PREFIX: Final = "/api/v1"
NOT_ALLOWED: Final = 403


class Operations(Blueprint):  # type: ignore[misc]  # flask-smorest has no types
    """A blueprint that reads requests as the whole API does."""

    ARGUMENTS_PARSER = Parser()


def operations(
    routes: Sequence[ApiRoute], *, title: str, description: str, area: str = "", owner: str = ""
) -> Operations:
    """Return the operations below `/api/v1<area>`, under a title in the description, for any number of applications.

    `owner` is the plugin's id. Raises ValueError for what does not fit.
    """
    blueprint = Operations(title, __name__, url_prefix=PREFIX + area, description=description)
    seen: set[tuple[str, str]] = set()
    for route in routes:
        _check(route)
        if (route.rule, route.method) in seen:
            raise ValueError(f"there are two operations {route.method} {route.rule}")
        seen.add((route.rule, route.method))
        name = f"{owner}_{route.operation}" if owner else route.operation
        blueprint.add_url_rule(route.rule, name, _view(blueprint, route, name), methods=[route.method])
    return blueprint


def _check(route: ApiRoute) -> None:
    """Raise unless the route is one; what mypy would find, for those who do not use it."""
    if not isinstance(route, ApiRoute):
        raise TypeError(f"{route!r} is no ApiRoute")
    if not route.rule.startswith("/"):
        raise ValueError(f"the rule {route.rule!r} must begin with a slash")
    if not route.permission:
        raise ValueError(f"the operation {route.method} {route.rule} must say which permission it needs")
    schemas: tuple[Any, ...] = (route.query, route.body, route.form, route.returns)
    for schema in schemas:
        if schema is not None and not (isinstance(schema, type) and issubclass(schema, Schema)):
            raise TypeError(f"{schema!r} at {route.method} {route.rule} is no class of marshmallow schemas")


def _view(blueprint: Operations, route: ApiRoute, name: str) -> View:
    view: View = blueprint.response(route.status, **_described(route))(_answering(route))
    for location, schema in (("query", route.query), ("json", route.body), ("form", route.form)):
        if schema is not None:
            options = {"content_type": "multipart/form-data"} if location == "form" else {}
            argument = "body" if location == "json" else location
            view = blueprint.arguments(schema, location=location, arg_name=argument, **options)(view)
    if (header_schema := headers_of(route)) is not None:
        view = _without_headers(view)
        view = blueprint.arguments(header_schema, location="headers", arg_name="headers")(view)
    problems = {status: HTTPStatus(status).name for status in _problems(route)}
    documented = blueprint.doc(operationId=name, responses=problems, **_security(route))(view)
    return _guarded(route, documented)


def _described(route: ApiRoute) -> dict[str, Any]:
    described: dict[str, Any] = {"schema": route.returns, "content_type": route.media_type}
    headers = {}
    if route.versioned:
        headers["ETag"] = {"description": "The version, for `If-Match`.", "schema": {"type": "string"}}
    if route.status == HTTPStatus.CREATED:
        headers["Location"] = {"description": "Where to find what was made.", "schema": {"type": "string"}}
    if headers:
        described["headers"] = headers
    if route.returns is None and route.media_type != "application/json":
        described["schema"] = {"type": "string", "format": "binary"}
    return described


def _security(route: ApiRoute) -> dict[str, Any]:
    if route.permission == PUBLIC:
        return {"security": []}
    wanted = (route.permission,) if isinstance(route.permission, str) else route.permission
    needs = [f"`{each}`" for each in wanted if each not in (SIGNED_IN, STAFF)]
    return {"x-permission": list(wanted)} if needs else {}


def _problems(route: ApiRoute) -> list[int]:
    """Return the statuses of the problems that the operation can answer with."""
    found = {500, 503, *route.problems}
    if route.permission != PUBLIC:
        found |= {401, NOT_ALLOWED}
    if "<" in route.rule:
        found.add(404)
    if route.changes:
        found |= {409, 422}
    if route.query or route.body or route.form:
        found.add(422)
    if route.body or route.form:
        found |= {400, 413, 415}
    if route.takes_match:
        found.add(412)
    return sorted(found)


def _answering(route: ApiRoute) -> View:
    """Return the view with its answer in the form that flask-smorest takes."""

    @wraps(route.view)
    def answering(**arguments: Any) -> Any:
        result = route.view(**arguments)
        if isinstance(result, Response):
            return result
        answer = result if isinstance(result, Answer) else Answer(result)
        headers = Headers()
        if answer.etag is not None:
            headers["ETag"] = f'"{answer.etag}"'
        if answer.location is not None:
            headers["Location"] = PREFIX + answer.location
        if route.returns is None:
            empty = Response(status=route.status, headers=headers)
            empty.headers.remove("Content-Type")
            return empty
        return answer.body, headers

    return answering


def _without_headers(view: View) -> View:
    """Return the view without what the headers say, which the frame itself reads."""

    @wraps(view)
    def stripped(*args: Any, headers: Any = None, **arguments: Any) -> Any:
        return view(*args, **arguments)

    return stripped


def _guarded(route: ApiRoute, view: Callable[..., Response]) -> View:
    """Return the view behind the checks that every operation has."""

    @wraps(view)
    def guarded(**arguments: Any) -> Response:
        check(route.permission, changes=route.changes)
        check_path()
        try:
            return answered(arguments)
        except SystemExit as error:  # a plugin's view must not end the process that serves everybody
            raise RuntimeError("The view called exit(); it has to return an answer.") from error

    def answered(arguments: dict[str, Any]) -> Response:
        if not route.changes:
            return view(**arguments)
        # Let go, so that what is read after the change is what was committed.
        actor = current_actor() if route.takes_key else None
        close_session()
        if actor is None:
            return view(**arguments)
        return once(current_desk(), actor, lambda: view(**arguments))

    return guarded
