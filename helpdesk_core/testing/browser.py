"""A browser without JavaScript: it keeps cookies, follows links and redirects, and sends the forms that pages show."""

import gzip
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from flask import Flask
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from helpdesk_core.testing.pages import Control, Form, Page, read_page


@dataclass(frozen=True)
class File:
    """A file to choose in a form."""

    name: str
    content: bytes = b"content"
    content_type: str = "application/octet-stream"


class Browser:
    """Somebody in front of a screen. Every method returns the page one ends up on; `page` is the last one.

    >>> browser = Browser(app)
    >>> browser.login("customer@example.com", "demo password")
    >>> browser.get("/tickets/new")
    >>> browser.submit("new-ticket", subject="Help", body="It is on fire.")
    """

    def __init__(self, app: Flask, **headers: str) -> None:
        self.client = app.test_client()
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.page = Page(0, "", "", "", [], [], "")
        self.response: TestResponse | None = None

    def get(self, path: str, **query: str) -> Page:
        """Open an address."""
        response = self.client.get(
            path, query_string=query or None, headers=self.headers, follow_redirects=True, buffered=True
        )
        return self._arrived(response)

    def post(self, path: str, data: Mapping[str, Any] | None = None) -> Page:
        """Send fields to an address, with the CSRF token of the page at hand; for what no form on a page would send."""
        return self._send(path, MultiDict([("csrf_token", self.token()), *dict(data or {}).items()]))

    def submit(self, which: str = "", values: Mapping[str, Any] | None = None, *, press: str = "", **more: Any) -> Page:
        """Fill in a form of the page and send it, as it is but for the given values.

        `which` finds the form as `Page.form` does; `press` is the button, by its words or as `name=value`. A list gives
        several values, `True` or `False` ticks or clears a box, a `File` (or a list of them) is uploaded. Fields
        that the form does not have are an error.
        """
        form = self.page.form(which or press)
        wanted = {**(values or {}), **more}
        unknown = set(wanted) - set(form.names)
        assert not unknown, f"The form {which!r} on {self.page.path} has no {sorted(unknown)}; it has {form.names}"
        data: MultiDict[str, Any] = MultiDict([item for item in form.values() if item[0] not in wanted])
        for name, value in wanted.items():
            for each in _as_sent(form, name, value):
                data.add(name, each)
        button = _button(form, press)
        if button is not None and button.name:
            data.add(button.name, button.value)
        target = (button.action if button else "") or form.action
        if form.method == "get":
            return self._arrived(
                self.client.get(target, query_string=data, headers=self.headers, follow_redirects=True, buffered=True)
            )
        return self._send(target, data)

    def click(self, words: str) -> Page:
        """Follow the first link with these words."""
        return self.get(self.page.link(words))

    def login(self, address: str, password: str) -> Page:
        """Sign in by the form, and say where one is afterwards."""
        self.get("/login")
        return self.submit("/login", address=address, password=password)

    def logout(self) -> Page:
        """Sign out by the button in the header."""
        if not self.page.has_form("/logout"):
            self.get("/")
        return self.submit("/logout")

    def token(self) -> str:
        """Return the CSRF token, which every page carries for scripts; that of the first page if none is at hand."""
        page = self.page.text or self.client.get("/", headers=self.headers).text
        found = re.search(r'X-CSRFToken": "(\w+)"', page)
        assert found, f"{self.page.path} carries no CSRF token"
        return found[1]

    def cookie(self, name: str) -> str | None:
        """Return a cookie's value, or None."""
        cookie = self.client.get_cookie(name)
        return cookie.value if cookie is not None else None

    def _send(self, path: str, data: "MultiDict[str, Any]") -> Page:
        return self._arrived(
            self.client.post(path, data=data, headers=self.headers, follow_redirects=True, buffered=True)
        )

    def _arrived(self, response: TestResponse) -> Page:
        path = response.request.full_path.rstrip("?")
        self.response = response
        self.page = read_page(response.status_code, path, _text(response))
        return self.page


def _text(response: TestResponse) -> str:
    if not (response.mimetype or "").startswith(("text/", "application/json")):
        return ""
    return gzip.decompress(response.data).decode() if response.content_encoding == "gzip" else response.text


def _as_sent(form: Form, name: str, value: Any) -> Sequence[Any]:
    if isinstance(value, list | tuple):
        return [sent for each in value for sent in _as_sent(form, name, each)]
    if value is None or value is False:
        return []
    if value is True:
        return [next(each.value for each in form.controls if each.name == name)]
    if isinstance(value, File):
        return [(BytesIO(value.content), value.name, value.content_type)]
    return [str(value)]


def _button(form: Form, press: str) -> Control | None:
    if not press:
        return form.buttons[0] if form.buttons else None
    for button in form.buttons:
        if press in (button.label, f"{button.name}={button.value}"):
            return button
    there = [button.label or f"{button.name}={button.value}" for button in form.buttons]
    raise AssertionError(f"No button {press!r} in the form; there are: {there}")
