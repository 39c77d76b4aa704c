"""The description of the API as OpenAPI 3.1, made from the operations themselves."""

import json
from http import HTTPStatus
from threading import Lock
from typing import Any, Final

from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.common import resolve_schema_cls
from flask import Flask
from flask_smorest import Api, Blueprint
from marshmallow import Schema, fields

import helpdesk_core
from helpdesk_core.rest.problems import MEDIA_TYPE, TITLES
from helpdesk_core.schemas import Moment

CORE: Final = "helpdesk_core"
INTRODUCTION: Final = """\
Everything the browser can do, for programs.

**Tokens.** Send `Authorization: Bearer <token>`. A token is made on the profile page, by `helpdesk users token`,
or here under `/me/tokens`. It acts as its owner, and may be limited to some permissions or to reading.
The page of this description tries operations as whoever is signed in, too; cookies alone prove nothing here.

**Lists** come in pages: `?limit=50`, then `?after=` with the `next` of the page before; `next` is null on the last one.

**Changes.** `ETag` names the version of what you read. Send it as `If-Match` with your change: if somebody was faster,
nothing is changed and the answer is 412. A POST with an `Idempotency-Key` can be sent again without being done twice.

**Errors** are problem details (RFC 9457): `code` is for programs, `detail` for people, `errors` tells what is wrong
with which field. What a token may not see answers 404, as if it did not exist.

**Moments** are ISO 8601 in UTC. What plugins add to a ticket is under `x`, by the plugin's id.
"""


class Problem(Schema):
    """What went wrong (RFC 9457)."""

    type = fields.String(required=True, metadata={"description": "An address that explains the code."})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True, metadata={"description": "For the person: what happened, what to do."})
    code = fields.String(required=True, metadata={"enum": list(TITLES)})
    errors = fields.Dict(
        fields.String(),
        fields.List(fields.String()),
        metadata={"description": "What is wrong with which field; parts of a field are joined by dots."},
    )
    permission = fields.String(metadata={"description": "The permission that is missing."})
    reference = fields.String(metadata={"description": "Under which the cause is found in the log."})


class DescribedApi(Api):  # type: ignore[misc]  # flask-smorest has no types
    """flask-smorest with problem details for errors, which `helpdesk_core.rest.problems` answers.

    Operations are described when somebody asks for the description; at the start that took a third of the time.
    """

    DEFAULT_ERROR_RESPONSE_NAME = None

    def __init__(self, *args: Any, **options: Any) -> None:
        self._undescribed: list[Blueprint] = []
        self._describing = Lock()
        super().__init__(*args, **options)

    def register_blueprint(self, blp: Blueprint) -> None:
        """Add operations to the application."""
        self._app.extensions["flask-smorest"]["blp_name_to_api"][blp.name] = self
        self._app.register_blueprint(blp)
        self._undescribed.append(blp)

    def describe(self) -> None:
        """Describe the operations that are not described yet; what cannot be described raises."""
        with self._describing:
            while self._undescribed:
                blueprint = self._undescribed.pop(0)
                blueprint.register_views_in_doc(self, self._app, self.spec, name=blueprint.name, parameters=None)
                self.spec.tag({"name": blueprint.name, "description": blueprint.description})

    def _register_error_handlers(self) -> None:
        """Leave the answering of errors to ours."""

    def _register_responses(self) -> None:
        for status in HTTPStatus:
            if status >= HTTPStatus.BAD_REQUEST:
                described = {"description": status.phrase, "content": {MEDIA_TYPE: {"schema": Problem}}}
                self.spec.components.response(status.name, described, lazy=True)


def described_api(app: Flask) -> DescribedApi:
    """Return the API of an application, so far without operations."""
    api = DescribedApi(
        app,
        spec_kwargs={
            "title": "Helpdesk API",
            "version": helpdesk_core.__version__,
            "openapi_version": "3.1.0",
            "marshmallow_plugin": MarshmallowPlugin(schema_name_resolver=_name_of),
            "info": {"description": INTRODUCTION, "license": {"name": "MIT", "identifier": "MIT"}},
            "security": [{"token": []}],
        },
    )
    api.register_field(Moment, "string", "date-time")
    api.spec.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
    return api


def description(api: DescribedApi) -> dict[str, Any]:
    """Return the whole description."""
    api.describe()
    found: dict[str, Any] = json.loads(json.dumps(api.spec.to_dict()))
    return found


def _name_of(schema: Any) -> str:
    """Name a schema by its class; those of plugins begin with their package, so that they cannot collide."""
    found = resolve_schema_cls(schema)
    cls = found[0] if isinstance(found, list) else found
    package = cls.__module__.partition(".")[0]
    name: str = cls.__name__.removesuffix("Schema")
    return name if package == CORE else f"{package}_{name}"
