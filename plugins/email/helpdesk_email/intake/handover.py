"""What a provider has sent in one request, with nothing decoded that could lose bytes of a mail."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

from werkzeug.datastructures import Headers
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from helpdesk_core.api.errors import Invalid

from ..texts import texts

_l = texts.lazy


@dataclass(frozen=True)
class Handover:
    """Headers, body and query of a request; `address` is where it was sent to, as the provider knows it."""

    address: str
    headers: Headers
    body: bytes
    query: Mapping[str, tuple[str, ...]]

    @cached_property
    def fields(self) -> dict[str, bytes]:
        """The fields of a form, of either encoding, as bytes; of several with one name the first."""
        kind, _options = parse_options_header(self.headers.get("Content-Type", ""))
        if self._form is not None:
            return {name: bytes(value) for name, value in self._form[0].items()}
        if kind == "application/x-www-form-urlencoded":
            pairs = parse_qsl(self.body.decode("latin-1"), keep_blank_values=True, encoding="latin-1")
            return {name: value.encode("latin-1") for name, value in reversed(pairs)}
        raise Invalid(_l("Send a form: multipart/form-data or application/x-www-form-urlencoded."))

    @property
    def files(self) -> dict[str, tuple[str, str]]:
        """File name and content type of the fields that are files."""
        return self._form[1] if self._form is not None else {}

    @cached_property
    def _form(self) -> "_Form | None":
        kind, options = parse_options_header(self.headers.get("Content-Type", ""))
        if kind != "multipart/form-data" or not options.get("boundary"):
            return None
        return _multipart(self.body, options["boundary"].encode("latin-1", "replace"))

    def text(self, name: str) -> str:
        """Return a field of the form as text, empty if it is not there."""
        return self.fields.get(name, b"").decode("utf-8", "replace")

    @cached_property
    def json(self) -> dict[str, Any]:
        """The body as a JSON object."""
        return as_object(self.body, _l("The body"))


def as_object(content: bytes | str, what: str) -> dict[str, Any]:
    """Return a JSON object; `Invalid` if it is none."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise Invalid(_l("%(what)s is not a JSON object.", what=what))
    return value


_Form = tuple[dict[str, bytearray], dict[str, tuple[str, str]]]


def _multipart(body: bytes, boundary: bytes) -> _Form:
    found: dict[str, bytearray] = {}
    files: dict[str, tuple[str, str]] = {}
    current: bytearray | None = None
    decoder = MultipartDecoder(boundary, max_parts=1000)
    try:
        decoder.receive_data(body)
        decoder.receive_data(None)
        while not isinstance(event := decoder.next_event(), Epilogue | NeedData):
            if isinstance(event, Field | File):
                new = bytearray()
                current = new if found.setdefault(event.name, new) is new else None
                if current is not None and isinstance(event, File):
                    files[event.name] = (event.filename, event.headers.get("Content-Type", ""))
            elif isinstance(event, Data) and current is not None:
                current += event.data
    except ValueError as error:
        raise Invalid(_l("The form cannot be read: %(why)s.", why=str(error))) from error
    return found, files
