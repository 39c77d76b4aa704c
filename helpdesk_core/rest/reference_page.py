"""The description of the API as one page: subjects, operations with what they take and answer, examples to try."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup

from helpdesk_core.rest.problems import TITLES

METHODS: Final = ("get", "post", "patch", "delete", "put")
EXAMPLES: Final = {"date-time": "2026-03-02T09:00:00Z", "binary": "(bytes)"}
DEPTH: Final = 6
NESTED: Final = 2
"""So deep do tables show the fields of fields."""


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, or a field of a body, as one line of a table."""

    name: str
    kind: str
    required: bool
    text: Markup
    where: str = ""
    choices: tuple[str, ...] = ()
    """What it may be, if that is known."""


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation, ready to be shown."""

    id: str
    method: str
    path: str
    summary: Markup
    text: Markup
    permissions: list[str]
    public: bool
    parameters: list[Field]
    fields: list[Field]
    answer: list[Field]
    statuses: list[tuple[str, str]]
    curl: str
    example: str
    content_type: str
    """Of the body; empty if it takes none."""
    body: str
    """An example of a JSON body, to start from."""
    media_type: str


@dataclass(frozen=True, slots=True)
class Subject:
    """The operations of one subject."""

    title: str
    text: Markup
    operations: list[Operation]

    @property
    def anchor(self) -> str:
        """The name of its place on the page."""
        return "subject-" + "".join(char if char.isalnum() else "-" for char in self.title.lower())


def render(description: dict[str, Any]) -> str:
    """Return the page as HTML: readable without its script, which only lets one try the operations."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("docs.html").render(
        title=description["info"]["title"],
        version=description["info"]["version"],
        introduction=_markdown(description["info"]["description"]),
        subjects=_Reader(description).subjects(),
        problems=TITLES,
    )


class _Reader:
    def __init__(self, description: dict[str, Any]) -> None:
        self._description = description

    def subjects(self) -> list[Subject]:
        found: dict[str, list[Operation]] = {tag["name"]: [] for tag in self._description["tags"]}
        for path, item in self._description["paths"].items():
            for method in METHODS:
                if method in item:
                    operation = item[method]
                    shared = item.get("parameters", [])
                    found[operation["tags"][0]].append(self._operation(path, method, operation, shared))
        texts = {tag["name"]: tag.get("description", "") for tag in self._description["tags"]}
        return [Subject(title, _line(texts[title]), operations) for title, operations in found.items() if operations]

    def _operation(self, path: str, method: str, operation: dict[str, Any], shared: list[Any]) -> Operation:
        bodies = operation.get("requestBody", {}).get("content", {})
        content_type: str = next(iter(bodies), "")
        body: dict[str, Any] = bodies.get(content_type, {})
        status, answer = next((code, each) for code, each in operation["responses"].items() if code < "300")
        shown: dict[str, Any] = next((each["schema"] for each in answer.get("content", {}).values()), {})
        example = self._example(shown, 0) if shown else None
        parameters = [
            Field(
                name=each["name"],
                kind=self._kind(each["schema"]),
                required=each.get("required", False),
                text=_line(each.get("description", "")),
                where=each["in"],
                choices=tuple(str(choice) for choice in self._resolve(each["schema"]).get("enum", ())),
            )
            for each in [*shared, *operation.get("parameters", [])]
        ]
        return Operation(
            id=operation["operationId"],
            method=method.upper(),
            path=path,
            summary=_line(operation.get("summary", "")),
            text=_markdown(operation.get("description", "")),
            permissions=operation.get("x-permission", []),
            public=operation.get("security") == [],
            parameters=parameters,
            fields=self._fields(body.get("schema", {})),
            answer=self._fields(shown),
            statuses=[(status, answer.get("description", "")), *self._problems(operation["responses"], status)],
            curl=self._curl(path, method, content_type, body.get("schema", {})),
            example=json.dumps(example, indent=2, ensure_ascii=False) if isinstance(example, dict) else "",
            content_type=content_type,
            body=self._body(body.get("schema", {})) if content_type == "application/json" else "",
            media_type=next(iter(answer.get("content", {})), ""),
        )

    def _problems(self, responses: dict[str, Any], success: str) -> list[tuple[str, str]]:
        return [
            (code, self._resolve(each).get("description", "")) for code, each in responses.items() if code != success
        ]

    def _resolve(self, thing: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in thing:
            found: Any = self._description
            for part in thing["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            thing = found
        for choice in thing.get("anyOf", []) + thing.get("allOf", []):
            if choice.get("type") != "null":
                return {**self._resolve(choice), **{key: each for key, each in thing.items() if key == "description"}}
        return thing

    def _fields(self, schema: dict[str, Any], within: str = "", depth: int = 0) -> list[Field]:
        """Return the fields of an object, those of objects in it below them with dotted names."""
        found = self._resolve(schema)
        needed = found.get("required", [])
        fields: list[Field] = []
        for name, each in found.get("properties", {}).items():
            inner = self._resolve(each)
            fields.append(
                Field(
                    name=within + name,
                    kind=self._kind(each),
                    required=name in needed,
                    text=_line(each.get("description") or inner.get("description", "")),
                )
            )
            many = "items" in inner
            if depth < NESTED:
                below = inner["items"] if many else inner
                fields += self._fields(below, f"{within}{name}{'[]' if many else ''}.", depth + 1)
        return fields

    def _kind(self, schema: dict[str, Any]) -> str:
        found = self._resolve(schema)
        kinds = found.get("type", "anything")
        words = [kinds] if isinstance(kinds, str) else list(kinds)
        if any(choice.get("type") == "null" for choice in schema.get("anyOf", [])) and "null" not in words:
            words.append("null")
        if "array" in words:
            words[words.index("array")] = f"list of {self._kind(found['items'])}"
        if "enum" in found:
            words = [" | ".join(json.dumps(each) for each in found["enum"])]
        return " or ".join(words)

    def _example(self, schema: dict[str, Any], depth: int, *, needed_only: bool = False) -> Any:
        if "example" in schema:
            return schema["example"]
        found = self._resolve(schema)
        kinds = found.get("type")
        kind = next((each for each in kinds if each != "null"), None) if isinstance(kinds, list) else kinds
        if "example" in found or "enum" in found:
            return found.get("example", found.get("enum", [""])[0])
        if kind == "object" and depth < DEPTH:
            needed = found.get("required", [])
            return {
                name: self._example(each, depth + 1, needed_only=needed_only)
                for name, each in found.get("properties", {}).items()
                if not needed_only or name in needed or "example" in each
            }
        if kind == "array":
            return [self._example(found["items"], depth + 1, needed_only=needed_only)]
        simple = {"string": EXAMPLES.get(found.get("format", ""), "…"), "integer": 1, "number": 1.5, "boolean": True}
        return simple.get(kind or "")

    def _body(self, schema: dict[str, Any]) -> str:
        return json.dumps(self._example(schema, 0, needed_only=True), indent=2, ensure_ascii=False)

    def _curl(self, path: str, method: str, content_type: str, schema: dict[str, Any]) -> str:
        lines = ["curl" + ("" if method == "get" else f" -X {method.upper()}") + f' "$SITE{path}"']
        lines.append('-H "Authorization: Bearer $TOKEN"')
        if content_type == "application/json":
            lines.append('-H "Content-Type: application/json"')
            lines.append("-d '" + self._body(schema).replace("'", "'\\''") + "'")
        elif content_type:
            lines.append("-F file=@invoice.pdf")
        return " \\\n  ".join(lines)


def _markdown(text: str) -> Markup:
    return Markup(MarkdownIt("commonmark", {"html": False}).render(text))  # noqa: S704 - made from our own docstrings, HTML shown as text


def _line(text: str) -> Markup:
    return Markup(MarkdownIt("commonmark", {"html": False}).renderInline(text))  # noqa: S704 - as above
