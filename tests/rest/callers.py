"""Programs that call the API in somebody's name."""

from collections.abc import Callable
from typing import Any

from flask import Flask


class Caller:
    """A program that calls the API in somebody's name; what it gets are werkzeug's `TestResponse`s."""

    def __init__(self, app: Flask, token: str | None) -> None:
        self._client = app.test_client(use_cookies=False)
        self._own = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str, **options: Any) -> Any:
        return self.send("GET", path, **options)

    def post(self, path: str, json: Any = None, **options: Any) -> Any:
        return self.send("POST", path, json=json, **options)

    def put(self, path: str, json: Any = None, **options: Any) -> Any:
        return self.send("PUT", path, json=json, **options)

    def patch(self, path: str, json: Any = None, **options: Any) -> Any:
        return self.send("PATCH", path, json=json, **options)

    def delete(self, path: str, **options: Any) -> Any:
        return self.send("DELETE", path, **options)

    def send(self, method: str, path: str, *, headers: dict[str, str] | None = None, **options: Any) -> Any:
        address = path if path.startswith("/api") else f"/api/v1{path}"
        return self._client.open(address, method=method, headers={**self._own, **(headers or {})}, **options)


As = Callable[..., Caller]


def body(answer: Any, status: int = 200) -> Any:
    """Return the JSON of an answer that has to have this status."""
    assert answer.status_code == status, answer.text
    return answer.json
