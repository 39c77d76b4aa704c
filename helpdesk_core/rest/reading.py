"""Reading what a client sends: strict JSON, texts that a database can hold, errors by field."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from flask import Request, request
from marshmallow import RAISE, Schema, ValidationError
from webargs.core import missing
from webargs.flaskparser import FlaskParser
from werkzeug.datastructures import MultiDict

from helpdesk_core.errors import Invalid, NotFound
from helpdesk_core.rest.problems import Malformed, WrongMediaType

UNUSABLE = "This has characters that no text can have (NUL, or half of a pair). Take them out."
UNKNOWN = "Unknown field."
NO_OBJECT = 'Send one JSON object with the fields as its keys, such as {"name": "…"}.'


class Parser(FlaskParser):
    """Reads JSON, query and forms; what is not known is an error everywhere."""

    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {
        "json": None,  # as the schema says, so that plugins may take open objects
        "query": RAISE,
        "form": RAISE,
        "files": RAISE,
        "headers": None,
    }

    def load_json(self, req: Request, schema: Schema) -> Any:
        """Return the parsed body; a body is needed."""
        return read_json(req)

    def load_querystring(self, req: Request, schema: Schema) -> Any:
        """Return the query."""
        _check_texts(_named(req.args))
        return super().load_querystring(req, schema)

    def load_form(self, req: Request, schema: Schema) -> Any:
        """Return the fields and files of a multipart form as one."""
        if req.mimetype != "multipart/form-data":
            raise WrongMediaType("Send the file as multipart/form-data.")
        _check_texts(_named(req.form))
        return {**req.form.to_dict(), **req.files.to_dict()} or missing

    def handle_error(
        self,
        error: ValidationError,
        req: Request,
        schema: Schema,
        *,
        error_status_code: int | None,
        error_headers: Mapping[str, str] | None,
    ) -> NoReturn:
        """Raise `Invalid` with the problems by field."""
        messages = error.messages if isinstance(error.messages, dict) else {"": error.messages}
        inner = messages.get("json") or messages.get("query") or messages.get("form") or messages
        found = dict(_flat("", inner))
        if found.get("") == [schema.error_messages["type"]]:
            found[""] = [NO_OBJECT]
        raise Invalid(found)


def read_json(req: Request) -> Any:
    """Return the parsed body of a request; `Malformed` or `WrongMediaType` if it is not JSON."""
    if not req.is_json:
        raise WrongMediaType("Send the body as JSON, with Content-Type: application/json.")
    try:
        body = json.loads(req.get_data(cache=True), parse_constant=_no_number)
    except RecursionError:
        raise Malformed("The JSON is nested too deeply.") from None
    except ValueError as error:
        raise Malformed(f"The body is not JSON: {error}") from None
    _check_texts(body)
    return body


def check_path() -> None:
    """Raise `NotFound` if the address has characters that no name can have."""
    if any(isinstance(each, str) and not _usable(each) for each in (request.view_args or {}).values()):
        raise NotFound("There is nothing at this address.")


def _named(given: MultiDict[str, str]) -> dict[str, str | list[str]]:
    """Return the values by name, as a list only where a name was given more than once."""
    return {name: values[0] if len(values) == 1 else values for name, values in given.lists()}


def _check_texts(value: Any) -> None:
    wrong = {path: [UNUSABLE] for path, text in _texts("", value) if not _usable(text)}
    if wrong:
        raise Invalid(wrong)


def _usable(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def _texts(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield _below(path, "?" if not _usable(key) else key), key
            yield from _texts(_below(path, key), each)
    elif isinstance(value, list):
        for position, each in enumerate(value):
            yield from _texts(_below(path, str(position)), each)


def _flat(path: str, messages: Any) -> Iterator[tuple[str, list[str]]]:
    """Yield each field by its path with dots (`requester.email`), and what is wrong with it."""
    if isinstance(messages, Mapping):
        for key, each in messages.items():
            yield from _flat(path if key == "_schema" else _below(path, str(key)), each)
    else:
        yield path, [str(each) for each in messages] if isinstance(messages, list) else [str(messages)]


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number in JSON")
